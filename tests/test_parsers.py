"""Every parser, given what nobody thought of: it returns what it promises or refuses with the error it names.

Each stands in `PARSERS` with what it is given and what must hold.  A few examples run always, many more among the slow
tests.  What the API is sent is made up by `test_schema_fuzz`, formulas by `test_exports`, passages by `test_plan`;
headers, lists of staff and what operation brings are in `test_parsers_of_operation`.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from string import whitespace
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import APIException
from rest_framework.exceptions import ValidationError as RefusedByApi

from accounts.adapter import AccountAdapter
from accounts.second_factor import plain, step_of
from accounts.table_files import open_table
from accounts.tables import UnreadableTable
from govuk.fields import DateField, PartialDateField
from jol.logs import LineFormatter
from jol.pagination import CursorPages
from jol.parsing import StrictJSONParser
from lessons.api.changes import SinceSerializer
from lessons.attachments.content import kind_of
from lessons.attachments.kinds import Refused, plain_name
from lessons.draft_keys import holder_of, key_for
from lessons.exports.writers import harmless
from lessons.filters import LessonFilters
from lessons.forms.sheet import unpacked
from lessons.importing.column_map import BadColumnMap, column_map
from lessons.models import Lesson, Publication
from lessons.search.finding import best_first, search
from lessons.search.spelling import suggestion
from lessons.search.words import take_apart
from notifications.actions import as_query
from notifications.bounces.reports import read_report
from notifications.bounces.signing import envelope_sender, signed_delivery
from notifications.forms.subscriptions import PREFILLED_BY, SubscriptionForm, left_out, prefilled
from tests.factories import LessonFactory, PublicationFactory, person
from tests.files import GOOD

pytestmark = pytest.mark.django_db

#: With NUL, marks that turn the direction, and what lies beyond the first plane.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
#: Half a pair of surrogates too, as JSON can spell it.
JSON_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
BYTES = st.binary(max_size=400)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | JSON_TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_TEXT, inner, max_size=4))
ORDERS = [
    "flood",
    "-",
    '"',
    "OR",
    "AND",
    "(",
    ")",
    "&",
    "|",
    "!",
    ":*",
    "<->",
    "<2>",
    "'",
    "\\",
    "%",
    "_",
    "é",
    "🚒",
    " ",
]
OPERATORS = st.lists(st.sampled_from(ORDERS), max_size=40).map("".join)
PARTS = st.sampled_from(
    ["0", "00", "31", "29", "2", "feb", "February", "٣", "12", "2026", "9999", "-1", "1e3", " ", ""]
)
QUERIES = st.dictionaries(
    st.sampled_from([*LessonFilters.base_fields, "page", "page_size", "cursor", "sort"]), ANY_TEXT
)


@pytest.fixture
def world() -> SimpleNamespace:
    writer = LessonFactory().author
    return SimpleNamespace(
        lesson=Lesson.objects.get(),
        writer=writer,
        reader=person(),
        readable=Publication.objects.filter(pk=PublicationFactory().pk),
        client=Client(),
    )


# -- what must hold --------------------------------------------------------------------------------
def words_are_searched_for(world: Any, text: str) -> None:
    asked = search(world.readable, text)
    assert set(asked.among(world.readable)) <= set(world.readable)
    asked.best(world.readable, at_most=5)
    list(best_first(world.readable, text)[:5])
    as_query(text)
    suggestion(text[:300], world.readable)
    take_apart(text)


def filters_narrow(world: Any, query: dict[str, str]) -> None:
    sent = QueryDict(mutable=True)
    sent.update(query)
    filters = LessonFilters(sent)
    assert set(filters.apply(world.readable)) <= set(world.readable)
    assert "q" in filters.errors or len(filters.labels) <= len(query)


def a_subscription_begins_with_what_is_asked_for(world: Any, query: dict[str, str]) -> None:
    sent = QueryDict(mutable=True)
    sent.update(query)
    wanted = prefilled(sent, world.readable)
    assert all(isinstance(text, str) for name in PREFILLED_BY.values() for text in wanted[name])
    left_out(sent)
    world.client.force_login(world.reader, backend="accounts.backends.SignInBackend")
    page = world.client.get("/subscriptions/new/", query)
    assert page.status_code == 200
    fields = SubscriptionForm.base_fields
    ticked = {name for name in PREFILLED_BY.values() if set(wanted[name]) & {str(k) for k, _ in fields[name].choices}}
    assert all(f'name="{name}"' in page.text for name in ticked)


def a_cursor_is_ours_or_refused(world: Any, cursor: str) -> None:
    pages = CursorPages()
    pages.page_by = ("-published_at", "-pk")
    try:
        _, edge = pages._read(cursor, world.readable)
    except RefusedByApi:
        return
    assert edge is None or len(edge) == 2


def forged_cursor(values: Any) -> str:
    try:
        written = json.dumps(values).encode("utf-8", "surrogatepass")
    except ValueError:
        written = b""
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def a_key_opens_its_own_draft_only(world: Any, key: str) -> None:
    assert holder_of(key, world.lesson.pk, AnonymousUser()) is None


def a_key_that_was_touched_opens_nothing(world: Any, change: tuple[int, str]) -> None:
    place, letter = change
    key = key_for(world.lesson, world.writer)
    touched = key[: place % len(key)] + letter + key[place % len(key) + 1 :]
    found = holder_of(touched, world.lesson.pk, AnonymousUser())
    assert (found is None) == (touched != key)
    assert holder_of(key, world.lesson.pk + 1, AnonymousUser()) is None


def an_address_of_bounces_is_ours_or_none(world: Any, text: str) -> None:
    assert signed_delivery([text]) is None


def an_address_of_bounces_leads_back(world: Any, change: tuple[int, int, str]) -> None:
    number, place, letter = change
    address = envelope_sender(number)
    assert signed_delivery([f'"Bounces" <{address}>']) == number
    local = address.partition("@")[0].partition("+")[2]
    at = place % len(local)
    touched = local[:at] + letter + local[at + 1 :]
    if touched.lower() != local.lower():
        assert signed_delivery([address.replace(local, touched)]) in {None, number if letter == "" else None}


def a_notice_is_read_or_passed_over(world: Any, raw: bytes) -> None:
    found = read_report(raw, recipient=envelope_sender(7))
    assert found is None or found.delivery == 7


NOTICE = (
    b"To: x\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\n\r\nwords\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n%s\r\n--b--\r\n"
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"Action", b"Status", b"Diagnostic-Code", b"Final-Recipient", b"Date", b"Content-Type"]),
        st.sampled_from([b"failed", b"5.1.1", b"smtp; 550 5.1.1 no", b"rfc822; <>", b"=?utf-8?q?=ff?=", b"multipart/x"])
        | st.binary(max_size=30),
    ),
    max_size=8,
).map(lambda fields: NOTICE % b"\r\n".join(b": ".join(field) for field in fields))


def json_is_read_once_and_strictly(world: Any, body: bytes) -> None:
    try:
        found = StrictJSONParser().parse(io.BytesIO(body))
    except APIException:
        return
    assert json.loads(body.decode("utf-8-sig")) == found


def json_of(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def a_table_is_read_or_refused(world: Any, sheet: tuple[bytes, str]) -> None:
    content, suffix = sheet
    path = Path(world.folder) / f"sheet{suffix}"
    path.write_bytes(content)
    try:
        table = open_table(path, row_limit=50)
        rows = list(table.rows())
    except UnreadableTable:
        return
    assert all(set(row.cells) <= set(table.columns) for row in rows)


CELLS = st.text(st.sampled_from(list('ab,;\t"\n\r\0=é\ufeff')), max_size=120)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-8-sig"])


@st.composite
def changed(draw: Any, name: str) -> bytes:
    """Return a good file of which a few bytes are others."""
    whole = GOOD[name]
    at, put = draw(st.integers(0, len(whole))), draw(st.binary(max_size=6))
    return whole[:at] + put + whole[at + len(put) :]


SHEETS = st.one_of(
    st.tuples(BYTES, st.sampled_from([".csv", ".xlsx", ".jsonl", ""])),
    st.tuples(st.builds(lambda text, code: text.encode(code, "replace"), CELLS, ENCODINGS), st.just(".csv")),
    st.tuples(JSON.map(json_of), st.just(".jsonl")),
    st.tuples(changed("list.xlsx"), st.just(".xlsx")),
)


def a_preview_comes_back_or_is_refused(world: Any, sent: str) -> None:
    try:
        rows = unpacked(sent, {"cell-2-title": "x"})
    except ValueError:
        return
    assert all(row.line >= 0 for row in rows)


def a_map_of_columns_is_understood_or_refused(world: Any, found: Any) -> None:
    try:
        column_map(found, "map.json")
    except BadColumnMap:
        return


def a_file_has_a_kind_or_is_refused(world: Any, file: tuple[bytes, str]) -> None:
    content, name = file
    try:
        kind = kind_of(io.BytesIO(content), name)
    except Refused:
        return
    assert name.casefold().endswith(kind.suffixes)


FILES = st.one_of(
    st.tuples(BYTES, st.sampled_from(list(GOOD))), *(st.tuples(changed(name), st.just(name)) for name in GOOD)
)


def a_name_of_a_file_is_plain(world: Any, name: str) -> None:
    shown = plain_name(name)
    assert not re.search(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]", shown)


def a_code_of_six_digits_is_right_or_not(world: Any, code: str) -> None:
    assert step_of(plain(code), "JBSWY3DPEHPK3PXP", datetime.now().astimezone()) is None or len(plain(code)) == 6


def a_date_is_one_or_refused(world: Any, parts: tuple[str, str, str]) -> None:
    sent = dict(zip(("day", "month", "year"), parts, strict=True))
    for field in (DateField(required=False), PartialDateField(required=False)):
        try:
            found = field.clean(sent)
        except ValidationError:
            continue
        assert found is None or getattr(found, "date", found).year >= 1900


def a_moment_is_one_or_refused(world: Any, text: str) -> None:
    asked = SinceSerializer(data={"since": text})
    if asked.is_valid() and asked.validated_data:
        assert asked.validated_data["since"].tzinfo


def a_token_that_is_none_is_refused(world: Any, text: str) -> None:
    for header in (text, f"Token {text}", f"token {text} x", f"Bearer {text}"):
        sent = header.encode("utf-8", "ignore").decode("latin-1").replace("\n", "").replace("\r", "")
        assert world.client.get("/api/v1/themes/", HTTP_AUTHORIZATION=sent).status_code == 401


def a_reference_or_a_signed_link_of_nobody_opens_nothing(world: Any, text: str) -> None:
    slug = re.sub(r"[^A-Za-z0-9_-]", "", text) or "x"
    for place in ("unsubscribe/{}/", "d/{}/", "mailbox/{}/", "accounts/password/reset/key/1-{}/"):
        for asked in (slug, signing.dumps(text)):
            answer = world.client.get("/" + place.format(asked))
            assert answer.status_code in {200, 302, 404, 429}, (place, asked, answer.status_code)


def what_is_read_opens_nothing_else(world: Any, text: str) -> None:
    world.client.force_login(world.reader, backend="accounts.backends.SignInBackend")
    slug = re.sub(r"[^A-Za-z0-9_-]", "", text) or "x"
    for place in (
        "lessons/{}/",
        "risks/{}/",
        "recurring/{}/{}/",
        "digests/{}/",
        "attachments/{}/",
        "statistics/{}.csv",
    ):
        answer = world.client.get("/" + place.format(slug, slug))
        assert answer.status_code in {302, 404}, (place, slug, answer.status_code)


def the_way_back_is_ours(world: Any, text: str) -> None:
    request = RequestFactory().get("/accounts/login/", {"next": text})
    with context.request_context(request):
        is_safe = AccountAdapter(request).is_safe_url(text)
    assert not (is_safe and re.match(r"[\\/]{2}|[a-z]+:(?!//testserver)", text.strip().lower()))


def a_cell_is_no_formula(world: Any, text: str) -> None:
    shown = str(harmless(text))
    begins = shown.lstrip("\0" + whitespace)[:1]
    assert shown.startswith("'") or not (begins and begins in "=+-@＝＋－＠")
    assert shown[:1] not in {"\t", "\r", "\n"}
    assert shown.removeprefix("'").replace("\0", "") == text.replace("\0", "") or text.startswith("'")


def a_line_of_the_log_is_one_line(world: Any, text: str) -> None:
    import logging

    record = logging.LogRecord("django.request", logging.WARNING, "x.py", 1, f"%s {text}".replace("%", "%%"), (), None)
    record.facts = {"who": text}
    line = LineFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    json.loads(line)


LETTERS = st.sampled_from(["A", "z", "0", ":", "-", "_", "é", "\0", ""])
PARSERS: dict[str, tuple[Callable[[Any, Any], None], Any]] = {
    "search words": (words_are_searched_for, ANY_TEXT | OPERATORS),
    "filters": (filters_narrow, QUERIES),
    "beginnings of subscriptions": (
        a_subscription_begins_with_what_is_asked_for,
        st.dictionaries(st.sampled_from([*PREFILLED_BY, "q", "like", "year", "sort"]), ANY_TEXT),
    ),
    "cursors": (a_cursor_is_ours_or_refused, ANY_TEXT | JSON.map(forged_cursor)),
    "cursors that begin right": (
        a_cursor_is_ours_or_refused,
        st.tuples(st.just("next"), SCALARS, SCALARS).map(forged_cursor),
    ),
    "keys of drafts": (a_key_opens_its_own_draft_only, ANY_TEXT | JSON.map(forged_cursor)),
    "keys of drafts, touched": (a_key_that_was_touched_opens_nothing, st.tuples(st.integers(0, 200), LETTERS)),
    "addresses of bounces": (an_address_of_bounces_is_ours_or_none, ANY_TEXT),
    "addresses of bounces, touched": (
        an_address_of_bounces_leads_back,
        st.tuples(st.integers(1, 10**18 - 1), st.integers(0, 60), LETTERS),
    ),
    "delivery notices": (a_notice_is_read_or_passed_over, BYTES | FIELDS),
    "JSON": (json_is_read_once_and_strictly, BYTES | JSON.map(json_of)),
    "tables": (a_table_is_read_or_refused, SHEETS),
    "previews of a sheet": (a_preview_comes_back_or_is_refused, ANY_TEXT | JSON.map(json.dumps)),
    "maps of columns": (a_map_of_columns_is_understood_or_refused, JSON),
    "files": (a_file_has_a_kind_or_is_refused, FILES),
    "names of files": (a_name_of_a_file_is_plain, ANY_TEXT),
    "codes of an app": (a_code_of_six_digits_is_right_or_not, ANY_TEXT),
    "dates": (a_date_is_one_or_refused, st.tuples(PARTS, PARTS, PARTS) | st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT)),
    "moments": (a_moment_is_one_or_refused, ANY_TEXT | st.datetimes().map(str)),
    "tokens": (a_token_that_is_none_is_refused, ANY_TEXT),
    "links of mails": (a_reference_or_a_signed_link_of_nobody_opens_nothing, ANY_TEXT),
    "references and codes": (what_is_read_opens_nothing_else, ANY_TEXT),
    "ways back": (the_way_back_is_ours, ANY_TEXT | st.from_regex(r"[\\/]{0,3}[a-z]{0,4}:?[\\/]{0,3}evil\.example")),
    "cells of exports": (a_cell_is_no_formula, ANY_TEXT),
    "log lines": (a_line_of_the_log_is_one_line, ANY_TEXT),
}
#: These ask the site or the database at each example.
ASK_MUCH = {
    "search words",
    "filters",
    "beginnings of subscriptions",
    "tokens",
    "links of mails",
    "references and codes",
    "files",
    "tables",
}


@pytest.mark.parametrize("depth", [3, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("parser", PARSERS)
def test_a_parser_keeps_its_promise(parser: str, depth: int, world: Any, tmp_path: Path) -> None:
    world.folder = tmp_path
    keeps_its_promise(*PARSERS[parser], world, depth if parser in ASK_MUCH else depth * 5)


def keeps_its_promise(promise: Callable[[Any, Any], None], inputs: Any, world: Any, most: int) -> None:
    @settings(max_examples=most, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(inputs)
    def holds(value: Any) -> None:
        promise(world, value)

    holds()


def test_an_archive_of_a_later_version_of_the_format_is_refused() -> None:
    content = bytearray(GOOD["plan.docx"])
    content[content.index(b"PK\x01\x02") + 6] = 64  # version needed to read it: 6.4

    with pytest.raises(Refused):
        kind_of(io.BytesIO(content), "plan.docx")
