"""What every answer says beside its content, whatever it is: pages, refusals, faults, files, the API."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, include, path, reverse

from accounts.models import User
from accounts.rates import network_address_of
from accounts.roles import Role
from devstack.check import PRODUCTION
from notifications.fan_out_sql import RANDOM_LETTERS
from notifications.models.subscriptions import new_token
from tests.factories import PASSWORD, person
from tests.test_access_matrix import ROWS, arguments_of, patterns

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent
STATIC = "/static/js/queue.js"
ALWAYS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: Of all but files that are the same for everyone.
OF_PAGES = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "report-uri": "/csp-report/",
}
#: What scanners ask for first.
PROBES = (ROOT / "tests" / "data" / "probed_paths.txt").read_text().split()


def fails(request: HttpRequest) -> HttpResponse:
    raise ValueError("On purpose.")


urlpatterns = [path("fails/", fails), path("", include("jol.urls"))]


@pytest.fixture(autouse=True)
def _as_on_a_server(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"


def visitor(user: User | None = None, **more: Any) -> Client:
    client = Client(raise_request_exception=False, **more)
    if user:
        client.force_login(user, backend="accounts.backends.SignInBackend")
    return client


def addresses() -> list[str]:
    """Return every address that needs no argument."""
    named = [name for name, pattern in patterns(get_resolver()) if not pattern.pattern.regex.groupindex]
    return sorted({reverse(name) for name in named if re.fullmatch(r"[\w:-]+", name)})


def said_too_little(answer: Any, address: str) -> list[str]:
    """Return what the headers of an answer lack or tell too much."""
    headers, is_static = answer.headers, address.startswith("/static/")
    wanted = ALWAYS if is_static else ALWAYS | OF_PAGES
    wrong = [f"{name}: {headers.get(name)}" for name, value in wanted.items() if headers.get(name) != value]
    wrong += [name for name in headers if name.startswith("Access-Control-") or name in {"Server", "X-Powered-By"}]
    kind = headers.get("Content-Type", "")
    if kind.startswith("text/") and "charset=utf-8" not in kind.lower().replace('"', ""):
        wrong.append(kind)
    if answer.status_code != 204 and not kind and answer.content:
        wrong.append("no type")
    if not is_static:
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        wrong += [f"{name} {policy.get(name)}" for name, value in POLICY.items() if policy.get(name) != value]
        is_public = address.startswith("/schemas/")  # files of the exchange, the same for everyone
        if not is_public and not {"no-store", "private"} & set(re.split(r",\s*", headers.get("Cache-Control", ""))):
            wrong.append("may be stored")
    for cookie in answer.cookies.values():
        ours = cookie.key.startswith("__Host-") and cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
        if not (ours and cookie["samesite"] in {"Lax", "Strict"} and not cookie["domain"]):
            wrong.append(str(cookie))
    return wrong


@pytest.mark.slow
def test_every_answer_has_every_header_and_cookies_are_locked_to_the_host() -> None:
    signed_in, stranger = visitor(person(Role.SECRETARIAT)), visitor()
    strict = visitor(person(), enforce_csrf_checks=True)
    answers = {}
    for address in addresses():
        if address != reverse("account_logout"):
            answers[f"{address} signed in"] = signed_in.get(address, secure=True)
        answers[address] = stranger.get(address, secure=True)
    odd = [
        "/no/such/page/",
        "/fails/",
        STATIC,
        "/static/no-such.js",
        "/api/v1/no-such/",
        "/api/v1/lessons/LI-2026-00001/",
    ]
    answers |= {address: signed_in.get(address, secure=True) for address in odd}
    answers["/submit/ forged"] = strict.post("/submit/", secure=True)
    answers["/lessons/ of another host"] = stranger.get("/lessons/", headers={"host": "elsewhere.example"}, secure=True)
    answers["/lessons/ TRACE"] = signed_in.generic("TRACE", "/lessons/", secure=True)
    signing_in = {"login": person().email, "password": PASSWORD}
    answers["/accounts/login/ POST"] = visitor().post("/accounts/login/", signing_in, secure=True)

    found = {answer.status_code for answer in answers.values()}
    assert {200, 302, 400, 401, 403, 404, 405, 500} <= found
    assert {name: wrong for name, one in answers.items() if (wrong := said_too_little(one, name))} == {}


def test_no_other_site_is_let_read_an_answer() -> None:
    client = visitor(person())
    for address in ("/lessons/", "/api/v1/lessons/", STATIC, "/health/"):
        for method in ("GET", "OPTIONS"):
            asked = {"origin": "https://elsewhere.example", "access-control-request-method": "PUT"}
            answer = client.generic(method, address, headers=asked, secure=True)
            assert not [name for name in answer.headers if name.startswith("Access-Control")], (method, address)


def test_what_scanners_ask_for_is_not_there_for_anybody() -> None:
    for client in (visitor(), visitor(person(Role.SECRETARIAT))):
        answers = {address: client.get(address, secure=True).status_code for address in PROBES}
        assert {address: code for address, code in answers.items() if code not in {404, 405}} == {}
        for address in ("/", "/lessons/", "/api/v1/lessons/"):
            for method in ("TRACE", "TRACK", "CONNECT", "PROPFIND"):
                assert client.generic(method, address, secure=True).status_code == 405
    assert len(PROBES) >= 60


def test_no_form_is_taken_without_its_token() -> None:
    exempt = {"/csp-report/"}  # writes a log line and nothing else
    client = visitor(person(Role.SECRETARIAT), enforce_csrf_checks=True)
    posted = {row["route"] for row in ROWS if row["method"] != "GET" and not arguments_of()[row["route"]]}
    tried = {reverse(route) for route in posted if ":" not in route} - exempt
    answers = {address: client.post(address, {"x": "1"}, secure=True).status_code for address in tried}

    assert len(tried) > 15
    assert {address: code for address, code in answers.items() if code != 403} == {}


def test_signing_out_clears_the_browser() -> None:
    for leave in ("/accounts/logout/", "/accounts/sign-out-everywhere/"):
        client = visitor(person())
        assert "Clear-Site-Data" not in client.get("/lessons/", secure=True).headers

        assert client.post(leave, secure=True).headers["Clear-Site-Data"] == '"cache", "storage"'


def test_where_a_request_is_from_is_believed_of_the_trusted_proxy_only(rf: Any, settings: Any) -> None:
    def place(**headers: str) -> str:
        return network_address_of(rf.get("/", headers=headers, REMOTE_ADDR="192.0.2.1"))

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert place() == place(**{"x-forwarded-for": "198.51.100.7"}) == place(**{"x-real-ip": "198.51.100.7"})

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    honest = place(**{"x-forwarded-for": "198.51.100.7"})
    assert honest == place(**{"x-forwarded-for": "203.0.113.9, 198.51.100.7"})
    assert honest != place(**{"x-forwarded-for": "198.51.100.7, 203.0.113.9"})


def test_whoever_has_one_address_of_ipv6_has_very_many_and_is_counted_once(rf: Any) -> None:
    def place(address: str) -> str:
        return network_address_of(rf.get("/", REMOTE_ADDR=address))

    assert place("2001:db8:1:2::1") == place("2001:db8:1:2:ffff:ffff:ffff:ffff") != place("2001:db8:1:3::1")


def test_a_forged_scheme_makes_no_request_secure(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, None

    answer = visitor().get("/lessons/", headers={"x-forwarded-proto": "https"})

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/lessons/"


def test_reports_of_browsers_are_taken_whatever_they_are() -> None:
    client = visitor()
    report = json.dumps({"csp-report": {"effective-directive": "script-src", "document-uri": "https://x/secret"}})
    for body in (
        report,
        "{}",
        "[]",
        "no json",
        "\x00",
        '{"csp-report": {"violated-directive": 7}}',
        "x" * 50_000,
        "[" * 9_000,
    ):
        answer = client.post("/csp-report/", body, content_type="application/csp-report", secure=True)
        assert answer.status_code == 204


# -- secrets ----------
def test_tokens_have_at_least_128_bits_of_chance() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {RANDOM_LETTERS} FROM generate_series(1, 400)")  # noqa: S608 - a constant
        by_database = [token for (token,) in cursor.fetchall()]
    for tokens in ([new_token() for _ in range(400)], by_database):
        assert len(set(tokens)) == 400
        assert {len(token) for token in tokens} == {43}
        assert all(re.fullmatch(r"[\w-]{43}", token) for token in tokens)
        # Places that hold one and the same letter in all tokens, as the version of a UUID does, tell nothing.
        free = [len({token[place] for token in tokens}) for place in range(43)]
        assert sum(5 for different in free if different >= 32) >= 128


def test_a_fresh_installation_has_no_account() -> None:
    assert not User.objects.exists()


@pytest.mark.slow
def test_the_settings_of_a_server_are_strict() -> None:
    ask = "import json, jol.settings as s; held = {name: getattr(s, name) for name in dir(s) if name.isupper()}"
    ask += "; print(json.dumps(held, default=str))"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=os.environ | PRODUCTION, capture_output=True, text=True, check=True
    )
    held = json.loads(done.stdout)

    assert held["SESSION_COOKIE_NAME"] == "__Host-session"
    assert held["CSRF_COOKIE_NAME"] == "__Host-csrf"
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY"):
        assert held[name] is True, name
    assert held["SECURE_HSTS_SECONDS"] >= 31536000
    assert held["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert held["DEBUG"] is False
    assert held["MFA_REQUIRED"] is True
    assert "django.contrib.admin" not in held["INSTALLED_APPS"]
    assert held["PASSWORD_HASHERS"][0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert held["CELERY_ACCEPT_CONTENT"] == ["json"]
    assert held["REST_FRAMEWORK"]["DEFAULT_PERMISSION_CLASSES"] == ["accounts.api.HasScope"]
    assert 0 < held["DATA_UPLOAD_MAX_MEMORY_SIZE"] <= 5 * 1024 * 1024
