"""How auditors find what was done to a lesson."""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.urls import reverse

from accounts.trail.search import Named
from lessons.models import Attachment, Event, Lesson, Publication


def of_reference(reference: str) -> Iterator[models.Model]:
    """Yield the lesson of a reference, its versions and its files."""
    lesson = Lesson.objects.filter(reference=reference.upper()).first()
    if lesson:
        yield lesson
        yield from lesson.publications.all()
        yield from lesson.attachments.all()


def name_of(object_type: str, object_id: str) -> Named | None:
    """Return reference and page of the lesson that an object is, or belongs to."""
    lesson: Lesson | None = None
    if object_type == Lesson._meta.label_lower:
        lesson = Lesson.objects.filter(pk=object_id).first()
    elif object_type == Publication._meta.label_lower:
        lesson = Lesson.objects.filter(publications__pk=object_id).first()
    elif object_type == Attachment._meta.label_lower:
        lesson = Lesson.objects.filter(attachments__pk=object_id).first()
    return Named(lesson.reference or str(lesson.pk), reverse("lesson_record", args=[lesson.pk])) if lesson else None


def to_hold(typed: str) -> models.Model | None:
    """Return the lesson of a reference, the event of "event 42", or the draft of "draft 42"."""
    kind, _, number = typed.partition(" ")
    numbered: dict[str, models.QuerySet[Any]] = {"event": Event.objects.all(), "draft": Lesson.objects.all()}
    if kind.lower() in numbered and number.isascii() and number.isdecimal() and len(number) < 19:
        return numbered[kind.lower()].filter(pk=number).first()
    return Lesson.objects.filter(reference=typed.upper()).first()
