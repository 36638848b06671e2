"""Writing the text to be published: what there was on the left, what readers will get on the right, the decision."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from lessons import publishing
from lessons.access import get_lesson
from lessons.actions.comments import open_comments
from lessons.actions.moves import move_lesson, wrong_status
from lessons.actions.review import check_may_write, save_working_text
from lessons.conditions import approvals_of, wants_two_people
from lessons.differences import Piece
from lessons.errors import LessonError, NotReady, StaleText
from lessons.forms.review.decisions import RemovalForm, SaidWith
from lessons.forms.review.rows import changes, rows_of
from lessons.forms.review.text import ReviewForm
from lessons.in_words import Values, in_words, values_of
from lessons.labels import label_of
from lessons.models import Comment, Lesson, Move
from lessons.views.reading import SignedInRequest
from lessons.views.review import bench as benches
from lessons.views.review.around import around
from lessons.views.review.bench import Bench, done
from lessons.views.review.queue import REVIEW
from lessons.views.review.record import read_page
from lessons.views.review.touches import keep_comments, touch

#: A button that saves, and shows the text beside a published one: "compare:LI-2026-00042".
COMPARE = "compare:"


@require_http_methods(["GET", "POST"])
def review(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page of a lesson that I claimed; for others, the lesson to read.  A decision saves the text first."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    if request.method == "POST":
        return Work(request, lesson, benches.REVIEW).answer()
    if lesson.claimed_by_id != request.user.pk:
        return read_page(request, lesson)
    return Work(request, lesson, benches.REVIEW).page()


@require_http_methods(["GET", "POST"])
def new_version(request: SignedInRequest, pk: int) -> HttpResponse:
    """Prepare the next version of something published.  Nothing of it is seen before it is published."""
    lesson = get_lesson(user=request.user, pk=pk, permission=REVIEW)
    work = Work(request, lesson, benches.NEW_VERSION)
    if request.method == "POST":
        return work.answer()
    check_may_write(lesson, request.user, timezone.now())
    work.check_status()
    return work.page()


class Work:
    """One request to a page on which a text is written."""

    def __init__(self, request: SignedInRequest, lesson: Lesson, bench: Bench) -> None:
        self.request, self.lesson, self.bench = request, lesson, bench
        self.is_saved = False
        self.decision = request.POST.get("decision", "save")
        sent = request.POST if request.method == "POST" else None
        self.form = self._form(sent)
        self.comments: list[Comment] = list(open_comments(lesson)) if bench is benches.REVIEW else []
        self.said = self._said(sent)
        self.removal = RemovalForm(sent, decision=self.decision, kind=lesson.kind)

    def _form(self, sent: Any) -> ReviewForm:
        return ReviewForm(sent, text=publishing.text_in_hand(self.lesson))

    def _said(self, sent: Any) -> SaidWith:
        if self.bench is benches.NEW_VERSION:
            return self.bench.form(sent, decision=self.decision, kind=self.lesson.kind)
        commented = {comment.field for comment in self.comments}
        commented |= {name.removeprefix("comment_") for name, said in (sent or {}).items() if _is_comment(name, said)}
        return benches.REVIEW.form(sent, decision=self.decision, kind=self.lesson.kind, commented=commented)  # type: ignore[call-arg]

    # -- saving and deciding -------------------------------------------------------------------------
    def answer(self) -> HttpResponse:
        forms = (self.form, self.said, self.removal)
        if not all([form.is_valid() for form in forms]):  # noqa: C419 - each has to be looked at
            return self.page(status=422)
        try:
            self.check_status()
            self._save()
            self.is_saved = True
            return self._go_on()
        except StaleText as stale:
            self._start_from(stale.row_version)
            return self.page(stale=stale, status=409)
        except NotReady as error:
            self._start_from_stored()
            self.form.is_valid()
            self.form.show_problems(error.problems)
            return self.page(status=422)
        except LessonError as error:
            self._start_from_stored()
            unsaved = "" if self.is_saved else gettext("Nothing was saved.")
            return self.page(refusal=f"{error} {unsaved}".strip(), status=409)

    def check_status(self) -> None:
        """:raises WrongStatus: the text is not written on this page now"""
        if self.lesson.status not in self.bench.statuses:
            raise wrong_status(self.lesson)

    @transaction.atomic
    def _save(self) -> None:
        by, at = self.request.user, timezone.now()
        save_working_text(
            lesson=self.lesson,
            by=by,
            at=at,
            row_version=self.form.row_version_sent,
            values=self.form.values,
            tags=self.form.tags,
            checklist=self.form.checklist,
        )
        if self.bench is benches.REVIEW:
            keep_comments(self.lesson, self.form, by=by, at=at)

    def _go_on(self) -> HttpResponse:
        lesson, by, at = self.lesson, self.request.user, timezone.now()
        if move := self.bench.moves.get(self.decision):
            move_lesson(lesson=lesson, move=move, by=by, at=at, **self.said.words)
            messages.success(self.request, done(move, lesson))
            return self._away(move)
        if page := self.bench.leads_to.get(self.decision):
            return redirect(page, lesson.pk)
        if self.decision.startswith(COMPARE):
            with_ = urlencode({"into": self.decision.removeprefix(COMPARE)})
            return redirect(f"{reverse('merge', args=[lesson.pk])}?{with_}")
        words, place = touch(self.decision, lesson=lesson, form=self.form, removal=self.removal, by=by, at=at)
        messages.success(self.request, words or _saved(lesson))
        if self.decision == "discard":
            return redirect("review", lesson.pk)
        return redirect(f"{reverse(self.bench.page, args=[lesson.pk])}{place and '#'}{place}")

    def _away(self, move: Move) -> HttpResponse:
        if move == Move.PUBLISH_AGAIN:
            return redirect("lesson", self.lesson.reference)
        return redirect("queue") if self.bench is benches.REVIEW else redirect("review", self.lesson.pk)

    # -- showing it again ------------------------------------------------------------------------------
    def _start_from_stored(self) -> None:
        self.lesson.refresh_from_db()
        self._start_from(self.lesson.row_version)

    def _start_from(self, row_version: int) -> None:
        """Show the form as it was sent, ready to be saved upon the version that is stored now."""
        sent = self.request.POST.copy()
        sent["row_version"] = str(row_version)
        if self.is_saved:  # the comments are stored, and shown as such
            for name in [name for name in sent if name.startswith("comment_")]:
                del sent[name]
            self.comments = list(open_comments(self.lesson)) if self.bench is benches.REVIEW else []
        self.form = self._form(sent)

    def page(self, *, stale: StaleText | None = None, refusal: str = "", status: int = 200) -> HttpResponse:
        lesson, form = self.lesson, self.form
        current = lesson.publications.current().first() if self.bench is benches.NEW_VERSION else None
        two = wants_two_people(lesson, form.text)
        approvals = list(approvals_of(lesson).select_related("by")) if two else []
        context: dict[str, Any] = {
            "lesson": lesson,
            "form": form,
            "said": self.said,
            "removal": self.removal,
            "current": current,
            "rows": list(rows_of(form, values_of(current or lesson), self.comments)),
            "open_warnings": [one for one in form.warnings if one.is_open],
            "refusal": refusal,
            "conflicts": conflicts(stale, lesson.kind) if stale else [],
            "today": timezone.localdate(),
            "wants_two_people": two,
            "approvals": approvals,
            "to_approve": two and all(one.by_id == self.request.user.pk for one in approvals),
            **around(lesson, self.request.user),
        }
        return render(self.request, self.bench.template, context, status=status)


def _saved(lesson: Lesson) -> str:
    return gettext("Saved. %(reference)s stays with you.") % {"reference": lesson.reference}


def _is_comment(name: str, said: object) -> bool:
    return name.startswith("comment_") and bool(str(said).strip())


def conflicts(stale: StaleText, kind: str) -> list[tuple[str, str, list[Piece]]]:
    """Return (label, what is stored, how what was typed differs from it) of the fields that differ."""
    theirs: Values
    theirs, yours = in_words(stale.theirs, stale.yours)
    return [
        (label_of(name, kind), theirs[name], changes(name, theirs[name], yours[name]))
        for name in theirs
        if theirs[name] != yours[name]
    ]
