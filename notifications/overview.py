"""How the mail stands: how many in each state, and why those that did not go did not.  Quick with a million rows."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.actions.replaying import REPLAYABLE
from notifications.bounces.reports import STATUS
from notifications.models import Delivery, State
from notifications.models.deliveries import TROUBLE

#: Counted exactly up to here.
EXACT = 100_000


#: What the middle number of a status is about (RFC 3463).
ABOUT = {
    "1": _("the address"),
    "2": _("the mailbox"),
    "3": _("the mail server there"),
    "4": _("the way there"),
    "5": _("how we talk to it"),
    "6": _("the content"),
    "7": _("what we may send"),
}
#: What an error of our own end of the connection means.
MEANINGS = {
    "ConnectionRefusedError": _("the mail server cannot be reached"),
    "ConnectionResetError": _("the connection broke off"),
    "SMTPServerDisconnected": _("the connection broke off"),
    "TimeoutError": _("the mail server did not answer in time"),
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
        number = f"{self.number:,}"
        if self.is_about:
            return gettext("about %(number)s") % {"number": number}
        return gettext("more than %(number)s") % {"number": number} if self.is_more else number


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
        return str(ABOUT.get(found[1].split(".")[1], "")) if found else ""

    @property
    def meaning(self) -> str:
        """What a reason that is the name of an error means; empty if it is none."""
        return str(MEANINGS.get(self.reason.partition(":")[0], ""))

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
