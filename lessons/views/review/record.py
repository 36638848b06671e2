"""A lesson as a moderator finds it who does not have it in hand: to read, with what can be done about it."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Role
from govuk.look import Words as Text
from lessons.conditions import decides_tier, has_declined, wants_two_people, working_text, wrote_it
from lessons.holds import is_kept
from lessons.models import Lesson, Move, Status
from lessons.views.reading import SignedInRequest
from lessons.views.review.around import around
from lessons.workflow import rule_for

#: Moves with a page, in the order in which they are offered: (move, address, words).
OFFERED: tuple[tuple[Move, str, Text], ...] = (
    (Move.TAKE_BACK, "take_back", _("Take back that it was declined")),
    (Move.PUBLISH_AGAIN, "new_version", _("Prepare a new version")),
    (Move.RESTORE, "restore", _("Bring it back")),
    (Move.APPROVE, "approve", _("Approve it as the second person")),
    (Move.REASSIGN, "reassign", _("Give it to another moderator")),
    (Move.MERGE, "merge", _("Merge it into another lesson")),
    (Move.ARCHIVE, "archive", _("Archive it")),
)
#: Not made of what is under a legal hold.
CHANGES_WORDS = {Move.PUBLISH_AGAIN, Move.MERGE}
#: Only their author, or whoever has them, is in the way; the page itself says so.
NOT_FOR_WRITERS = {Move.PUBLISH_AGAIN, Move.RESTORE, Move.APPROVE, Move.MERGE}


@dataclass(frozen=True)
class Offer:
    url: str
    words: Text


def read_page(request: SignedInRequest, lesson: Lesson) -> HttpResponse:
    now = timezone.now()
    context = {
        "lesson": lesson,
        "now": now,
        "is_in_remit": decides_tier(lesson, request.user),
        "has_lapsed": lesson.claim_has_lapsed(now),
        "may_give_back": lesson.status == Status.IN_REVIEW and request.user.has_role(Role.SECRETARIAT),
        "text": lesson.publications.current().first() or lesson,
        "is_held": is_kept(lesson, now),
        "offers": list(offers(lesson, request.user)),
        **around(lesson, request.user),
    }
    return render(request, "lessons/review/read.html", context)


def offers(lesson: Lesson, user: User) -> list[Offer]:
    """Return the pages of what `user` may do, as far as state, permission, tier and authorship tell."""
    if not decides_tier(lesson, user):
        return []
    is_own, is_held = wrote_it(lesson, user), is_kept(lesson, timezone.now())
    found = []
    for move, page, words in OFFERED:
        rule = rule_for(move, lesson.status)
        if page == "new_version" and rule is None:  # a version may also be prepared before it is restored
            rule = rule_for(Move.RESTORE, lesson.status)
        if move == Move.TAKE_BACK and not has_declined(lesson, user):
            continue
        if move == Move.APPROVE and not waits_for_a_second_person(lesson):
            continue
        if is_held and move in CHANGES_WORDS:
            continue
        if rule and user.has_perm(rule.permission, lesson) and not (is_own and move in NOT_FOR_WRITERS):
            found.append(Offer(reverse(page, args=[lesson.pk]), words))
    return found


def waits_for_a_second_person(lesson: Lesson) -> bool:
    """Whether an approval is of use: of what is suspended always, else of a new version that takes two people."""
    text = working_text(lesson)
    return lesson.status == Status.SUSPENDED or (text is not None and wants_two_people(lesson, text))
