"""Taking an edition of the risk register in."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from accounts import audit
from accounts.backends import acting_role
from accounts.models import User
from accounts.reference_files import Loaded
from lessons.editions import MAPPED, Edition, confirmed_codes
from lessons.models import NationalRisk
from lessons.reference import store_risks
from lessons.signals import register_loaded

CHANGE_TAXONOMY = "lessons.change_taxonomy"


class UnclearRegister(Exception):
    """The edition cannot be stored as asked.  The message is written for the user."""


@transaction.atomic
def load_edition(*, edition: Edition, became: Mapping[str, str], by: User, at: datetime) -> Loaded:
    """Store an edition.  Loading it again brings its entries to what the file says.

    :param became: code of a risk known before -> code in the file, where a person confirmed that they are one.  The
        entry is stored under the code known before, and the audit trail says so.
    :raises PermissionDenied: `by` may not change what lessons are tagged with
    :raises UnclearRegister: the file is wrong, or two risks became the same entry
    """
    if not by.has_perm(CHANGE_TAXONOMY):
        raise PermissionDenied
    if edition.problems:
        raise UnclearRegister(" ".join(edition.problems))
    in_file = edition.codes
    before = _codes_before(edition.name)
    _check(edition, became)
    confirmed = {new: old for old, new in became.items()}
    known_as = {new: old for new, old in (confirmed_codes(edition.name) | confirmed).items() if old not in in_file}
    for entry in edition.entries:
        entry.code = known_as.get(entry.code, entry.code)
    loaded = store_risks(list(edition.entries))
    role = acting_role(by, CHANGE_TAXONOMY)
    stored = {risk.code: risk for risk in NationalRisk.objects.filter(edition=edition.name)}
    for new, old in sorted(confirmed.items()):
        audit.record(action=MAPPED, subject=stored[old], by=by, at=at, role=role, reason=new)
    audit.record(
        action="register.load",
        subject=stored[edition.entries[0].code],
        by=by,
        at=at,
        role=role,
        reason=f"{edition.name}: {loaded.rows} entries, {loaded.added} new, {loaded.changed} changed",
        digest=edition.digest,
    )
    register_loaded.send(sender=NationalRisk, edition=edition.name, left=before - stored.keys(), at=at)
    return loaded


def _codes_before(edition: str) -> set[str]:
    """Return the codes of the newest edition stored that is older; none if `edition` is not the newest."""
    others = set(NationalRisk.objects.exclude(edition=edition).values_list("edition", flat=True))
    if not others or max(others) > edition:
        return set()
    return set(NationalRisk.objects.filter(edition=max(others)).values_list("code", flat=True))


def _check(edition: Edition, became: Mapping[str, str]) -> None:
    if len(set(became.values())) < len(became):
        raise UnclearRegister(gettext("Two risks cannot become the same entry: choose one of them."))
    known = set(NationalRisk.objects.exclude(edition=edition.name).values_list("code", flat=True))
    for old, new in became.items():
        if new not in edition.codes or new in known:
            raise UnclearRegister(gettext("“%(new)s” is no new entry of this file.") % {"new": new})
        if old not in known or old in edition.codes:
            raise UnclearRegister(gettext("“%(old)s” is not gone from the register.") % {"old": old})
