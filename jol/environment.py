"""Reading settings from the environment: a missing or misspelt one stops the start."""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FLAGS = {
    "1": True,
    "true": True,
    "on": True,
    "yes": True,
    "0": False,
    "false": False,
    "off": False,
    "no": False,
}
ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def env(name: str, default: str | None = None) -> str:
    """Return the variable, or `default`.

    :raises ImproperlyConfigured: it is missing (or empty) and has no default
    """
    value = _given(name) or default
    if value is None:
        raise ImproperlyConfigured(f"The environment variable {name} is missing. See .env.example.")
    return value


def _given(name: str) -> str:
    """Return the variable, or what is in the file that `<name>_FILE` names, as secrets of containers come.

    :raises ImproperlyConfigured: both are set, or the file cannot be read
    """
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if not path:
        return value
    if value:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{name}_FILE is {path}, which cannot be read.") from None


def env_flag(name: str, *, default: bool) -> bool:
    """Return a yes-or-no variable.

    :raises ImproperlyConfigured: it is neither on nor off
    """
    value = _given(name)
    if not value:
        return default
    try:
        return FLAGS[value.lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.") from None


def env_number(name: str, *, default: float) -> float:
    """Return a number.

    :raises ImproperlyConfigured: it is not a number
    """
    value = _given(name) or str(default)
    try:
        return float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a number.") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without empty parts."""
    return [part.strip() for part in (_given(name) or default).split(",") if part.strip()]


def env_origin(name: str) -> str:
    """Return an address without a path, such as https://files.example.org, or nothing.

    :raises ImproperlyConfigured: it is no such address
    """
    value = _given(name).rstrip("/").lower()
    if value and not ORIGIN.fullmatch(value):
        raise ImproperlyConfigured(f"{name} must be an address without a path, such as https://files.example.org.")
    return value


def sign_in_providers(name: str) -> list[dict[str, Any]]:
    """Return OpenID Connect providers, a JSON list of objects.

    :raises ImproperlyConfigured: it is no such list, or an issuer is not reached by https
    """
    try:
        providers = json.loads(_given(name) or "[]")
        for one in providers:
            missing = {"id", "name", "issuer", "client_id", "secret"} - set(one)
            issuer, _ = urlsplit(one.get("issuer", "")), urlsplit(one.get("authorise_at", ""))
            if missing or not (issuer.scheme == "https" or issuer.hostname == "127.0.0.1"):
                raise ImproperlyConfigured(
                    f"{name}: each provider needs id, name, client_id, secret and an https issuer."
                )
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ImproperlyConfigured(f"{name} must be a JSON list of objects.") from None
    return list(providers)


def oidc_apps(providers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return providers as allauth reads them."""
    return [
        {
            "provider_id": one["id"],
            "name": one["name"],
            "client_id": one["client_id"],
            "secret": one["secret"],
            "settings": {"server_url": one["issuer"], "oauth_pkce_enabled": True, "fetch_userinfo": False},
        }
        for one in providers
    ]


def origins_of(providers: list[dict[str, Any]]) -> list[str]:
    """Return where browsers are sent to sign in: the issuer's origin, and `authorise_at` where that differs."""
    found = [urlsplit(address) for one in providers for address in (one["issuer"], one.get("authorise_at", ""))]
    return sorted({f"{address.scheme}://{address.netloc}" for address in found if address.netloc})


def database_from_url(url: str) -> dict[str, object]:
    """Return Django's settings for `postgresql://user:password@host:port/name?host=…&sslmode=…`.

    A query parameter `host` names a socket folder, as libpq has it; others become connection options.
    :raises ImproperlyConfigured: it is not a PostgreSQL address
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL is no address: / in a password is written %2F, and so on.") from None
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": options.pop("port", None) or port or "",
        "OPTIONS": options,
    }
