"""Reading settings from the environment: a missing or misspelt one stops the start."""

import os
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


def env(name: str, default: str | None = None) -> str:
    """Return the variable, or `default`.

    :raises ImproperlyConfigured: it is missing (or empty) and has no default
    """
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"The environment variable {name} is missing. See .env.example.")
    return value


def env_flag(name: str, *, default: bool) -> bool:
    """Return a yes-or-no variable.

    :raises ImproperlyConfigured: it is neither on nor off
    """
    value = os.environ.get(name, "")
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
    value = os.environ.get(name) or str(default)
    try:
        return float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: write a number.") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without empty parts."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database_from_url(url: str) -> dict[str, object]:
    """Return Django's settings for `postgresql://user:password@host:port/name?host=…&sslmode=…`.

    A query parameter `host` names a socket folder, as libpq has it; others become connection options.
    :raises ImproperlyConfigured: it is not a PostgreSQL address
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": options.pop("port", None) or parts.port or "",
        "OPTIONS": options,
    }
