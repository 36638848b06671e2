"""The people of the demonstration: one for each role, in organisations of Cumbria and of the nation."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from accounts import audit
from accounts.models import Membership, Organisation, ResilienceArea, User
from accounts.roles import Role

JESIP = "joint-emergency-services-interoperability-principles-team"
CONSTABULARY = "cumbria-constabulary"
#: Lessons of this organisation are signed off by its SPoC first.
SIGNS_OFF = "westmorland-and-furness-council"
AREA = "cumbria"


@dataclass(frozen=True)
class Part:
    """One membership of one person."""

    email: str
    name: str
    role: Role
    organisation: str
    area: str = ""
    cleared: bool = False


PARTS = [
    Part("reader@example.org", "Reader", Role.READER, "cumberland-council"),
    Part("contributor@example.org", "Contributor", Role.CONTRIBUTOR, CONSTABULARY),
    Part("contributor2@example.org", "Second contributor", Role.CONTRIBUTOR, SIGNS_OFF),
    Part("spoc@example.org", "SPoC", Role.JOL_SPOC, CONSTABULARY),
    Part("spoc@example.org", "SPoC", Role.JOL_SPOC, SIGNS_OFF),
    Part("moderator@example.org", "Moderator", Role.LRF_MODERATOR, "cumbria-fire-and-rescue-service", AREA),
    Part("secretariat@example.org", "Secretariat", Role.SECRETARIAT, JESIP),
    Part("secretariat2@example.org", "Second of the Secretariat", Role.SECRETARIAT, JESIP),
    Part("board@example.org", "Board member", Role.BOARD_MEMBER, "national-fire-chiefs-council"),
    Part("strategic.lead@example.org", "Strategic Lead", Role.STRATEGIC_LEAD, CONSTABULARY),
    Part("organisation.admin@example.org", "Administrator", Role.ORGANISATION_ADMIN, CONSTABULARY),
    Part("analyst@example.org", "Analyst", Role.ANALYST, "uk-resilience-academy"),
    Part(
        "auditor@example.org", "Auditor", Role.AUDITOR, "hm-inspectorate-of-constabulary-and-fire-and-rescue-services"
    ),
    Part("subscriber@example.org", "Subscriber", Role.READER, "north-west-ambulance-service-nhs-trust", cleared=True),
    # They look after a mailbox each and are not among the accounts that are shown.
    Part("spoc.fire@example.org", "SPoC", Role.JOL_SPOC, "cumbria-fire-and-rescue-service"),
    Part("spoc.ambulance@example.org", "SPoC", Role.JOL_SPOC, "north-west-ambulance-service-nhs-trust"),
    Part("spoc.london@example.org", "SPoC", Role.JOL_SPOC, "london-fire-brigade"),
]
#: Role mailboxes of organisations, and whether they may get OFFICIAL-SENSITIVE alerts.
MAILBOXES = {
    CONSTABULARY: ("jol.constabulary@example.org", True),
    SIGNS_OFF: ("resilience.furness@example.org", False),
    "cumbria-fire-and-rescue-service": ("jol.fire.cumbria@example.org", False),
    "north-west-ambulance-service-nhs-trust": ("jol.ambulance.northwest@example.org", False),
    "london-fire-brigade": ("jol.fire.london@example.org", False),
}
AREA_MAILBOXES = {
    "cumbria": "lrf.cumbria@example.org",
    "lancashire": "lrf.lancashire@example.org",
    "greater-manchester": "lrf.greatermanchester@example.org",
    "london": "lrf.london@example.org",
}


def load_people(*, password: str, at: datetime) -> dict[str, User]:
    """Make or complete the accounts, and return them by the part of the address before the @.

    A second call gives nothing twice; it sets the password again where it was another.
    """
    users = _accounts(password)
    organisations = {row.code: row for row in Organisation.objects.filter(code__in={p.organisation for p in PARTS})}
    areas = {row.code: row for row in ResilienceArea.objects.filter(code=AREA)}
    for part in PARTS:
        membership, is_new = Membership.objects.get_or_create(
            user=users[part.email],
            organisation=organisations[part.organisation],
            role=part.role,
            area=areas.get(part.area),
            ends_on=None,
            defaults={
                "starts_on": timezone.localdate(at),
                "cleared": part.cleared,
                "cleared_at": at if part.cleared else None,
            },
        )
        if is_new:
            audit.record(action="membership.give", subject=membership, by=None, at=at, reason=part.role)
    _mailboxes(at)
    return {email.split("@")[0]: user for email, user in users.items()}


def _accounts(password: str) -> dict[str, User]:
    """Hash the password once: hashing is slow on purpose."""
    wanted = {part.email: part.name for part in PARTS}
    users = {user.email: user for user in User.objects.filter(email__in=wanted)}
    first = next(iter(users.values()), None)
    known = first is not None and check_password(password, first.password)
    digest = first.password if first and known else make_password(password)
    new = [User(email=email, name=name, password=digest) for email, name in wanted.items() if email not in users]
    users |= {user.email: user for user in User.objects.bulk_create(new)}
    User.objects.filter(email__in=wanted).exclude(password=digest).update(password=digest)
    return {email: users[email] for email in wanted}


def _mailboxes(at: datetime) -> None:
    """Give role mailboxes where there are none; what somebody changed stays."""
    for code, (mailbox, cleared) in MAILBOXES.items():
        Organisation.objects.filter(code=code, mailbox="").update(
            mailbox=mailbox, mailbox_confirmed_at=at, mailbox_cleared=cleared, wants_sign_off=code == SIGNS_OFF
        )
    for code, mailbox in AREA_MAILBOXES.items():
        ResilienceArea.objects.filter(code=code, mailbox="").update(mailbox=mailbox)
