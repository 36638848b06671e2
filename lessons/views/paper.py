"""The form on paper."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lessons.models import Kind
from lessons.paper import paper_form
from lessons.views.reading import SignedInRequest


@require_GET
def submit_paper(request: SignedInRequest) -> HttpResponse:
    """The steps as one page to print, for a lesson identified or, with `?kind=notable_practice`, for practice."""
    asked = request.GET.get("kind")
    kind = Kind(asked) if asked in Kind.values else Kind.LESSON_IDENTIFIED
    context = {"kind": kind, "others": [other for other in Kind if other != kind], "steps": paper_form(kind)}
    return render(request, "lessons/writing/paper.html", context)
