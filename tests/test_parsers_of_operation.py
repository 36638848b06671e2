"""Parsers of headers, of lists of staff, and of what operation brings: as those in `test_parsers`."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from hypothesis import strategies as st

from accounts.browsers import BROWSERS, SYSTEMS, browser_of
from accounts.models import RateCount
from accounts.rates import network_address_of
from accounts.roles import Role
from accounts.tables import Row
from accounts.trail.anchors import anchors
from devstack.installation import ROOT
from devstack.supply.parts import PYPI, Part
from devstack.supply.vulnerabilities import NoDatabase, known_in
from jol.backup import BackupError, erased, withheld
from jol.backup.manifest import NAME as MANIFEST
from jol.backup.manifest import read_manifest
from jol.environment import database_from_url, origins_of, sign_in_providers
from lessons.attachments.scanners import ScannerAway, _verdict
from lessons.editions import read_edition
from lessons.importing.column_map import load_column_map
from lessons.importing.drafts import DraftMaker
from lessons.importing.names import Names
from lessons.warnings.check import look_through
from notifications.actions.holding import hold_mail, reconcile
from notifications.models.deliveries import message_id_domain
from notifications.sending.smtp import Server
from tests.factories import MembershipFactory, person
from tests.test_parsers import ANY_TEXT, BYTES, JSON, json_of, keeps_its_promise

pytestmark = pytest.mark.django_db

#: More than json reads in one breath.
DEEP = st.sampled_from([b"[" * 9_000, b'{"csp-report":' * 600, b"9" * 5_000])
ADDRESSES = st.from_regex(r"[a-z]{0,5}:?/{0,3}[\[\]@:?#%a-z0-9\uff03]{0,12}", fullmatch=True)
CAME_FROM = st.sampled_from(["http://[", "//[x]/", "http://testserver//evil.example/", "http://testserver/\\x"])
ODD = st.sampled_from(["0", "-1", "9" * 30, "2026-02-29", "9999-12-31", "0001-01-01"])
STAFF_PAGES = ["/review/", "/our-lessons/", "/mail/list/", "/accounts/audit/", "/foi/", "/subscriptions/new/"]
STAFF_PAGES += ["/accounts/people/national/uk/", "/mail/bounced/", "/mail/publications/", "/accounts/records/person/"]
NAMES = ["before", "page", "q", "who", "action", "what", "since", "until", "day", "request", "status", "state"]
NAMES += ["kind", "area", "words", "rows", "object", "email", "like", "risk", "brag"]
STAFF_QUERIES = st.dictionaries(st.sampled_from(NAMES), ANY_TEXT | ODD, max_size=5)
COLUMNS = ["code", "number", "name", "theme", "theme_code", "likelihood", "impact", "edition"]
CELLS = st.sampled_from([*COLUMNS, "2025", "1", "-1", "9" * 30, "", ",", "\n", '"', "\0", "\ufeff", "flood", "٣"])
#: Parts of what the check for personal data looks for.
# fmt: off
NEARLY = st.sampled_from([
    "07700 900", "+44 (0", ")", "123", " ", "\n", "a.b@", "example.org", "SW1A", " 2AA", "AB12 ", "CDE", "943 476 5919",
    "QQ 12 34 56 C", "born ", "1/2/1960", "Dr ", "Anna ", "Smith", "’s", "SECRET", "TOP ", "é", "٣", "00",
])
# fmt: on


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    staff = person(Role.SECRETARIAT)
    MembershipFactory(user=staff, role=Role.AUDITOR, organisation=staff.groups.get())
    client = Client()
    client.force_login(staff, backend="accounts.backends.SignInBackend")
    return SimpleNamespace(client=client, folder=tmp_path)


def as_header(text: str) -> str:
    """Return `text` as a server hands on a header."""
    return text.encode("utf-8", "ignore").decode("latin-1").replace("\n", "").replace("\r", "")


def a_report_of_a_browser_is_taken(world: Any, body: bytes) -> None:
    RateCount.objects.all().delete()
    answer = world.client.post("/csp-report/", body, content_type="application/csp-report")
    assert (answer.status_code, answer.content) == (204, b"")


def the_page_before_is_ours(world: Any, text: str) -> None:
    RateCount.objects.all().delete()
    for address, form in (("/accounts/language/", {"language": "cy"}), ("/accounts/session/", {"then": "back"})):
        answer = world.client.post(address, form, headers={"referer": as_header(text)})
        assert answer.status_code == 302, (address, text)
        assert re.match(r"/(?![\\/])", answer.headers["Location"]), (address, text, answer.headers["Location"])


def only_the_last_hop_says_where_a_request_is_from(world: Any, text: str) -> None:
    def place(told: str) -> str:
        asked = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=told, HTTP_USER_AGENT=text)
        assert set(browser_of(asked)) <= {"", *BROWSERS.values(), *SYSTEMS.values()}
        return network_address_of(asked)

    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        assert place(f"{text}, 198.51.100.7") == place("198.51.100.7")


def a_list_of_staff_is_shown(world: Any, asked: tuple[str, dict[str, str]]) -> None:
    address, query = asked
    assert world.client.get(address, query).status_code == 200, asked


def an_edition_is_read_or_says_what_is_wrong(world: Any, content: bytes) -> None:
    edition = read_edition(content)
    assert edition.problems or all(entry.code and entry.edition == edition.name for entry in edition.entries)


def only_one_answer_means_clean(world: Any, answer: str) -> None:
    try:
        found = _verdict(answer)
    except ScannerAway:
        return
    assert (found == "") == (answer == "stream: OK")


def what_is_found_in_a_text_stands_there(world: Any, text: str) -> None:
    ends = 0
    for found in look_through(text):
        assert ends <= found.start < found.end <= len(text)
        ends = found.end


def a_setting_is_understood_or_refused(world: Any, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OIDC_PROVIDERS", text.replace("\0", ""))
        for read in (
            lambda: database_from_url(text),
            lambda: database_from_url(f"postgresql://{text}"),
            lambda: Server.from_url(f"smtp://{text}"),
            lambda: origins_of(sign_in_providers("OIDC_PROVIDERS")),
        ):
            with suppress(ImproperlyConfigured):
                read()


def a_manifest_is_read_or_refused(world: Any, content: bytes) -> None:
    (world.folder / MANIFEST).write_bytes(content)
    with suppress(BackupError):
        read_manifest(world.folder)


def an_anchor_of_somebody_else_does_not_hold(world: Any, content: bytes) -> None:
    (world.folder / "2026-03.ndjson").write_bytes(content)
    assert not any(said for _, said in anchors(world.folder))


def a_row_becomes_a_draft_or_is_refused(world: Any, cells: dict[str, str]) -> None:
    names = Names()
    for column_map in MAPS:
        draft = DraftMaker(column_map, names).make(Row(2, dict.fromkeys(column_map.columns, "") | cells, []))
        assert draft.problems or draft.external_id
        assert draft.wording is not None
        assert draft.event is not None


def a_log_marks_no_mail_that_is_not_ours(world: Any, lines: str) -> None:
    with transaction.atomic():
        hold_mail(reason="Restored", after_restore=True, at=timezone.now())
        found = reconcile(log=io.StringIO(lines), at=timezone.now())
        transaction.set_rollback(True)
    assert found.marked == 0
    assert found.named == len(found.lost) <= lines.lower().count(f"@{message_id_domain()}".lower())


def a_list_of_what_to_do_again_is_read_or_told_of(world: Any, content: bytes) -> None:
    """Nothing of it is about anybody here: each line is about nobody, or cannot be read, and that is said."""
    for module in (erased, withheld):
        (world.folder / module.NAME).write_bytes(content)
    again = [*erased.erase_again(world.folder, at=timezone.now())]
    counts, faults = withheld.withhold_again(world.folder, at=timezone.now())
    assert counts == (0, 0, 0)
    assert all(" cannot be read" in fault for fault in [*again, *faults])
    assert len(again) <= len(content.splitlines())


def an_entry_about_a_part_is_compared_or_refused(world: Any, entry: dict[str, Any]) -> None:
    (world.folder / "entry.json").write_text(json.dumps(entry), encoding="ascii")
    with suppress(NoDatabase):
        for one in known_in(world.folder, [Part(PYPI, "django", "5.2")], today=date(2026, 3, 2)):
            assert one.part.name == "django"


MAPS = [load_column_map(path) for path in sorted((ROOT / "lessons" / "column_maps").glob("*.json"))]
COLUMNS_OF_MAPS = sorted({column for one in MAPS for column in one.columns})
LOGGED = st.sampled_from(
    ["status=sent", "message-id=<", ">", "\n", "@", message_id_domain(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "=\0"]
)
NUMBERS = JSON | st.integers() | st.sampled_from(["7", "2026-03-02T10:00:00+00:00", "9" * 40])
AGAIN = st.dictionaries(st.sampled_from(["person", "joined_at", "what", "at", "lesson", "file", "role"]), NUMBERS)
VERSIONS = st.sampled_from(["0", "5.1", "5.2", "5.2.1", "6.0rc1", "1!2", "x", "", "5.2-beta"])
EVENTS = st.lists(st.dictionaries(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), VERSIONS))
AFFECTED = st.fixed_dictionaries(
    {"package": st.fixed_dictionaries({"ecosystem": st.sampled_from([PYPI, "npm", ""]), "name": st.just("Django")})},
    optional={
        "versions": st.lists(VERSIONS),
        "ranges": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(["ECOSYSTEM", "SEMVER", "GIT"]), "events": EVENTS})
        ),
        "database_specific": st.fixed_dictionaries({"severity": ANY_TEXT}),
    },
)
ENTRIES = st.fixed_dictionaries(
    {"id": ANY_TEXT, "published": st.just("2026-03-01T00:00:00Z"), "affected": st.lists(AFFECTED, max_size=3)},
    optional={"modified": st.just("2026-03-01T00:00:00Z"), "withdrawn": st.just("2026-03-01T00:00:00Z")},
)
GIVEN = st.sampled_from(
    ["[]", '[{"text": 1}]', "{", "null", "yes", "official", "lesson_identified", "2026-02-29", "=1+1"]
)


PARSERS: dict[str, tuple[Callable[[Any, Any], None], Any]] = {
    "reports of browsers": (a_report_of_a_browser_is_taken, BYTES | JSON.map(json_of) | DEEP),
    "pages before": (the_page_before_is_ours, ANY_TEXT | ADDRESSES | CAME_FROM),
    "where from": (only_the_last_hop_says_where_a_request_is_from, ANY_TEXT),
    "lists of staff": (a_list_of_staff_is_shown, st.tuples(st.sampled_from(STAFF_PAGES), STAFF_QUERIES)),
    "editions": (
        an_edition_is_read_or_says_what_is_wrong,
        BYTES | st.lists(CELLS, max_size=30).map(lambda cells: ",".join(cells).encode()),
    ),
    "answers of the scanner": (
        only_one_answer_means_clean,
        ANY_TEXT | st.sampled_from(["stream: OK", "stream: OK FOUND", "stream:  FOUND", "stream: x ERROR", "OK"]),
    ),
    "personal data": (what_is_found_in_a_text_stands_there, ANY_TEXT | st.lists(NEARLY, max_size=9).map("".join)),
    "settings": (a_setting_is_understood_or_refused, ANY_TEXT | ADDRESSES | JSON.map(json_of).map(bytes.decode)),
    "manifests of backups": (a_manifest_is_read_or_refused, BYTES | JSON.map(json_of) | DEEP),
    "rows of an import": (
        a_row_becomes_a_draft_or_is_refused,
        st.dictionaries(st.sampled_from(COLUMNS_OF_MAPS), ANY_TEXT | GIVEN | ODD, max_size=12),
    ),
    "logs of mail servers": (
        a_log_marks_no_mail_that_is_not_ours,
        ANY_TEXT | st.lists(LOGGED, max_size=12).map("".join),
    ),
    "lists of what to do again": (
        a_list_of_what_to_do_again_is_read_or_told_of,
        BYTES | DEEP | st.lists(JSON | AGAIN, max_size=4).map(lambda said: b"\n".join(map(json_of, said))),
    ),
    "entries about vulnerabilities": (an_entry_about_a_part_is_compared_or_refused, ENTRIES),
    "anchors of the trail": (an_anchor_of_somebody_else_does_not_hold, BYTES | JSON.map(json_of) | DEEP),
}


@pytest.mark.parametrize("depth", [5, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("parser", PARSERS)
def test_a_parser_keeps_its_promise(parser: str, depth: int, world: Any) -> None:
    keeps_its_promise(*PARSERS[parser], world, depth)
