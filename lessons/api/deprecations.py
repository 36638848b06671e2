"""Telling the owners of tokens that an address of the API goes: once when that is said, once before it ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts import audit
from accounts.languages import language_of
from accounts.models import ApiToken, AuditEvent, User
from accounts.notices import send_notice
from lessons.api.base import ApiView, Deprecation

#: Whose programs may ask: which address a token asks for is not stored.
USED_WITHIN = timedelta(days=30)
AGAIN_BEFORE_THE_END = timedelta(days=92)
TOLD = "token.deprecation"


def tell_owners(at: datetime) -> int:
    """Mail owners of tokens in use about every address that goes, unless they were told; return how many mails."""
    return sum(_tell(deprecation, at) for deprecation in _deprecations(ApiView) if at.date() < deprecation.ends)


def _deprecations(view: type[ApiView]) -> Iterator[Deprecation]:
    for one in view.__subclasses__():
        if deprecation := vars(one).get("deprecation"):
            yield deprecation
        yield from _deprecations(one)


@transaction.atomic
def _tell(deprecation: Deprecation, at: datetime) -> int:
    is_last = at.date() >= deprecation.ends - AGAIN_BEFORE_THE_END
    which = f"{deprecation.what} {deprecation.ends} {'last' if is_last else 'first'}"
    in_use = ApiToken.objects.filter(last_used_at__gte=at - USED_WITHIN)
    # Who tells at the same time waits here, and then finds the records.
    owners = list(User.objects.filter(pk__in=in_use.values("user"), is_active=True).select_for_update().order_by("pk"))
    told = set(AuditEvent.objects.filter(action=TOLD, reason=which).values_list("object_id", flat=True))
    waiting = [user for user in owners if str(user.pk) not in told]
    for user in waiting:
        with language_of(user):
            send_notice(user.email, gettext("An address of the API ends"), _words(deprecation), reverse("tokens"))
        audit.record(action=TOLD, subject=user, by=None, at=at, reason=which)
    return len(waiting)


def _words(deprecation: Deprecation) -> str:
    return gettext(
        "%(what)s answers until %(day)s. If a program of yours asks for it, read at %(instead)s what to use then. "
        "You get this because a token of yours was used lately; which addresses it asked for is not stored."
    ) % {
        "what": deprecation.what,
        "day": date_format(deprecation.ends - timedelta(days=1), "j F Y"),
        "instead": deprecation.instead,
    }
