"""Drafts written by programs, for their owner to finish and submit on the pages."""

from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Organisation, TokenScope, User
from accounts.rates import WRITES
from lessons.actions.programs import draft_once
from lessons.actions.reading import record_read
from lessons.actions.writing import create_event, create_lesson, save_lesson
from lessons.api.base import ApiView, caller
from lessons.api.draft_shape import ANSWERED, MISSING, DraftChangesSerializer, DraftSerializer
from lessons.forms.choices import organisations_written_for
from lessons.models import Lesson, Marking
from lessons.models.lessons import OWNER_WRITES
from lessons.readiness import missing_to_submit

LONGEST_KEY = 200
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[ -~]*$", "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    description=(
        f"Of your choice, at most {LONGEST_KEY} characters. Asking again with the same key and the same body gives the "
        "draft that is there, with `Idempotency-Replayed: true`; with another body it is refused (409). A key is "
        "remembered for 24 hours at least; after that it may stand for a new draft."
    ),
)
ANSWERED_HEADERS = [
    OpenApiParameter(
        "Location", OpenApiTypes.URI, OpenApiParameter.HEADER, description="Of the draft.", response=[200, 201]
    ),
    OpenApiParameter(
        "Idempotency-Replayed",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="`true`: this is the draft that the key made before.",
        response=[200],
    ),
]


@extend_schema_serializer(examples=[OpenApiExample("A draft", ANSWERED, response_only=True)])
class DraftRowSerializer(DraftSerializer):
    """A draft in a list: without what it lacks, which costs a look at each."""

    missing = None  # type: ignore[assignment]

    def to_representation(self, instance: Lesson) -> dict[str, Any]:
        instance.url = f"{settings.SITE_URL}{instance.get_absolute_url()}"  # type: ignore[attr-defined]
        return dict(super().to_representation(instance))


@extend_schema_serializer(examples=[OpenApiExample("A draft", ANSWERED | {"missing": MISSING}, response_only=True)])
class DraftAnswerSerializer(DraftSerializer):
    """A draft, and what it lacks to be submitted."""

    def to_representation(self, instance: Lesson) -> dict[str, Any]:
        instance.url = f"{settings.SITE_URL}{instance.get_absolute_url()}"  # type: ignore[attr-defined]
        instance.missing = missing_to_submit(instance)  # type: ignore[attr-defined]
        return dict(super().to_representation(instance))


@extend_schema_view(
    list=extend_schema(summary="Your drafts", responses=DraftRowSerializer(many=True)),
    retrieve=extend_schema(summary="One of your drafts", responses=DraftAnswerSerializer),
)
class DraftViewSet(ApiView, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What you write and may still change.  Submitting is done on the pages, by a person."""

    serializer_class = DraftAnswerSerializer
    required_scope = TokenScope.WRITE_DRAFTS
    rate = WRITES
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Lesson.objects.none()
    page_by = ("-pk",)

    def get_serializer_class(self) -> type[DraftSerializer]:
        return DraftRowSerializer if self.action == "list" else DraftAnswerSerializer

    def get_queryset(self) -> QuerySet[Lesson]:
        user = caller(self.request)
        drafts = Lesson.objects.visible_to(user).filter(author=user, status__in=OWNER_WRITES)
        if user.without_sensitive:
            drafts = drafts.exclude(marking=Marking.SENSITIVE)
        tagged = ("risks", "themes", "capabilities", "event__areas", "event__organisations")
        return drafts.select_related("organisation", "area", "event").prefetch_related(*tagged)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = cast("list[Lesson]", super().paginate_queryset(queryset))  # every list here is cut into pages
        record_read(*page, by=caller(self.request), at=timezone.now())
        return page

    def get_object(self) -> Lesson:
        lesson: Lesson = super().get_object()
        record_read(lesson, by=caller(self.request), at=timezone.now())
        return lesson

    @extend_schema(
        summary="Write a draft",
        parameters=[IDEMPOTENCY, *ANSWERED_HEADERS],
        request=DraftSerializer,
        responses={201: DraftAnswerSerializer, 200: DraftAnswerSerializer, 409: OpenApiTypes.OBJECT},
    )
    def create(self, request: Request) -> Response:
        asked = DraftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        at = timezone.now()
        lesson, is_new = draft_once(
            key=_key(request),
            asked=request.data,
            by=caller(request),
            at=at,
            make=lambda: _write(caller(request), values, at),
        )
        answer = Response(
            DraftAnswerSerializer(lesson).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        )
        answer.headers["Location"] = f"{settings.SITE_URL}/api/v1/drafts/{lesson.pk}/"
        if not is_new:
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    @extend_schema(
        summary="Change a draft",
        request=DraftChangesSerializer,
        responses={200: DraftAnswerSerializer, 409: OpenApiTypes.OBJECT},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        lesson = get_object_or_404(self.get_queryset(), pk=pk)
        asked = DraftChangesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        saved = save_lesson(
            lesson=lesson, by=caller(request), at=timezone.now(), row_version=values.pop("row_version"), **values
        )
        return Response(DraftAnswerSerializer(saved).data)


def _key(request: Request) -> str:
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise serializers.ValidationError({"Idempotency-Key": [f"At most {LONGEST_KEY} printable ASCII characters."]})
    return key


def _write(by: User, values: dict[str, Any], at: Any) -> Lesson:
    values.pop("row_version", None)
    organisation = values.pop("organisation", None) or _only_organisation(by)
    event = create_event(by=by, at=at, organisation=organisation, **values.pop("event"))
    return create_lesson(by=by, at=at, event=event, organisation=organisation, **values)


def _only_organisation(by: User) -> Organisation:
    found = list(organisations_written_for(by)[:2])
    if len(found) != 1:
        raise serializers.ValidationError({"organisation": ["Say for which organisation it is, by its code."]})
    return found[0]
