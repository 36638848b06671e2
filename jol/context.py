"""What every page is given."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.roles import OWNER_LEADS, Role

WRITERS = (Role.CONTRIBUTOR, *OWNER_LEADS, Role.LRF_MODERATOR, Role.SECRETARIAT)


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
        "navigation": list(_places(request)),
    }


def _places(request: HttpRequest) -> "list[Place]":
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    places = [("Find lessons", "lesson_list"), ("National Risks", "national_risks")]
    if user.has_role(*WRITERS):
        places += [("Submit a lesson", "submit"), ("Our lessons", "our_lessons"), ("Debriefs", "debrief_list")]
    if user.has_role(Role.LRF_MODERATOR, Role.SECRETARIAT):
        places.append(("Review", "queue"))
    places += [("Statistics", "statistics"), ("Subscriptions", "subscriptions")]
    return [Place(label, reverse(name), request.path.startswith(reverse(name))) for label, name in places]
