"""What a moderator confirms before a text is published (DOMAIN, section 5)."""

CHECKLIST: dict[str, str] = {
    "no_people": "No names, and nobody can be identified",
    "no_casualties": "No detail about casualties",
    "no_identifiers": "No addresses, call signs or vehicle registration marks",
    "no_tactics": "No tactical capability beyond the marking",
    "no_investigation": "Nothing of a live investigation",
    "nothing_commercial": "Nothing commercially sensitive",
    "acronyms": "Acronyms are spelt out",
    "stands_alone": "It makes sense without local knowledge",
    "specific": "The recommendation is specific: what, and by whom",
    "marking": "The marking is right",
    "owner": "The owner’s wishes on audience and attribution are met",
}


def unticked(checklist: dict[str, bool]) -> list[str]:
    """Return the codes that are not confirmed, in order."""
    return [code for code in CHECKLIST if checklist.get(code) is not True]


def all_ticked() -> dict[str, bool]:
    return dict.fromkeys(CHECKLIST, True)
