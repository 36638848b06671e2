"""In which language a person reads pages and mails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts.models import User
from govuk.templatetags.govuk import language_tag

GetResponse = Callable[[HttpRequest], HttpResponse]
ENGLISH = settings.LANGUAGE_CODE
SPOKEN = frozenset(code for code, name in settings.LANGUAGES)
#: Programs read it: its words are part of what they were written for.
API = "/api/"


def spoken(code: str) -> str:
    """Return `code` if the portal speaks that language, else English."""
    return code if code in SPOKEN else ENGLISH


@contextmanager
def language_of(reader: object) -> Iterator[None]:
    """Speak the language of a person or of an organisation's mailbox, whoever is at work; of others, English."""
    with translation.override(spoken(getattr(reader, "language", ENGLISH))):
        yield


def language_of_request(request: HttpRequest) -> str:
    """Return the language of the person; of who is not signed in, the one that was chosen in this browser."""
    if request.path.startswith(API):
        return ENGLISH
    user = getattr(request, "user", None)
    if isinstance(user, User):
        return spoken(user.language)
    return spoken(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


class LanguageMiddleware:
    """Answer in the language of whoever asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(language_of_request(request)):
            response = self.get_response(request)
            if response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers.setdefault("Content-Language", language_tag())
                patch_vary_headers(response, ["Cookie"])
            return response
