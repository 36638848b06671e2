"""The second factor: who must have one, whether somebody has, and codes that work once."""

import secrets
from datetime import datetime

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import audit
from accounts.models import RecoveryCode, User
from accounts.roles import ADMINISTERS, CLEARED_BY_ROLE

STEP_SECONDS = 30
#: Clocks of phones may be one step off.
STEPS_OFF = (-1, 0, 1)
RECOVERY_CODES = 10
#: Letters and digits that nobody takes for each other; ten of them are 50 bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz234567890"


def needs_second_factor(user: User) -> bool:
    """Whether `user` moderates, administers or may read OFFICIAL-SENSITIVE, by a membership in force today."""
    if not settings.MFA_REQUIRED:
        return False
    return any(m.cleared or m.role in CLEARED_BY_ROLE | ADMINISTERS for m in user.active_memberships)


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk).exists())  # allauth has no types


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed since, by more than a password."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def note_second_factor(request: HttpRequest, user: User, kind: str) -> None:
    """Remember in this session that a second factor was shown, and give the session a new id."""
    record_authentication(request, user, "mfa", type=kind, reauthenticated=True)
    request.session.cycle_key()


@transaction.atomic
def forget_factors(*, user: User, by: User | None, at: datetime) -> None:
    """Take every factor away from somebody who lost them: the next sign-in leads to setting one up."""
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    audit.record(action="factor.forget", subject=user, by=by, at=at)


# -- codes of an app ------------------------------------------------------------------------------
def step_of(code: str, secret: str, at: datetime) -> int | None:
    """Return the step of the clock to which `code` belongs, if it is one about now."""
    now = int(at.timestamp()) // STEP_SECONDS
    steps = [now + off for off in STEPS_OFF]
    right = [step for step in steps if constant_time_compare(format_hotp_value(hotp_value(secret, step)), code)]
    return right[0] if right else None


@transaction.atomic
def set_up_app(*, user: User, secret: str, code: str, at: datetime) -> bool:
    """Store the app that shows `code`, in the place of an earlier one; say whether the code was right.

    The code counts as used.
    """
    step = step_of(plain(code), secret, at)
    if step is None:
        return False
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret), "last_step": step}
    )
    audit.record(action="factor.add", subject=user, by=user, at=at, reason="app")
    return True


@transaction.atomic
def use_code(*, user: User, code: str, at: datetime) -> str:
    """Use up a code of the person's app or a recovery code; return "totp", "recovery_code", or "" if it is wrong.

    A code works once, also when two sessions show it at the same moment.
    """
    code = plain(code)
    app = Authenticator.objects.select_for_update().filter(user=user, type=Authenticator.Type.TOTP).first()
    if app and (secret := _secret_of(app)):
        step = step_of(code, secret, at)
        if step is not None and step > app.data.get("last_step", 0):
            app.data |= {"last_step": step, "secret": encrypt(secret)}  # with the newest key
            app.last_used_at = at
            app.save(update_fields=["data", "last_used_at"])
            return "totp"
    digests = [_digest(user, code, key) for key in _keys()]
    unused = RecoveryCode.objects.filter(user=user, digest__in=digests, used_at=None)
    if code and unused.update(used_at=at):
        audit.record(action="factor.recovery_code", subject=user, by=user, at=at)
        return "recovery_code"
    return ""


def renew_secrets() -> tuple[int, int]:
    """Encrypt the secret of every app with the newest key; return how many there are, and how many no key opens."""
    number, lost = 0, 0
    for pk in Authenticator.objects.filter(type=Authenticator.Type.TOTP).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():  # one at a time: somebody may be signing in
            app = Authenticator.objects.select_for_update().filter(pk=pk).first()
            secret = _secret_of(app) if app else None
            if app and secret:
                app.data["secret"] = encrypt(secret)
                app.save(update_fields=["data"])
            number, lost = number + 1, lost + (secret is None)
    return number, lost


def _secret_of(app: Authenticator) -> str | None:
    """Return the secret, or None where the key that it was encrypted with is not among ours any more."""
    try:
        secret: str = decrypt(app.data["secret"])
    except InvalidToken:
        return None
    return secret


def plain(code: str) -> str:
    """Return a code as it is compared: without the spaces and hyphens that make it easy to read."""
    return "".join(code.split()).replace("-", "").lower()


# -- recovery codes -------------------------------------------------------------------------------
@transaction.atomic
def new_recovery_codes(*, user: User, at: datetime) -> list[str]:
    """Make ten codes in the place of all earlier ones, and return them: they cannot be read again."""
    User.objects.select_for_update().get(pk=user.pk)
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(user, code, settings.SECRET_KEY)) for code in codes
    )
    audit.record(action="factor.new_recovery_codes", subject=user, by=user, at=at)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user: User, code: str, key: str) -> str:
    return salted_hmac(f"accounts.recovery_code:{user.pk}", code, secret=key, algorithm="sha256").hexdigest()


def _keys() -> list[str]:
    """Return the keys of this installation, the newest first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
