"""What people and programs send that nobody should: every write of the site given every bad value, every form forged.

`ROWS` says for each row of the table of bad input (X01 to X25) which tests hold it; they live where their subject does.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, RateCount
from accounts.rates import EXPORTS, PAGE_WRITES, READS, WRITES
from accounts.roles import Role
from lessons.models import Lesson, Status
from tests.asking import ASKS
from tests.calling import Caller, published, token_of
from tests.crawling import Crawl
from tests.factories import EventFactory, LessonFactory, PublicationFactory, ResilienceAreaFactory, person
from tests.personas import PERSONAS, TOKENS, client_of
from tests.prints import Prints
from tests.scenes import scene_of
from tests.test_access_matrix import ROWS as ROUTES
from tests.test_access_matrix import arguments_of
from tests.test_authorisation import TABLE
from tests.test_notifications_mails import any_mail

pytestmark = pytest.mark.django_db

#: Row -> file without "test_" -> words of the tests that hold it.
ROWS: dict[str, dict[str, list[str]]] = {
    "X01 script in every text": {"payloads_in_a_browser": ["no_payload_has_an_effect"]},
    "X02 script in names, mails, files": {
        "payloads_in_a_browser": ["no_payload_has_an_effect"],
        "notifications_mails": ["what_people_wrote_is_inert"],
        "sheet_page": ["script_in_a_cell_stays_text"],
    },
    "X03 line breaks in headers": {
        "bad_input": ["a_line_break_in_words_adds_no_header"],
        "attachments": ["a_name_cannot_add_a_header"],
    },
    "X04 formulas in exports": {
        "exports": ["what_looks_like_a_formula", "no_text_cell_of_a_table", "numbers_of_ours_stay_numbers"],
        "parsers": ["a_parser_keeps_its_promise"],
    },
    "X05 much and odd text": {
        "bad_input": ["every_write_takes_or_refuses", "ten_megabytes"],
        "people": ["nobody_admits_an_organisation_whose_name_looks_like"],
    },
    "X06 numbers and days": {"bad_input": ["every_write_takes_or_refuses"], "parsers": ["a_parser_keeps_its_promise"]},
    "X07 abuse of queries": {
        "hostile_requests": [
            "long_queries_are_refused",
            "odd_parameters_are_refused",
            "json_that_is_none_of_ours",
            "neither_a_wrong_type",
        ],
        "schema_fuzz": ["no_operation_answers_what_is_not_described"],
        "slow_statements": ["a_web_process_is_limited_to_five_seconds"],
    },
    "X08 SQL, patterns, commands": {
        "bad_input": ["every_write_takes_or_refuses"],
        "hostile_requests": ["what_fits_into_the_search_box"],
        "regexes": ["every_pattern_is_quick"],
        "hostile_strings": ["no_field_or_parameter_takes_longer", "what_is_slow_would_be_found"],
    },
    "X09 hosts and proxies": {
        "boundaries_of_requests": ["an_unknown_host_is_refused", "a_forwarded_host_is_ignored"],
        "bad_input": ["only_a_trusted_proxy_says_where"],
        "served": ["crooked_requests_are_refused"],
    },
    "X10 ways back": {
        "boundaries_of_requests": ["signing_in_never_leads"],
        "languages": ["the_choice_leads_to_our_own_pages_only"],
        "parsers": ["a_parser_keeps_its_promise"],
        "parsers_of_operation": ["a_parser_keeps_its_promise"],
    },
    "X11 forged forms": {
        "boundaries_of_requests": ["a_form_without_its_own_token", "a_form_sent_from_another_site"],
        "bad_input": ["no_form_is_taken_without_its_token", "looking_changes_nothing"],
    },
    "X12 addresses are never fetched": {
        "bad_input": ["an_address_somebody_wrote_is_never_fetched"],
        "served": ["a_tour_fetches_nothing_from_elsewhere"],
        "oidc": ["a_provider_cannot_have_us_ask_anybody_else"],
    },
    "X13 names of files": {
        "attachment_contents": ["a_name_of_another_kind", "a_name_is_kept_as_plain_text", "a_name_of_three_hundred"],
        "attachments": ["a_file_is_stored_under_a_random_name"],
    },
    "X14 files that are two things": {
        "attachment_contents": ["what_is_two_things_or_none"],
        "attachments": ["a_file_is_handed_out_as_something_to_keep"],
        "files_host": ["the_site_checks_writes", "every_other_address", "cookies_are_neither_read_nor_set"],
    },
    "X15 bombs": {
        "attachment_contents": ["a_hostile_archive", "refusing_a_bomb_takes_little_memory"],
        "table_files": ["a_small_file_that_unpacks", "parts_that_lie_about_their_size"],
    },
    "X16 XML": {
        "table_files": ["entities_in_the_xml", "an_include_in_the_xml"],
        "attachment_contents": ["an_office_file_with_something_hostile"],
    },
    "X17 pictures": {
        "attachment_contents": ["a_picture_of_too_many_pixels", "a_picture_that_is_cut_off", "of_a_moving_picture"],
        "attachments": ["a_photograph_is_drawn_anew"],
    },
    "X18 what is hidden in files": {
        "attachment_contents": ["macros_and_passwords", "a_pdf_that_runs", "a_moderator_is_told_of_authors"],
        "attachments": ["what_was_found_in_a_file_is_accepted_with_a_tick"],
    },
    "X19 encrypted files": {
        "attachment_contents": ["macros_and_passwords", "a_hostile_archive", "a_pdf_that_runs_hides"],
        "table_files": ["macros_and_passwords"],
    },
    "X20 malware": {
        "attachments": ["what_the_scanner_finds_is_refused", "a_file_too_large_to_be_scanned"],
        "attachment_contents": ["what_is_two_things_or_none"],
        "compose": ["the_scanner_takes_what_may_be_attached"],
    },
    "X21 the scanner is away": {
        "attachments": [
            "a_scanner_that_is_down",
            "a_scanner_that_is_restarted",
            "without_a_verdict",
            "staff_are_told_once",
        ]
    },
    "X22 sheets": {
        "sheet_page": ["sheets_of_other_programs", "a_file_that_is_no_sheet"],
        "table_files": ["columns_and_rows_are_limited"],
        "parsers": ["a_parser_keeps_its_promise"],
    },
    "X23 bursts": {
        "bad_input": ["a_burst_of_forms", "downloads_beyond_the_day", "a_burst_of_calls"],
        "api_feeds": ["the_rate_is_told"],
        "exports": ["downloads_of_a_day_are_limited"],
    },
    "X24 back, twice, stale": {
        "reading_pages": ["pages_are_kept_out_of_every_cache"],
        "races": ["publish_pressed_at_once"],
        "stale_saves": ["of_a_hundred_stale_saves"],
        "autosave": ["a_step_sent_after_the_session_ended"],
        "bad_input": ["after_signing_out_back_shows_nothing"],
    },
    "X25 forged lines of the log": {"parsers": ["a_parser_keeps_its_promise"], "logs": ["line"]},
}


def test_every_row_of_bad_input_has_its_tests() -> None:
    missing = [
        (row, file, name)
        for row, files in ROWS.items()
        for file, names in files.items()
        for name in names
        if not any(name in test for test in names_in(file))
    ]
    assert not missing


@cache
def names_in(file: str) -> list[str]:
    """Return the names of the tests in a file, without "test_"."""
    text = (Path(__file__).parent / f"test_{file}.py").read_text(encoding="utf-8")
    return re.findall(r"^def test_(\w+)", text, re.MULTILINE)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Refusals are not logged: each would be written with its way through the code."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


# -- every write, every value ------------------------------------------------------------------------
VALUES: dict[str, Any] = {
    "a word of 100,000 letters": "x" * 100_000,
    "a million lines": "\n" * 1_000_000,
    "marks of no width, and turned": "\u200b\u202e\u2066\ufeff flood \u0301" * 20,
    "NUL": "flood\x00fire",
    "four bytes": "🚒𝔣𝔩𝔬𝔬𝔡" * 10,
    "composed and not": "é e\u0301",
    "another alphabet": "Ϲumbria Fire",
    "minus one": "-1",
    "2^31": str(2**31),
    "2^63": str(2**63),
    "400 digits": "9" * 400,
    "5,000 digits": "9" * 5_000,
    "1e400": "1e400",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "the year one": "0001-01-01",
    "the year 9999": "9999-12-31T23:59:59Z",
    "29 February": "2027-02-29",
    "the hour that is twice": "2026-10-25T01:30:00",
    "no UUID": "00000000-0000-0000-0000-00000000000g",
    "SQL": "'; DROP TABLE lessons_lesson; --",
    "SQL in parentheses": "1) OR (1=1",
    "a pattern that takes for ever": "(a+)+$" + "a" * 40 + "!",
    "LDAP": "*)(uid=*))(|(uid=*",
    "a command": "$(touch /tmp/x); `id` | cat /etc/passwd",
    "a path": "../../../../etc/passwd%00.pdf",
    "a template": "{{7*7}}{% debug %}${7*7}",
    "line breaks of a header": "a\r\nBcc: b@responder.example\r\n\r\nwords",
    "nothing": "",
    "blanks": "   \t\r\n ",
    "digits of another script": "٣٤",
}
#: What an answer to a form may be; 302 is a form that was taken.
MAY_BE = {200, 201, 302, 400, 403, 404, 409, 410, 413, 422, 429}


@pytest.mark.slow
@pytest.mark.parametrize("state", ["draft", "site"])
def test_every_write_takes_or_refuses_what_it_is_sent(state: str, quiet: None) -> None:
    scene = scene_of(state)
    asked, wrong = 0, []
    for row in (row for row in TABLE if row["state"] == state):
        who = [name for name in (*PERSONAS, *TOKENS) if row[name] == "L" and name != "P01"]
        for ask in (one for one in ASKS[row["verb"]] if one.sent and who):
            name = who[0]
            url, body = reverse(ask.route, args=ask.at(scene, name)), ask.sent(scene, name)
            json = {"content_type": "application/json"} if ask.is_api else {}
            for what, value in VALUES.items():
                for sent in _with(body, value):
                    RateCount.objects.all().delete()
                    with transaction.atomic():
                        client = scene.everybody.clients[name if name in PERSONAS else "P10"]
                        answer = getattr(client, ask.method.lower() or "post")(url, sent, **json)
                        transaction.set_rollback(True)
                    asked += 1
                    if answer.status_code not in MAY_BE:
                        wrong.append(f"{url} {what} in {[k for k in sent if sent[k] == value]}: {answer.status_code}")
    print(f"{state}: {asked} writes with bad values")
    assert not wrong, "\n".join(wrong)


def _with(body: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """Yield `body` with `value` in every field, and in a few of them alone: a form stops at its first fault."""
    yield dict.fromkeys(body, value)
    if len(str(value)) < 1_000:
        names = [name for name in body if body[name] not in ("", [])]
        for name in names[:4]:
            yield body | {name: value}


@pytest.mark.slow
def test_ten_megabytes_are_refused_before_they_are_understood(quiet: None) -> None:
    lesson = LessonFactory()
    client = client_of(lesson.author)
    much = "x" * 10_000_000

    for address in (f"/submit/{lesson.pk}/what-happened/", "/submit/", "/plan/", "/subscriptions/new/"):
        assert client.post(address, {"title": much, "text": much, "words": much}).status_code in {400, 413, 422}
    program = Caller(lesson.author, "write:drafts", "read:published")
    assert program.post("/api/v1/drafts/", {"title": much}).status_code == 413
    assert program.post("/api/v1/similar/", {"text": much}).status_code == 413
    assert client.get("/lessons/", {"q": "x" * 60_000}).status_code in {200, 400, 414}
    assert Lesson.objects.get().title == lesson.title


def test_a_line_break_in_words_adds_no_header() -> None:
    forged = "Share the list\r\nBcc: everybody@responder.example\n\nwords"
    lesson = LessonFactory(
        status=Status.PUBLISHED, publication=None, title=forged, event=EventFactory(name=forged[:150])
    )
    publication = PublicationFactory(lesson=lesson, note=forged)
    sent = any_mail("new_lesson", publication).message
    assert sent["Bcc"] is None
    assert len(sent.get_all("Subject")) == len(sent.get_all("To")) == 1
    assert "\n" not in str(sent["Subject"])
    client = client_of(person(Role.CONTRIBUTOR))
    client.post("/submit/", {"kind": "lesson_identified", "title": forged})
    assert "\n" not in Lesson.objects.exclude(pk=lesson.pk).get().title
    answer = client.get("/accounts/login/", {"next": "/lessons/\r\nSet-Cookie: x=y"}, follow=True)
    assert "x" not in answer.cookies


def test_only_a_trusted_proxy_says_where_a_request_comes_from(settings: Any) -> None:
    from django.test import RequestFactory

    from accounts.rates import network_address_of

    def place(**headers: str) -> str:
        return network_address_of(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **headers))

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert place(HTTP_X_FORWARDED_FOR="198.51.100.7") == place()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    behind = place(HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert behind != place()
    assert place(HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7") == behind, "only the last hop is believed"


# -- forged and idle -----------------------------------------------------------------------------------
#: Not found, refused, or (what a browser reports by itself) taken note of.
NOTHING_DONE = {204, 400, 403, 404, 405, 409, 410, 415}


@pytest.mark.slow
def test_no_form_is_taken_without_its_token(quiet: None) -> None:
    lesson = LessonFactory()
    user = lesson.author
    known = {"pk": lesson.pk, "reference": "LI-2026-00001", "step": "what-happened", "code": "x", "kind": "area"}
    known |= {"token": "x", "token_key": "x", "key": "x", "signed": "x", "event": 1, "point": 1, "what": "areas"}
    known |= {"provider_id": "x", "uidb36": "1"}
    asked = 0
    for row in (row for row in ROUTES if row["method"] in {"POST", "PATCH"}):
        RateCount.objects.all().delete()
        url = reverse(row["route"], kwargs={name: known.get(name, 1) for name in arguments_of()[row["route"]]})
        client = Client(enforce_csrf_checks=True)
        client.force_login(user, backend="accounts.backends.SignInBackend")
        for headers in ({}, {"origin": "https://elsewhere.example"}):
            sent = {"title": "Forged"}
            content = {"content_type": "application/json"} if row["route"].startswith("api") else {}
            answer = getattr(client, row["method"].lower())(url, sent, headers=headers, **content)
            asked += 1
            if row["object"] == "public":  # a signed link or key may stand for the token: here it is none
                assert answer.status_code in NOTHING_DONE, (row, answer.status_code)
            else:
                assert answer.status_code == 403, (row, answer.status_code)
        plain = client.generic("POST", url, '{"title": "Forged"}', content_type="text/plain")
        assert plain.status_code in NOTHING_DONE, (row, plain.status_code)
    print(f"{asked} forged requests")
    assert Lesson.objects.get().title == lesson.title


@pytest.mark.slow
def test_looking_changes_nothing(quiet: None) -> None:
    """Everything that three people with many rights can get, by links and by forms that ask."""
    scene = scene_of("published_to_area")
    LessonFactory(status=Status.SUBMITTED, area=scene.everybody.area, at=timezone.now())
    prints = Prints()
    prints.skip("lessons_publicationview", "accounts_auditevent")  # that somebody looked
    before, looked = prints.take(), 0
    for name in ("P12", "P16", "P19", "P15", "P23"):
        crawl = Crawl(scene.everybody.clients[name], words=["shelter"])
        crawl.go(
            "/", "/manage/", "/review/", "/our-lessons/", "/submit/", "/accounts/", "/api/v1/lessons/", most_alike=4
        )
        looked += len(crawl.pages)
        assert prints.take() == before, name
    print(f"{looked} pages looked at")
    assert looked > 200


# -- nothing is fetched ----------------------------------------------------------------------------------
class Canary(threading.Thread):
    """A server on the loopback that counts who comes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        self.socket.close()


@pytest.mark.slow
def test_an_address_somebody_wrote_is_never_fetched(quiet: None) -> None:
    canary = Canary()
    with socket.create_connection(("127.0.0.1", canary.port)):
        pass
    addresses = [
        f"http://{host}:{canary.port}/x" for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]")
    ]
    addresses += ["file:///etc/passwd", "gopher://127.0.0.1:1/x", "http://169.254.169.254/latest/meta-data/"]
    text = " ".join(addresses)
    lesson = LessonFactory(
        status=Status.PUBLISHED,
        kind="notable_practice",
        evidence=text,
        what_happened=text,
        statement=text,
        title=text[:110],
    )
    client = client_of(person(Role.SECRETARIAT))
    for path in (f"/lessons/{lesson.reference}/", f"/records/{lesson.pk}/", "/lessons/", "/lessons/?q=meta-data"):
        assert client.get(path).status_code == 200
    any_mail("new_lesson", lesson.publications.get())
    client.post("/plan/", {"text": text})
    Caller(lesson.author, "read:published").post("/api/v1/similar/", {"text": text})

    canary.close()
    assert canary.visits == 1, "the one that shows that it counts"


# -- bursts ------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("still_clock")
def test_a_burst_of_forms_is_stopped_and_reading_goes_on() -> None:
    user, other = person(Role.CONTRIBUTOR), person(Role.CONTRIBUTOR)
    client = client_of(user)
    sent = {"kind": "lesson_identified", "title": "Share the shelter list"}
    assert client.post("/submit/", sent).status_code == 302
    PAGE_WRITES.count(str(user.pk), timezone.now())
    RateCount.objects.filter(key=f"page-writes:{user.pk}").update(count=PAGE_WRITES.limit)

    refused = client.post("/submit/", sent)

    assert PAGE_WRITES.limit < 200
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert Lesson.objects.count() == 1
    assert client.get("/submit/").status_code == 200
    assert client_of(other).post("/submit/", sent).status_code == 302


@pytest.mark.usefixtures("still_clock")
def test_a_burst_of_calls_is_stopped() -> None:
    user = person(Role.CONTRIBUTOR)
    program = Caller(user, "read:published", "write:drafts")
    now = timezone.now()
    for rate, ask in (
        (READS, lambda: program.get("/api/v1/lessons/")),
        (WRITES, lambda: program.post("/api/v1/drafts/", {})),
    ):
        rate.count(str(user.pk), now)
        RateCount.objects.filter(key=f"{rate.name}:{user.pk}").update(count=rate.limit)
        refused = ask()
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 61


@pytest.mark.parametrize("way", ["page", "program"])
@pytest.mark.usefixtures("still_clock")
def test_downloads_beyond_the_day_are_told_once_to_those_who_answer_for_the_person(way: str) -> None:
    published()
    administrator = person(Role.ORGANISATION_ADMIN)
    user = person(Role.READER, administrator.groups.get())
    EXPORTS.count(str(user.pk), timezone.now())
    RateCount.objects.filter(key=f"exports:{user.pk}").update(count=EXPORTS.limit)
    client, token = client_of(user), token_of(user, "read:published")

    for _ in range(3):
        if way == "page":
            refused = client.post("/lessons/download/", {"form": "csv"})
        else:
            refused = Client().get("/api/v1/lessons.csv", headers={"Authorization": f"Token {token}"})
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0

    (told,) = mail.outbox
    assert told.to == [administrator.email]
    assert user.name in told.body
    assert AuditEvent.objects.get(action="export.limit").object_id == str(user.pk)


@pytest.mark.usefixtures("still_clock")
def test_downloads_of_somebody_without_administrator_are_told_to_the_secretariat() -> None:
    secretariat = person(Role.SECRETARIAT)
    user = person(Role.READER)
    EXPORTS.count(str(user.pk), timezone.now())
    RateCount.objects.filter(key=f"exports:{user.pk}").update(count=EXPORTS.limit)

    client_of(user).post("/lessons/download/", {"form": "csv"})

    assert [told.to for told in mail.outbox] == [[secretariat.email]]


def test_after_signing_out_back_shows_nothing() -> None:
    lesson = published(marking="official_sensitive")
    client = client_of(person(Role.SECRETARIAT))
    page = client.get(f"/lessons/{lesson.reference}/")
    left = client.post("/accounts/logout/")

    assert "no-store" in page.headers["Cache-Control"]
    assert left.status_code == 302
    assert client.get(f"/lessons/{lesson.reference}/").status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 30, str(2**63), "٣", "1e3", "-1", "0x1"])
def test_a_number_that_no_row_has_is_no_fault_of_ours(number: str, quiet: None) -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(status=Status.IN_REVIEW, area=area, at=timezone.now())
    draft = LessonFactory()
    moderator, secretariat = client_of(lesson.claimed_by), client_of(person(Role.SECRETARIAT))
    author = client_of(draft.author)

    asked = [
        author.get(f"/submit/{draft.pk}/learning/", {"rows": number}),
        author.get("/our-lessons/", {"page": number}),
        author.get("/lessons/", {"page": number}),
        author.get("/debriefs/", {"page": number}),
        moderator.get("/review/", {"page": number}),
        moderator.get("/review/several/", {"lesson": number}),
        moderator.post(f"/review/{lesson.pk}/reassign/", {"to": number}),
        *(moderator.post(f"/review/{lesson.pk}/", {"decision": f"{what}:{number}"}) for what in ("uncomment", "same")),
        secretariat.get("/mail/list/", {"page": number, "before": number, "after": number}),
        secretariat.get("/mail/publications/", {"page": number, "before": number, "after": number}),
    ]

    assert all(answer.status_code < 500 for answer in asked), [answer.status_code for answer in asked]
