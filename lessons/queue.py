"""The queue of moderators: its filters, what a row shows, and taking the next one."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ResilienceArea, User
from accounts.roles import Role
from govuk.look import Look
from lessons.actions.moves import move_lesson
from lessons.errors import LessonError
from lessons.models import (
    Brag,
    Kind,
    Lesson,
    LessonMove,
    LessonQuerySet,
    Marking,
    Move,
    Publication,
    Status,
    TextWarning,
    TextWarningQuerySet,
)

WHOSE = [
    ("", _("Everything")),
    ("free", _("Not taken yet")),
    ("mine", _("With me")),
    ("others", _("With others")),
    ("late", _("Late")),
]
DECLINED_LATELY = timedelta(hours=1)


class QueueFilters(forms.Form):
    """The filters of the queue; a wrong value filters nothing."""

    looks = {name: Look(width="full") for name in ("whose", "kind", "brag", "marking", "area")}

    whose = forms.ChoiceField(required=False, label=_("Show"), choices=WHOSE)
    kind = forms.ChoiceField(required=False, label=_("Kind"), choices=[("", _("Any")), *Kind.choices])
    brag = forms.ChoiceField(required=False, label=_("BRAG rating"), choices=[("", _("Any")), *Brag.choices])
    marking = forms.ChoiceField(required=False, label=_("Marking"), choices=[("", _("Any")), *Marking.choices])
    area = forms.ChoiceField(required=False, label=_("Resilience area"), choices=[])

    def __init__(self, data: Mapping[str, object], *, user: User) -> None:
        super().__init__(data)
        areas = ResilienceArea.objects.current().order_by("name")
        if not user.has_role(Role.SECRETARIAT):
            areas = areas.filter(pk__in=user.moderated_areas)
        found = list(areas.values_list("code", "name"))
        if len(found) > 1:
            self.fields["area"].choices = [("", _("Any")), *found]  # type: ignore[attr-defined]
        else:
            del self.fields["area"]

    @property
    def chosen(self) -> dict[str, str]:
        """What filters now: name -> value."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def apply(self, waiting: LessonQuerySet, *, user: User, at: datetime) -> LessonQuerySet:
        return self._by_holder(self.narrow(waiting), user, at)

    def narrow(self, waiting: LessonQuerySet) -> LessonQuerySet:
        """Keep what matches the filters but for who has it."""
        fields = {"kind": "kind", "brag": "brag", "marking": "marking", "area": "area__code"}
        return waiting.filter(**{fields[name]: value for name, value in self.chosen.items() if name in fields})

    def _by_holder(self, waiting: LessonQuerySet, user: User, at: datetime) -> LessonQuerySet:
        match self.chosen.get("whose"):
            case "free":
                return waiting.filter(status=Status.SUBMITTED)
            case "mine":
                return waiting.filter(claimed_by=user)
            case "others":
                return waiting.filter(status=Status.IN_REVIEW).exclude(claimed_by=user)
            case "late":
                return waiting.filter(due_on__lt=timezone.localdate(at))
        return waiting


def with_warnings(waiting: LessonQuerySet) -> LessonQuerySet:
    """Add `open_warnings`: those of the text to be published, once there is one; before, those of the owner's."""
    working = Publication.objects.working().filter(lesson=OuterRef("pk"))
    of_text = _count(
        TextWarning.objects.open().filter(publication__lesson=OuterRef("pk"), publication__published_at=None)
    )
    of_owner = _count(TextWarning.objects.open().filter(lesson=OuterRef("pk")))
    return waiting.annotate(open_warnings=Case(When(Exists(working), then=of_text), default=of_owner))


def with_look_alikes(waiting: LessonQuerySet) -> LessonQuerySet:
    """Add `alike`: how many published lessons may say the same; None if they were not counted yet."""
    return waiting.annotate(alike=F("look_alikes__count"))


def _count(warnings: TextWarningQuerySet) -> Coalesce:
    counted = warnings.order_by().values(one=Value(1)).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def claim_next(waiting: LessonQuerySet, *, by: User, at: datetime) -> Lesson | None:
    """Claim the first lesson of the queue that `by` may take; None if there is none.

    What somebody else takes in the same moment, and what `by` wrote, is passed over.
    """
    free = waiting.filter(status=Status.SUBMITTED).exclude(author=by).exclude(editors=by).in_queue_order()
    for lesson in free.iterator(chunk_size=20):
        try:
            return move_lesson(lesson=lesson, move=Move.CLAIM, by=by, at=at)
        except (LessonError, PermissionDenied):
            continue
    return None


def declined_lately(user: User, at: datetime) -> LessonQuerySet:
    """Return what `user` declined in the last hour and nobody took back: mistakes show soon after."""
    lately = LessonMove.objects.filter(move=Move.DECLINE, by=user, at__gt=at - DECLINED_LATELY)
    mine = Lesson.objects.visible_to(user).moderated_by(user).filter(pk__in=lately.values("lesson"))
    return mine.filter(status=Status.DECLINED).order_by("-pk")
