"""What every page is given."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from accounts import sessions
from accounts.models import User
from accounts.roles import OWNER_LEADS, Role
from accounts.trail.search import VIEW
from jol.manage import MANAGES, is_managed
from jol.script_words import words_of_scripts

DEBRIEFERS = (Role.CONTRIBUTOR, *OWNER_LEADS, Role.LRF_MODERATOR)
WRITERS = (*DEBRIEFERS, Role.SECRETARIAT)


@dataclass(frozen=True)
class Place:
    """One entry of the navigation."""

    label: str
    url: str
    active: bool


def site(request: HttpRequest) -> dict[str, object]:
    """Return the product's name and the navigation for the person who is signed in."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "is_demo": settings.DEMO,
        "mfa_is_off": not settings.MFA_REQUIRED,
        "session_ends_at": _session_end(request),
        "languages": settings.LANGUAGES,  # each by its own name, which is translated nowhere
        "words_of_scripts": words_of_scripts(),
        "here": request.get_full_path() if request.method == "GET" else "/",
        "navigation": list(_places(request)),
    }


def _session_end(request: HttpRequest) -> datetime | None:
    user = getattr(request, "user", None)
    return sessions.ends_at(request.session, user) if isinstance(user, User) and request.session else None


def _places(request: HttpRequest) -> "list[Place]":
    user = getattr(request, "user", None)
    if not isinstance(user, User) or getattr(request, "lacks_second_factor", False):
        return []
    places = [(gettext("Find lessons"), "lesson_list"), (gettext("National Risks"), "national_risks")]
    if user.has_role(*WRITERS):
        places += [(gettext("Submit a lesson"), "submit"), (gettext("Our lessons"), "our_lessons")]
    if user.has_role(*DEBRIEFERS):
        places.append((gettext("Debriefs"), "debrief_list"))
    if user.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        places.append((gettext("Review"), "queue"))
    places += [(gettext("Statistics"), "statistics"), (gettext("Subscriptions"), "subscriptions")]
    found = [Place(label, reverse(name), request.path.startswith(reverse(name))) for label, name in places]
    if user.has_perm(VIEW):
        found.append(Place(gettext("Audit trail"), reverse("audit"), request.path.startswith(reverse("audit"))))
    if user.has_role(*MANAGES):
        found.append(Place(gettext("Manage"), reverse("manage"), is_managed(request.path)))
    return found
