"""What a password must be: long, not too long to hash, and none that somebody would guess who knows this site."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from accounts.roles import ADMINISTERS, Role

LEAST, LEAST_OF_ADMINISTRATORS, MOST = 12, 15, 128
#: These decide about accounts or about the whole country.
LONGER_FOR = ADMINISTERS | {Role.SECRETARIAT}
#: Words that people here think of first.  A password made of them, with digits and signs around, is guessed.
OUR_WORDS = re.compile(
    "administrator|admin|ambulance|april|august|autumn|azerty|blue|changeme|coastguard|constabulary|council|cymru"
    "|debrief|december|emergenc(?:y|ies)|england|february|fire|friday|identified|interoperability|ireland|january"
    "|jesip|joint|jol|july|june|learning|lessons?|letmein|light|login|london|march|methane|moderator|monday|notable"
    "|november|october|official|organisational|passphrase|password|passwort|police|portal|practice|qwerty(?:uiop)?"
    "|rescue|resilience|responders?|scotland|secret(?:ariat)?|sensitive|september|service|spring|summer|wales|welcome"
    "|winter"
)


class LengthValidator:
    """At least 12 characters, 15 of those who administer, at most 128; no rule about what they are."""

    def validate(self, password: str, user: User | None = None) -> None:
        least = LEAST_OF_ADMINISTRATORS if user and user.pk and user.has_role(*LONGER_FOR) else LEAST
        if len(password) < least:
            raise ValidationError(gettext("Use %(least)s characters or more") % {"least": least}, code="too_short")
        if len(password) > MOST:
            raise ValidationError(gettext("Use %(most)s characters or fewer") % {"most": MOST}, code="too_long")

    def get_help_text(self) -> str:
        return gettext("Use %(least)s characters or more.") % {"least": LEAST}


class OwnWordsValidator:
    """Refuses what is left of a password that is nothing but words of this field, the site's name and some digits."""

    def validate(self, password: str, user: User | None = None) -> None:
        words = password.lower()
        for name in settings.SITE_NAME.lower().split():
            words = words.replace(name, "")
        rest = re.sub(r"[\W\d_]+", "", OUR_WORDS.sub("", words))
        if len(rest) < 4:
            raise ValidationError(
                gettext("This is easy to guess. Use words that have nothing to do with each other"), code="ours"
            )

    def get_help_text(self) -> str:
        return gettext("Use words that have nothing to do with each other.")
