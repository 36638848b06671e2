"""Work addresses: the mail domains from which an organisation lets people in; without a list, all of them."""

import re
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.models import Organisation, User
from accounts.roles import Role

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
MOST = 20


class DomainError(Exception):
    """The list cannot be taken.  The message is written for the person who wrote it."""


def may_set_domains(user: User, organisation: Organisation) -> bool:
    """Its administrators, and those who look after all organisations."""
    if user.has_role(Role.SECRETARIAT, Role.SYSTEM_ADMIN):
        return True
    return any(
        m.role == Role.ORGANISATION_ADMIN and m.organisation_id == organisation.pk for m in user.active_memberships
    )


def is_work_address(address: str, organisation: Organisation) -> bool:
    """Whether an address lies in one of the domains, or below one."""
    domain = address.strip().lower().rpartition("@")[2]
    return not organisation.mail_domains or any(
        domain == one or domain.endswith(f".{one}") for one in organisation.mail_domains
    )


def refusal(organisation: Organisation) -> str:
    """Return what to tell whose address is of another domain."""
    domains = ", ".join(f"@{one}" for one in organisation.mail_domains)
    return gettext("%(organisation)s takes work addresses only: %(domains)s") % {
        "organisation": organisation.name,
        "domains": domains,
    }


@transaction.atomic
def set_domains(*, organisation: Organisation, domains: list[str], by: User, at: datetime) -> None:
    """Take a list into use for invitations and requests to come; who is in stays in.  An empty one takes everybody.

    :raises PermissionDenied: `by` does not look after the organisation
    :raises DomainError: one is no domain, or there are too many
    """
    if not may_set_domains(by, organisation):
        raise PermissionDenied
    plain = sorted({one.strip().lower().lstrip("@") for one in domains} - {""})
    if len(plain) > MOST:
        raise DomainError(gettext("Enter %(most)s domains at most") % {"most": MOST})
    for one in plain:
        if not DOMAIN.fullmatch(one):
            raise DomainError(gettext("“%(domain)s” is no domain: write it like example.gov.uk") % {"domain": one[:60]})
    held = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if held.mail_domains != plain:
        held.mail_domains = plain
        held.save(update_fields=["mail_domains"])
        audit.record(action="organisation.mail_domains", subject=held, by=by, at=at, reason=",".join(plain))
