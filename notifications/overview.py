"""How the mail stands: how many in each state, and why those that did not go did not.  Quick with a million rows."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from notifications.actions.replaying import REPLAYABLE
from notifications.bounces.reports import STATUS
from notifications.models import Delivery, State
from notifications.models.deliveries import TROUBLE

#: Counted exactly up to here.
EXACT = 100_000


#: What the middle number of a status is about (RFC 3463).
ABOUT = {
    "1": "the address",
    "2": "the mailbox",
    "3": "the mail server there",
    "4": "the way there",
    "5": "how we talk to it",
    "6": "the content",
    "7": "what we may send",
}


@dataclass(frozen=True)
class Tally:
    """How many mails are in a state."""

    state: State
    number: int
    is_about: bool = False  # from the statistics of the database
    is_more: bool = False  # counting stopped there

    @property
    def words(self) -> str:
        return f"{'about ' if self.is_about else ''}{'more than ' if self.is_more else ''}{self.number:,}"


@dataclass(frozen=True)
class Cause:
    """Why mails are in a state, as far as the beginning of the answer tells."""

    state: State
    reason: str
    number: int

    @property
    def about(self) -> str:
        """What a reason such as "550 5.1.1" is about, in words; empty if it is in words already."""
        found = STATUS.search(self.reason)
        return ABOUT.get(found[1].split(".")[1], "") if found else ""

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in REPLAYABLE


def tallies() -> list[Tally]:
    """Return the number of mails in each state.  Of sent ones there may be millions: about how many, then."""
    found = {state: _count(state) for state in State}
    if found[State.SENT] > EXACT:
        others = sum(number for state, number in found.items() if state != State.SENT)
        estimate = max(_rows() - others, EXACT)
        return [_tally(state, number) for state, number in found.items() if state != State.SENT] + [
            Tally(State.SENT, round(estimate, -3), is_about=True)
        ]
    return [_tally(state, number) for state, number in found.items()]


def _tally(state: State, number: int) -> Tally:
    return Tally(state, min(number, EXACT), is_more=number > EXACT)


def _count(state: State) -> int:
    return Delivery.objects.filter(state=state).values("pk")[: EXACT + 1].count()


def _rows() -> int:
    """Return how many rows there are, as far as the database knows without counting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'notifications_delivery'::regclass")
        return int(cursor.fetchone()[0])


def causes(most: int = 30) -> list[Cause]:
    """Return why mails did not go, the commonest first."""
    rows = Delivery.objects.filter(state__in=TROUBLE).order_by().values("state", "reason")
    counted = rows.annotate(number=Count("pk")).order_by("-number", "state", "reason")[:most]
    return [Cause(State(row["state"]), row["reason"], row["number"]) for row in counted]
