"""Who may do what: the one table of roles.

A role gives permissions within a scope: over what belongs to the membership's organisation, over what lies in
its area, or everywhere.  Nothing else gives rights, but authorship (`AUTHOR`) and a grant to an organisation.
What depends on the state of an item (claimed by you, not your own, tier) is a condition in `lessons/workflow.py`.
"""

from enum import Enum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    READER = "reader", _("Reader")
    CONTRIBUTOR = "contributor", _("Contributor")
    JOL_SPOC = "jol_spoc", _("JOL SPoC")
    JOL_LEAD = "jol_lead", _("JOL Lead")
    TRAINING_LEAD = "training_lead", _("JESIP Training Lead")
    STRATEGIC_LEAD = "strategic_lead", _("JESIP Strategic Lead")
    ORGANISATION_ADMIN = "organisation_admin", _("Organisation administrator")
    LRF_MODERATOR = "lrf_moderator", _("LRF moderator")
    SECRETARIAT = "secretariat", _("JOL Secretariat")
    BOARD_MEMBER = "board_member", _("Interoperability Board member")
    ANALYST = "analyst", _("Analyst")
    AUDITOR = "auditor", _("Auditor")
    SYSTEM_ADMIN = "system_admin", _("System administrator")


class Scope(Enum):
    ORGANISATION = "organisation"  # obj.organisation_id is the membership's organisation
    AREA = "area"  # obj.area_id is the membership's area
    NATIONAL = "national"


#: SPoC, JOL Lead and Strategic Lead vouch for what their organisation records.
OWNER_LEADS = frozenset({Role.JOL_SPOC, Role.JOL_LEAD, Role.STRATEGIC_LEAD})
#: These see every publication, whatever its audience.
SEES_ALL_PUBLICATIONS = frozenset({Role.SECRETARIAT, Role.BOARD_MEMBER, Role.AUDITOR})
#: Entitled to OFFICIAL-SENSITIVE by role; all others need `Membership.cleared`.
CLEARED_BY_ROLE = OWNER_LEADS | SEES_ALL_PUBLICATIONS | {Role.LRF_MODERATOR}
#: These decide who gets in.
ADMINISTERS = frozenset({Role.ORGANISATION_ADMIN, Role.SYSTEM_ADMIN})

#: The author of a lesson, while a member of its organisation.
AUTHOR = frozenset(
    {
        "lessons.view_lesson",
        "lessons.change_lesson",
        "lessons.submit_lesson",
        "lessons.withdraw_lesson",
        "lessons.share_lesson",
    }
)
WRITES = frozenset({"lessons.add_lesson", "lessons.add_event", "lessons.run_debrief"})
LEADS = WRITES | AUTHOR | {"lessons.sign_off_lesson", "lessons.suspend_lesson"}
MODERATES = frozenset(
    {
        "lessons.view_lesson",
        "lessons.review_lesson",
        "lessons.publish_lesson",
        "lessons.suspend_lesson",
        "lessons.archive_lesson",
    }
)
LOOKS_AFTER_MAILBOX = frozenset({"notifications.change_organisation_subscription"})
#: Says that an address that bounced is right again.
LOOKS_AFTER_ADDRESSES = frozenset({"notifications.lift_suppression"})
MANAGES_PEOPLE = frozenset({"accounts.manage_people"})
MERGES = frozenset({"accounts.merge_places"})
AUDITS = frozenset({"lessons.view_lesson", "lessons.suspend_lesson", "accounts.view_auditevent"})

ROLES: dict[Role, dict[Scope, frozenset[str]]] = {
    Role.READER: {},
    Role.TRAINING_LEAD: {},
    Role.ANALYST: {},
    Role.BOARD_MEMBER: {},
    Role.CONTRIBUTOR: {Scope.ORGANISATION: WRITES},
    Role.JOL_SPOC: {Scope.ORGANISATION: LEADS | LOOKS_AFTER_MAILBOX},
    Role.JOL_LEAD: {Scope.ORGANISATION: LEADS | LOOKS_AFTER_MAILBOX},
    Role.STRATEGIC_LEAD: {Scope.ORGANISATION: LEADS - {"lessons.change_lesson"}},
    Role.ORGANISATION_ADMIN: {Scope.ORGANISATION: LOOKS_AFTER_MAILBOX | LOOKS_AFTER_ADDRESSES | MANAGES_PEOPLE},
    Role.LRF_MODERATOR: {Scope.ORGANISATION: WRITES, Scope.AREA: MODERATES},
    Role.SECRETARIAT: {
        Scope.NATIONAL: MODERATES
        | WRITES
        | LOOKS_AFTER_ADDRESSES
        | MERGES
        | {
            "lessons.restore_lesson",
            "lessons.change_taxonomy",
            "notifications.look_after_mail",
            "notifications.edit_quarter_digest",
            "accounts.look_after_records",
            "lessons.record_foi",
        }
    },
    Role.AUDITOR: {Scope.NATIONAL: AUDITS},
    Role.SYSTEM_ADMIN: {Scope.NATIONAL: MANAGES_PEOPLE},
}


#: Every responder organisation should have somebody in these.
NAMED_ROLES = (Role.JOL_SPOC, Role.JOL_LEAD, Role.TRAINING_LEAD, Role.STRATEGIC_LEAD)
#: Who gives and ends which roles, and how far that reaches.  Nobody gives themselves one.
GIVES: dict[Role, tuple[Scope, tuple[Role, ...]]] = {
    Role.ORGANISATION_ADMIN: (
        Scope.ORGANISATION,
        (Role.READER, Role.CONTRIBUTOR, *NAMED_ROLES, Role.ORGANISATION_ADMIN),
    ),
    Role.LRF_MODERATOR: (Scope.AREA, (Role.LRF_MODERATOR,)),
    Role.SECRETARIAT: (
        Scope.NATIONAL,
        (Role.LRF_MODERATOR, Role.SECRETARIAT, Role.BOARD_MEMBER, Role.ANALYST, Role.AUDITOR),
    ),
    Role.SYSTEM_ADMIN: (Scope.NATIONAL, (Role.ORGANISATION_ADMIN, Role.SYSTEM_ADMIN)),
}


def permissions_of(role: str, scope: Scope) -> frozenset[str]:
    """Return what `role` may do within `scope`, as "app.codename" strings."""
    return ROLES[Role(role)].get(scope, frozenset())
