"""What is like a text: a plan, an exercise scenario, a message from an incident."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import TokenScope
from lessons.api.base import ApiView, caller
from lessons.api.typed import Text, Whole
from lessons.search.similar import similar

LONGEST_TEXT = 50_000  # characters
MOST = 50


class SimilarToSerializer(serializers.Serializer):
    text = Text(max_length=LONGEST_TEXT)
    limit = Whole(min_value=1, max_value=MOST, default=10, help_text="How many at most.")


class SimilarLessonSerializer(serializers.Serializer):
    reference = serializers.CharField()
    title = serializers.CharField()
    score = serializers.FloatField(help_text="How alike; only good for sorting the answers to one text.")


class SimilarSerializer(serializers.Serializer):
    results = SimilarLessonSerializer(many=True)


class SimilarView(ApiView):
    """The lessons most like a text, most alike first, among those that you may read.  The text is not kept."""

    required_scope = TokenScope.READ_PUBLISHED
    serializer_class = SimilarToSerializer

    @extend_schema(
        operation_id="similar",
        summary="Lessons that are like a text",
        responses=SimilarSerializer,
        examples=[
            OpenApiExample("A plan", {"text": "Evacuate the low-lying streets by bus at night."}, request_only=True),
            OpenApiExample(
                "What is like it",
                {"results": [{"reference": "LI-2026-00042", "title": "Share the shelter list", "score": 0.42}]},
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = SimilarToSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = similar(asked.validated_data["text"], caller(request), asked.validated_data["limit"])
        results = [
            {"reference": one.publication.reference, "title": one.publication.title, "score": round(one.score, 4)}
            for one in found
        ]
        return Response({"results": results})
