"""The two pages on which the text to be published is written, and what their buttons do."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from govuk.look import Words as Text
from lessons.forms.review.decisions import DecisionForm, VersionForm
from lessons.models import Lesson, Move, Status


@dataclass(frozen=True)
class Bench:
    """One of the pages.

    :ivar page: name of its address
    :ivar statuses: in which the text is written there
    :ivar moves: what a button decides
    :ivar leads_to: what a button opens once the text is saved
    """

    page: str
    template: str
    form: type[DecisionForm] | type[VersionForm]
    statuses: frozenset[Status]
    moves: dict[str, Move]
    leads_to: dict[str, str]


REVIEW = Bench(
    page="review",
    template="lessons/review/review.html",
    form=DecisionForm,
    statuses=frozenset({Status.IN_REVIEW}),
    moves={
        "publish": Move.PUBLISH,
        "approve": Move.APPROVE,
        "show_owner": Move.SHOW_OWNER,
        "ask_for_changes": Move.ASK_FOR_CHANGES,
        "decline": Move.DECLINE,
        "give_back": Move.GIVE_BACK,
    },
    leads_to={"escalate": "escalate", "merge": "merge", "reassign": "reassign", "preview": "preview"},
)
NEW_VERSION = Bench(
    page="new_version",
    template="lessons/review/new_version.html",
    form=VersionForm,
    statuses=frozenset({Status.PUBLISHED, Status.SUSPENDED, Status.ARCHIVED}),
    moves={"publish_again": Move.PUBLISH_AGAIN, "approve": Move.APPROVE},
    leads_to={"restore": "restore", "preview": "preview"},
)
_DONE: dict[Move, Text] = {
    Move.PUBLISH: _("%(reference)s is published. Everyone who subscribed to it will be emailed."),
    Move.PUBLISH_AGAIN: _("The new version of %(reference)s is published."),
    Move.APPROVE: _("You approved %(reference)s. Another moderator has to agree."),
    Move.SHOW_OWNER: _("The owner of %(reference)s is asked to look at the text. It stays with you meanwhile."),
    Move.ASK_FOR_CHANGES: _("%(reference)s went back to its owner with your words. They can send it back at any time."),
    Move.DECLINE: _("%(reference)s is declined. Its owner is told why in ten minutes, and may appeal once."),
    Move.GIVE_BACK: _("%(reference)s is back in the queue. The text you prepared is kept."),
}


def done(move: Move, lesson: Lesson) -> str:
    """Say what was done, with a way back where there is one."""
    words = _DONE[move] % {"reference": lesson.reference}
    if move != Move.DECLINE:
        return words
    way_back = reverse("take_back", args=[lesson.pk])
    return format_html(
        '{} <a class="govuk-notification-banner__link" href="{}">{}</a>', words, way_back, gettext("Take it back")
    )
