"""Pages of owners: our lessons, the record of one, and the moves that owners make."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from govuk.look import Look
from govuk.look import Words as Text
from lessons.access import get_lesson
from lessons.actions.moves import move_lesson, wrong_status
from lessons.clocks import appeal_until
from lessons.conditions import last_move
from lessons.errors import ReasonMissing
from lessons.forms.fields import Words
from lessons.holds import is_kept
from lessons.models import Lesson, LessonQuerySet, Move, Publication, Status
from lessons.models.wording import WORDING_FIELDS
from lessons.partners import partners_of
from lessons.sighting import may_answer
from lessons.timeline import timeline_of
from lessons.views.mending import asked_for
from lessons.views.reading import SignedInRequest
from lessons.what_became import what_became_of
from lessons.workflow import rule_for

LESSONS_PER_PAGE = 20
#: These wait for the owner, so they come first.
WAIT_FOR_OWNER = (Status.CHANGES_REQUESTED, Status.AWAITING_SIGN_OFF, Status.DRAFT)


class StatusFilter(forms.Form):
    looks = {"status": Look(width="full", called=_("a status"))}
    status = forms.ChoiceField(required=False, label=_("Status"), choices=[("", _("Any")), *Status.choices])


@require_GET
def our_lessons(request: SignedInRequest) -> HttpResponse:
    """Lessons of the organisations I lead, my own, and those that a partner shared with mine."""
    filters = StatusFilter(request.GET)
    lessons = _ours(request.user).for_list()
    if filters.is_valid() and (status := filters.cleaned_data["status"]):
        lessons = lessons.filter(status=status)
    first = Case(*(When(status=status, then=Value(n)) for n, status in enumerate(WAIT_FOR_OWNER)), default=Value(9))
    ordered = lessons.alias(first=first).order_by("first", "-pk")
    page = Paginator(ordered, LESSONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"filters": filters, "form": filters, "page": page, "today": timezone.localdate()}
    return render(request, "lessons/record_list.html", context)


def _ours(user: User) -> LessonQuerySet:
    shared = Lesson.objects.filter(grants__group__in=user.groups).values("pk")
    return Lesson.objects.visible_to(user).filter(Q(author=user) | Q(organisation__in=user.leads) | Q(pk__in=shared))


# -- one record ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OwnersMove:
    """A move with a page of its own: what the page says and asks for."""

    move: Move
    permission: str
    heading: Text
    button: Text
    done: Text
    note: Text = ""  # label of the note; none: the page asks for no words
    hint: Text = ""
    is_warning: bool = False

    def is_open(self, lesson: Lesson, user: User) -> bool:
        """Whether `user` can make the move now, as far as state and permission tell."""
        rule = rule_for(self.move, lesson.status)
        return rule is not None and rule.permission == self.permission and user.has_perm(self.permission, lesson)


WITHDRAW = OwnersMove(
    Move.WITHDRAW,
    "lessons.withdraw_lesson",
    _("Withdraw this lesson"),
    _("Withdraw"),
    _("The lesson is withdrawn. Nothing was deleted: it can be reopened within 30 days."),
    note=_("Why is it withdrawn?"),
    hint=_("Moderators and your own organisation see this."),
    is_warning=True,
)
REOPEN = OwnersMove(
    Move.REOPEN,
    "lessons.withdraw_lesson",
    _("Reopen this lesson"),
    _("Reopen as a draft"),
    _("The lesson is a draft again."),
)
APPEAL = OwnersMove(
    Move.APPEAL,
    "lessons.submit_lesson",
    _("Appeal against the decision"),
    _("Send the appeal"),
    _("The appeal is with the national team."),
    note=_("Why should it be published?"),
    hint=_("The national team reads this and decides. There is one appeal."),
)
SIGN_OFF = OwnersMove(
    Move.SIGN_OFF,
    "lessons.sign_off_lesson",
    _("Sign this lesson off"),
    _("Sign off and submit"),
    _("The lesson is signed off. Moderators have it now."),
)
SEND_BACK = OwnersMove(
    Move.ASK_FOR_CHANGES,
    "lessons.sign_off_lesson",
    _("Ask the author for changes"),
    _("Send back to the author"),
    _("The lesson is with its author again."),
    note=_("What should be changed?"),
    hint=_("The author sees this above each step."),
)


@require_GET
def lesson_record(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where a lesson stands, what happens next, what happened so far, and what I may do."""
    user, lesson = request.user, get_lesson(user=request.user, pk=pk)
    is_own, is_held = lesson.author_id == user.pk, is_kept(lesson, timezone.now())
    context = {
        "lesson": lesson,
        "text": _submitted_text(lesson),
        "timeline": timeline_of(lesson, user),
        "became": what_became_of(lesson) if lesson.submitted_at else None,
        "asked": asked_for(lesson),
        "appeal_until": _appeal_until(lesson),
        "last": lesson.moves.order_by("-pk").first(),
        "publication": Publication.objects.opened_by(user).current().filter(lesson=lesson).first(),
        "partners": partners_of(lesson),
        "may_write": lesson.is_open_to_owner and not is_held and user.has_perm("lessons.change_lesson", lesson),
        "may_submit": lesson.is_open_to_owner and user.has_perm("lessons.submit_lesson", lesson),
        "may_withdraw": WITHDRAW.is_open(lesson, user),
        "may_reopen": REOPEN.is_open(lesson, user),
        "may_appeal": APPEAL.is_open(lesson, user) and last_move(lesson, Move.APPEAL) is None,
        "may_sign_off": SIGN_OFF.is_open(lesson, user) and not is_own,
        "may_send_back": SEND_BACK.is_open(lesson, user),
        "may_suspend": rule_for(Move.SUSPEND, lesson.status) and user.has_perm("lessons.suspend_lesson", lesson),
        "may_sight": may_answer(lesson) and user.has_perm("lessons.submit_lesson", lesson),
        "may_share": lesson.is_open_to_owner and user.has_perm("lessons.share_lesson", lesson),
        "may_review": user.has_perm("lessons.review_lesson", lesson),
        "is_held": is_held,
        "today": timezone.localdate(),
        "is_author": is_own,
    }
    return render(request, "lessons/record.html", context)


def _appeal_until(lesson: Lesson) -> date | None:
    """Return the last day for an appeal, if it was declined."""
    declined = last_move(lesson, Move.DECLINE) if lesson.status == Status.DECLINED else None
    return appeal_until(lesson, declined.at) if declined else None


def _submitted_text(lesson: Lesson) -> Lesson:
    """Return the text as it was last submitted; while the owner writes, as it is."""
    handed_in = lesson.moves.filter(snapshot__isnull=False).order_by("-pk").first()
    if lesson.is_open_to_owner or handed_in is None or handed_in.snapshot is None:
        return lesson
    return Lesson(kind=lesson.kind, **{name: handed_in.snapshot[name] for name in WORDING_FIELDS})


# -- moves of the owner ----------------------------------------------------------------------------
class NoteForm(forms.Form):
    looks = {"note": Look(label_size="m")}
    note = Words(max_length=2000, rows=4, required=True)

    def __init__(self, data: object = None, *, page: OwnersMove, wants_note: bool) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        field = self.fields["note"]
        field.label, field.help_text = page.note, page.hint
        field.error_messages["required"] = gettext("Say why, in words that others can act on")
        if not wants_note:
            del self.fields["note"]


def _move_page(request: SignedInRequest, pk: int, page: OwnersMove) -> HttpResponse:
    """Ask, and on POST make the move.

    :raises WrongStatus: the lesson is not where this move begins
    """
    lesson = get_lesson(user=request.user, pk=pk, permission=page.permission)
    rule = rule_for(page.move, lesson.status)
    if rule is None or rule.permission != page.permission:
        raise wrong_status(lesson)
    wants_note = bool(page.note) and not (page is WITHDRAW and lesson.status == Status.DRAFT)
    form = NoteForm(request.POST if request.method == "POST" else None, page=page, wants_note=wants_note)
    declined = last_move(lesson, Move.DECLINE) if page is APPEAL else None
    context = {"form": form, "lesson": lesson, "page": page, "declined": declined}
    if request.method != "POST":
        return render(request, "lessons/record_move.html", context)
    if not form.is_valid():
        return render(request, "lessons/record_move.html", context, status=422)
    try:
        note = form.cleaned_data.get("note", "")
        move_lesson(lesson=lesson, move=page.move, by=request.user, at=timezone.now(), note=note)
    except ReasonMissing as error:  # submitted since the page was opened
        form.add_error(None, str(error))
        return render(request, "lessons/record_move.html", context, status=409)
    messages.success(request, page.done)
    return redirect(lesson)


@require_http_methods(["GET", "POST"])
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    return _move_page(request, pk, WITHDRAW)


@require_http_methods(["GET", "POST"])
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    return _move_page(request, pk, REOPEN)


@require_http_methods(["GET", "POST"])
def appeal(request: SignedInRequest, pk: int) -> HttpResponse:
    return _move_page(request, pk, APPEAL)


@require_http_methods(["GET", "POST"])
def sign_off(request: SignedInRequest, pk: int) -> HttpResponse:
    return _move_page(request, pk, SIGN_OFF)


@require_http_methods(["GET", "POST"])
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    return _move_page(request, pk, SEND_BACK)
