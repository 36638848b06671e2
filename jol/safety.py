"""What this portal refuses to start with, where others than its developer can reach it."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Connections that may go unencrypted if `PLAIN_CONNECTIONS` names them: somebody saw to it that nobody listens there.
CONNECTIONS = ("site", "database", "redis", "mail")
#: Django's own measure of a secret key (`manage.py check --deploy`, security.W009).
LEAST_LETTERS, LEAST_DIFFERENT = 50, 5
LEAST_OF_METRICS_TOKEN = 32
#: Passwords that examples and images come with.
KNOWN_PASSWORDS = {"change-me", "changeme", "password", "postgres", "portal", "jol", "secret", "admin", "root", "test"}


def refuse_unsafe(settings: Mapping[str, Any]) -> None:
    """Stop the start with every reason there is, a sentence each.

    :param settings: by name, as in `jol.settings`
    :raises ImproperlyConfigured: there is one
    """
    if reasons := list(refusals(settings)):
        raise ImproperlyConfigured("\n".join(reasons))


def refusals(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield why these settings are unsafe."""
    yield from _of_secrets(settings)
    yield from _of_plain_connections(settings)
    if urlsplit(settings["FILES_URL"]).hostname == (urlsplit(settings["SITE_URL"]).hostname or "").rstrip("."):
        yield "FILES_URL must name another host than SITE_URL, or be empty."
    if not all(map(is_this_machine, settings["ALLOWED_HOSTS"])):
        yield from _of_what_others_reach(settings)
    if settings["SCANNER_URL"].startswith("stub:") and not (settings["DEMO"] or settings["DEBUG"]):
        yield "SCANNER_URL=stub: scans nothing, so it is for demonstrations (DEMO=1) only."


def _of_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    keys = {"SECRET_KEY": [settings["SECRET_KEY"]], "SECRET_KEY_FALLBACKS": settings["SECRET_KEY_FALLBACKS"]}
    keys["AUDIT_SIGNING_KEY"] = [settings["AUDIT_SIGNING_KEY"]] if settings["AUDIT_SIGNING_KEY"] else []
    for name, values in keys.items():
        if any(map(_is_weak, values)):
            yield f"{name} is easy to guess: make one of {LEAST_LETTERS} random characters or more."
    if settings["DATABASES"]["default"]["PASSWORD"] in KNOWN_PASSWORDS:
        yield "DATABASE_URL has a password that everybody knows: give the database one of its own."
    if 0 < len(settings["METRICS_TOKEN"]) < LEAST_OF_METRICS_TOKEN:
        yield f"METRICS_TOKEN is too short: {LEAST_OF_METRICS_TOKEN} random characters or more, or none."


def _is_weak(key: str) -> bool:
    return len(key) < LEAST_LETTERS or len(set(key)) < LEAST_DIFFERENT or key.startswith("django-insecure-")


def _of_what_others_reach(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings["DEBUG"]:
        yield "DEBUG=1 shows the inside to everybody: it is for ALLOWED_HOSTS of this machine only."
    if "*" in settings["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS=* believes every name: write those of this site."
    if settings["STATIC_FROM_SOURCE"] and not settings["DEMO"]:
        yield "STATIC_FROM_SOURCE=1 is for development: run `manage.py collectstatic` instead."
    if not (settings["MFA_REQUIRED"] or settings["DEMO"]):
        yield "MFA_REQUIRED=0 leaves moderators with a password alone: that is for demonstrations (DEMO=1) only."
    if not settings["SITE_URL"].startswith("https://") and "site" not in settings["PLAIN_CONNECTIONS"]:
        yield "SITE_URL must begin with https://, or PLAIN_CONNECTIONS name site."
    if settings["FILES_URL"].startswith("http://") and "site" not in settings["PLAIN_CONNECTIONS"]:
        yield "FILES_URL must begin with https://, or PLAIN_CONNECTIONS name site."


def _of_plain_connections(settings: Mapping[str, Any]) -> Iterator[str]:
    """Servers on other machines are spoken to in a way that nobody between can read, or stand in for them."""
    allowed = settings["PLAIN_CONNECTIONS"]
    if unknown := set(allowed) - set(CONNECTIONS):
        yield f"PLAIN_CONNECTIONS names {', '.join(sorted(unknown))}: write some of {', '.join(CONNECTIONS)}."
    database = settings["DATABASES"]["default"]
    if "database" not in allowed and database["OPTIONS"].get("sslmode") != "verify-full":
        hosts = [str(database["HOST"]), str(database["OPTIONS"].get("hostaddr", ""))]
        if not all(map(is_this_machine, hosts)):
            yield "DATABASE_URL must end with ?sslmode=verify-full, or PLAIN_CONNECTIONS name database."
    redis = urlsplit(settings["REDIS_URL"])
    is_verified = redis.scheme == "rediss" and parse_qs(redis.query).get("ssl_cert_reqs", ["required"]) == ["required"]
    if "redis" not in allowed and not (is_verified or is_this_machine(redis.hostname or "")):
        yield "REDIS_URL must begin with rediss:// and check certificates, or PLAIN_CONNECTIONS name redis."
    mail = urlsplit(settings["EMAIL_URL"])
    has_tls = mail.scheme == "smtps" or parse_qs(mail.query).get("starttls") == ["1"]
    if "mail" not in allowed and not (has_tls or is_this_machine(mail.hostname or "")):
        yield "EMAIL_URL must begin with smtps:// or end with ?starttls=1, or PLAIN_CONNECTIONS name mail."


def is_this_machine(host: str) -> bool:
    """Whether a host name means this machine alone: loopback, or the folder of a socket (also the default one)."""
    if not host or host.startswith("/") or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
