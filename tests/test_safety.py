"""What the portal refuses to start with, and how secrets reach it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from devstack.check import PRODUCTION
from jol.environment import env, env_flag, env_list, env_origin
from jol.safety import is_this_machine, refusals, refuse_unsafe

ROOT = Path(__file__).resolve().parent.parent
KEY = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef"
HERE = {"ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"], "SITE_URL": "http://127.0.0.1:8000"}


def safe(**changed: Any) -> dict[str, Any]:
    """Return the settings of a server, but for what is changed."""
    return {
        "DEBUG": False,
        "DEMO": False,
        "MFA_REQUIRED": True,
        "STATIC_FROM_SOURCE": False,
        "SECRET_KEY": KEY,
        "SECRET_KEY_FALLBACKS": [],
        "AUDIT_SIGNING_KEY": "",
        "ALLOWED_HOSTS": ["lessons.example.org"],
        "SITE_URL": "https://lessons.example.org",
        "FILES_URL": "",
        "PLAIN_CONNECTIONS": [],
        "DATABASES": database(sslmode="verify-full"),
        "REDIS_URL": "rediss://:word@redis.example.org:6379/0",
        "EMAIL_URL": "smtp://mail.example.org:587?starttls=1",
        "SCANNER_URL": "clamd://clamav.example.org:3310",
        "METRICS_TOKEN": "",
    } | changed


def database(host: str = "db.example.org", password: str = "kiv6-otter", **options: str) -> dict[str, Any]:  # noqa: S107
    return {"default": {"HOST": host, "PASSWORD": password, "OPTIONS": options}}


UNSAFE: list[tuple[str, dict[str, Any]]] = [
    ("SECRET_KEY is easy", {"SECRET_KEY": ""}),
    ("SECRET_KEY is easy", {"SECRET_KEY": KEY[:49]}),
    ("SECRET_KEY is easy", {"SECRET_KEY": "abab" * 20}),
    ("SECRET_KEY is easy", {"SECRET_KEY": f"django-insecure-{KEY}"}),
    ("SECRET_KEY is easy", {"SECRET_KEY": "short", "DEBUG": True, **HERE}),
    ("SECRET_KEY_FALLBACKS is easy", {"SECRET_KEY_FALLBACKS": [KEY, "old"]}),
    ("AUDIT_SIGNING_KEY is easy", {"AUDIT_SIGNING_KEY": "winter"}),
    ("METRICS_TOKEN is too short", {"METRICS_TOKEN": "prometheus"}),
    (
        "DATABASE_URL has a password that everybody knows",
        {"DATABASES": database("db", "change-me", sslmode="verify-full")},
    ),
    ("DATABASE_URL has a password", {"DATABASES": database("", "postgres")}),
    ("DEBUG=1 shows", {"DEBUG": True}),
    ("ALLOWED_HOSTS=* believes", {"ALLOWED_HOSTS": ["*"]}),
    ("STATIC_FROM_SOURCE=1 is for development", {"STATIC_FROM_SOURCE": True}),
    ("MFA_REQUIRED=0 leaves", {"MFA_REQUIRED": False}),
    ("SITE_URL must begin with https", {"SITE_URL": "http://lessons.example.org"}),
    ("SITE_URL must begin with https", {"SITE_URL": "http://127.0.0.1:8000"}),
    ("FILES_URL must name another host", {"FILES_URL": "https://lessons.example.org"}),
    ("FILES_URL must name another host", {"FILES_URL": "https://lessons.example.org:8443"}),
    ("FILES_URL must begin with https", {"FILES_URL": "http://files.example.org"}),
    ("DATABASE_URL must end", {"DATABASES": database()}),
    ("DATABASE_URL must end", {"DATABASES": database(sslmode="require")}),
    ("DATABASE_URL must end", {"DATABASES": database("", hostaddr="192.0.2.1")}),
    ("REDIS_URL must begin", {"REDIS_URL": "redis://redis.example.org:6379/0"}),
    ("REDIS_URL must begin", {"REDIS_URL": "rediss://redis.example.org:6379/0?ssl_cert_reqs=none"}),
    ("EMAIL_URL must begin", {"EMAIL_URL": "smtp://mail.example.org:25"}),
    ("EMAIL_URL must begin", {"EMAIL_URL": "smtp://mail.example.org:25?starttls=0"}),
    ("SCANNER_URL=stub: scans nothing", {"SCANNER_URL": "stub:"}),
    ("PLAIN_CONNECTIONS names ldap", {"PLAIN_CONNECTIONS": ["ldap"]}),
]
SAFE: list[dict[str, Any]] = [
    {},
    {"SECRET_KEY_FALLBACKS": [KEY[::-1]], "AUDIT_SIGNING_KEY": KEY},
    {"EMAIL_URL": "smtps://mail.example.org"},
    {"FILES_URL": "https://files.example.org"},
    HERE | {"FILES_URL": "http://localhost:8000"},
    {"DEMO": True, "MFA_REQUIRED": False, "SCANNER_URL": "stub:", "STATIC_FROM_SOURCE": True},
    HERE | {"DEBUG": True, "MFA_REQUIRED": False, "SCANNER_URL": "stub:", "STATIC_FROM_SOURCE": True},
    {"DATABASES": database("/var/run/postgresql"), "REDIS_URL": "unix:///run/redis.sock"},
    {"DATABASES": database("localhost"), "REDIS_URL": "redis://[::1]/0", "EMAIL_URL": "smtp://127.0.0.1:25"},
    {
        "PLAIN_CONNECTIONS": ["site", "database", "redis", "mail"],
        "SITE_URL": "http://lessons.internal",
        "DATABASES": database("db"),
        "REDIS_URL": "redis://redis:6379/0",
        "EMAIL_URL": "smtp://mail:25",
    },
]


@pytest.mark.parametrize(("reason", "changed"), UNSAFE, ids=lambda value: str(value)[:60])
def test_it_does_not_start_with_what_is_unsafe_and_says_why_in_one_sentence(
    reason: str, changed: dict[str, Any]
) -> None:
    [told] = list(refusals(safe(**changed)))

    assert told.startswith(reason)
    assert told.endswith(".")
    assert len(told) < 120
    with pytest.raises(ImproperlyConfigured, match=reason.split("=", maxsplit=1)[0]):
        refuse_unsafe(safe(**changed))


@pytest.mark.parametrize("changed", SAFE, ids=lambda value: str(value)[:60])
def test_it_starts_with_what_is_safe_or_explicitly_allowed(changed: dict[str, Any]) -> None:
    refuse_unsafe(safe(**changed))


def test_all_that_is_unsafe_is_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        refuse_unsafe(safe(SECRET_KEY="x", MFA_REQUIRED=False, REDIS_URL="redis://redis/0"))

    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize("host", ["127.0.0.1.example.org", "10.0.0.1", "localhost.example.org", "db"])
def test_a_name_that_looks_like_this_machine_is_another(host: str) -> None:
    assert not is_this_machine(host)


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "word").write_text(" one,two \n")
    monkeypatch.setenv("OUR_WORD_FILE", str(tmp_path / "word"))
    assert env("OUR_WORD") == "one,two"
    assert env_list("OUR_WORD") == ["one", "two"]

    monkeypatch.setenv("OUR_WORD", "three")
    with pytest.raises(ImproperlyConfigured, match="OUR_WORD or OUR_WORD_FILE, not both"):
        env("OUR_WORD")

    monkeypatch.delenv("OUR_WORD")
    monkeypatch.setenv("OUR_WORD_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env_flag("OUR_WORD", default=True)


def test_an_origin_is_an_address_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, read in (("", ""), ("https://Files.example.org/", "https://files.example.org")):
        monkeypatch.setenv("OUR_ORIGIN", given)
        assert env_origin("OUR_ORIGIN") == read

    for wrong in (
        "files.example.org",
        "ftp://x.org",
        "https://x.org/files",
        "https://a@x.org",
        "https://x.org.",
        "//x",
    ):
        monkeypatch.setenv("OUR_ORIGIN", wrong)
        with pytest.raises(ImproperlyConfigured, match="an address without a path"):
            env_origin("OUR_ORIGIN")


def test_none_of_djangos_checks_of_security_is_silenced(settings: Any) -> None:
    codes = {"guardian.W001", "auth.W004"}  # neither is one: our backend is a narrower one; addresses are unique
    assert set(settings.SILENCED_SYSTEM_CHECKS) == codes

    settings.SILENCED_SYSTEM_CHECKS = []
    assert {found.id for found in run_checks()} == codes


@pytest.mark.slow
def test_the_settings_of_a_server_pass_djangos_checks_of_a_deployment_and_unsafe_ones_do_not_start() -> None:
    command = [sys.executable, "-W", "ignore", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ours = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    environment = ours | PRODUCTION

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    weak = environment | {"SECRET_KEY": "word", "MFA_REQUIRED": "0"}
    refused = subprocess.run(command, cwd=ROOT, env=weak, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert refused.returncode != 0
    assert "SECRET_KEY is easy to guess" in refused.stderr
    assert "MFA_REQUIRED=0" in refused.stderr
