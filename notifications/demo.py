"""The subscriptions of the demonstration: persons and mailboxes, broad and narrow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Organisation, User
from lessons.demo.people import CONSTABULARY, SIGNS_OFF
from notifications.actions import subscribe
from notifications.models import CRITERIA, Frequency, Subscription


@dataclass(frozen=True)
class Wish:
    by: str  # part of the address before the @
    organisation: str = ""  # for its mailbox; else for the person
    words: str = ""
    frequency: Frequency = Frequency.AT_ONCE
    criteria: Mapping[str, Sequence[str]] = field(default_factory=dict)


FLOODS = ["coastal-flooding", "fluvial-flooding", "surface-water-flooding"]
POWER = ["failure-of-nets", "regional-failure-of-the-electricity-network", "storms"]
AMBULANCE, FIRE = "north-west-ambulance-service-nhs-trust", "cumbria-fire-and-rescue-service"

WISHES = [
    Wish("subscriber"),
    Wish("subscriber", criteria={"risks": FLOODS, "areas": ["cumbria", "lancashire"]}),
    Wish("reader", words="rest centre"),
    Wish("contributor", criteria={"kinds": ["notable_practice"]}),
    Wish("moderator", criteria={"areas": ["cumbria"]}),
    Wish("analyst", criteria={"risk_themes": ["terrorism"]}, frequency=Frequency.WEEKLY),
    Wish("board", criteria={"kinds": ["lesson_identified"]}, frequency=Frequency.MONTHLY),
    Wish("strategic.lead", criteria={"themes": ["co-ordinate", "strategic-coordinating-group"]}),
    Wish("spoc", CONSTABULARY),
    Wish("spoc", SIGNS_OFF, criteria={"risks": POWER}),
    Wish("spoc.fire", FIRE, criteria={"risks": ["major-fire", "wildfire"], "sectors": ["fire", "environment"]}),
    Wish("spoc.ambulance", AMBULANCE, words="triage OR casualties", criteria={"risk_themes": ["terrorism"]}),
    Wish("spoc.london", "london-fire-brigade", criteria={"areas": ["london"]}),
]


def load_subscriptions(people: Mapping[str, User], at: datetime) -> int:
    """Begin those that nobody has or ever ended, and return how many."""
    organisations = {row.code: row for row in Organisation.objects.filter(code__in={w.organisation for w in WISHES})}
    begun = 0
    for wish in WISHES:
        organisation, person = organisations.get(wish.organisation), people[wish.by]
        if not _is_there(wish, None if organisation else person, organisation):
            subscribe(
                by=person,
                at=at,
                criteria=wish.criteria,
                words=wish.words,
                organisation=organisation,
                frequency=wish.frequency,
            )
            begun += 1
    return begun


def _is_there(wish: Wish, person: User | None, organisation: Organisation | None) -> bool:
    criteria = {name: sorted(wish.criteria.get(name, [])) for name in CRITERIA}
    return Subscription.objects.filter(person=person, organisation=organisation, words=wish.words, **criteria).exists()
