"""What a moderator confirms before a text is published (DOMAIN, section 5)."""

from django.utils.translation import gettext_lazy as _

CHECKLIST = {
    "no_people": _("No names, and nobody can be identified"),
    "no_casualties": _("No detail about casualties"),
    "no_identifiers": _("No addresses, call signs or vehicle registration marks"),
    "no_tactics": _("No tactical capability beyond the marking"),
    "no_investigation": _("Nothing of a live investigation"),
    "nothing_commercial": _("Nothing commercially sensitive"),
    "acronyms": _("Acronyms are spelt out"),
    "stands_alone": _("It makes sense without local knowledge"),
    "specific": _("The recommendation is specific: what, and by whom"),
    "marking": _("The marking is right"),
    "owner": _("The owner’s wishes on audience and attribution are met"),
}


def unticked(checklist: dict[str, bool]) -> list[str]:
    """Return the codes that are not confirmed, in order."""
    return [code for code in CHECKLIST if checklist.get(code) is not True]


def all_ticked() -> dict[str, bool]:
    return dict.fromkeys(CHECKLIST, True)
