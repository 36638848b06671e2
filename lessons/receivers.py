"""What a merger of organisations or areas means for lessons.  Runs in its transaction.

Owner and area move on, and with them the keys; what was submitted and published keeps its words.
"""

from typing import Any

from django.db.models import F, Func, QuerySet, Value
from django.dispatch import receiver

from accounts.models import Organisation, ResilienceArea
from accounts.signals import areas_merged, organisations_merged
from lessons.models import Debrief, Event, Lesson, LessonGrant, Publication
from lessons.publishing import rewrite_keys


@receiver(organisations_merged)
def follow_organisation(*, source: Organisation, target: Organisation, **_: object) -> None:
    """Hand all that `source` owns and takes part in to `target`."""
    owned = list(Lesson.objects.filter(organisation=source).values_list("pk", flat=True))
    known = Lesson.objects.filter(organisation=target).exclude(external_id="").values("external_id")
    for lesson in Lesson.objects.filter(organisation=source, external_id__in=known):
        lesson.external_id = _of_source(lesson, source)
        lesson.save(update_fields=["external_id"])
    Lesson.objects.filter(pk__in=owned).update(organisation=target)
    Event.objects.filter(organisation=source).update(organisation=target)
    Debrief.objects.filter(organisation=source).update(organisation=target)
    for model in (Event, Debrief):
        _move(model.objects.filter(organisations=source), "organisations", source, target)
    for grant in LessonGrant.objects.filter(group=source):
        LessonGrant.objects.get_or_create(
            group=target, permission_id=grant.permission_id, content_object=grant.content_object
        )
        grant.delete()
    _rewrite(Lesson.objects.filter(pk__in=owned))


def _of_source(lesson: Lesson, source: Organisation) -> str:
    """Return the id of a lesson of `source` where `target` has one of that id: both counted from one."""
    named = f"{source.code}:{lesson.external_id}"
    longest = Lesson._meta.get_field("external_id").max_length or 0
    return named if len(named) <= longest else f"{lesson.pk}:{named}"[:longest]


@receiver(areas_merged)
def follow_area(*, source: ResilienceArea, target: ResilienceArea, **_: object) -> None:
    """Let the lessons and events of `source` be those of `target`."""
    concerned = Lesson.objects.filter(area=source) | Lesson.objects.filter(event__areas=source)
    keys = list(concerned.values_list("pk", flat=True).distinct())
    Lesson.objects.filter(area=source).update(area=target)
    _move(Event.objects.filter(areas=source), "areas", source, target)
    _rename(Lesson.objects.all(), source, target)
    _rename(Publication.objects.filter(published_at=None), source, target)
    _rewrite(Lesson.objects.filter(pk__in=keys))


def _move(rows: "QuerySet[Any]", field: str, source: Any, target: Any) -> None:
    for row in rows:
        getattr(row, field).add(target)
        getattr(row, field).remove(source)


def _rename(texts: "QuerySet[Any]", source: ResilienceArea, target: ResilienceArea) -> None:
    """Name the area that is left in the audience of texts that are not published yet."""
    named = texts.filter(audience_areas__contains=[source.code])
    both = named.filter(audience_areas__contains=[target.code])
    both.update(audience_areas=Func(F("audience_areas"), Value(source.code), function="array_remove"))
    change = Func(F("audience_areas"), Value(source.code), Value(target.code), function="array_replace")
    named.update(audience_areas=change)


def _rewrite(lessons: "QuerySet[Lesson]") -> None:
    for lesson in lessons.select_related("organisation__type", "area", "event").iterator(chunk_size=200):
        rewrite_keys(lesson)
