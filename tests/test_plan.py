"""Lessons for a plan: what is found, why, and that nothing of the text stays."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.roles import Role
from lessons.models import Lesson, Publication, Status
from lessons.plan import LONGEST_PASSAGE, MOST_PIECES, lessons_for, passages_of, pieces_of
from lessons.search.counting import count_words
from tests.factories import LessonFactory, person

METHANE = """Major incident declared. Exact location: the sluice gate at Lower Fen. Type: tidal surge.

Hazards: live cables in the pumping station. Access by the north bridge only. Crews meet at the leisure centre.

Casualties: none known. Care home residents are to be moved to a rest centre by bus."""


def published(**given: Any) -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, recommendations=[], **given)


@pytest.fixture
def lessons(db: None) -> dict[str, Lesson]:
    found = {
        "sluice": published(
            title="Sluice gate could not be closed by hand",
            what_happened="The tidal surge came over the sluice gate while the pumping station had no power.",
            statement="Test closing a sluice gate by hand before the season of surges.",
        ),
        "care": published(
            title="Moving care home residents by bus",
            what_happened="Residents of a care home waited for two hours for a bus to the rest centre.",
            statement="Agree who moves residents of care homes.",
        ),
        "other": published(
            title="Interpreters were missing at the vaccination clinic",
            what_happened="Nobody spoke Polish.",
            statement="Book interpreters early.",
        ),
    }
    count_words()
    return found


@pytest.fixture
def reader(db: None) -> User:
    return person(Role.READER)


def fits(text: str, user: User) -> list[Any]:
    return lessons_for(text, Publication.objects.readable_by(user))


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# -- what is found ----------------------------------------------------------------------------------
def test_lessons_come_with_the_passage_that_calls_for_them(lessons: dict[str, Lesson], reader: User) -> None:
    found = {fit.publication.lesson: fit for fit in fits(METHANE, reader)}

    assert set(found) == {lessons["sluice"], lessons["care"]}
    passages = {lesson: "".join(part.text for part in fit.passage) for lesson, fit in found.items()}
    assert "sluice gate at Lower Fen" in passages[lessons["sluice"]]
    assert "Care home residents" in passages[lessons["care"]]


def test_the_reason_is_said_in_the_words_of_the_text(lessons: dict[str, Lesson], reader: User) -> None:
    found = {fit.publication.lesson: fit for fit in fits(METHANE, reader)}

    fit = found[lessons["care"]]

    assert {"Care", "residents"} <= set(fit.words)
    assert {part.text for part in fit.passage if part.is_shared} >= {"Care", "residents", "bus"}


def test_an_abbreviation_calls_for_what_it_stands_for(db: None, reader: User) -> None:
    lesson = published(
        title="Name a rendezvous point", what_happened="Crews of the ambulance service met nowhere.", statement="Meet."
    )
    count_words()

    (fit,) = fits("All crews go to the RVP at the leisure centre and wait there.", reader)

    assert fit.publication.lesson == lesson
    assert "RVP" in fit.words


def test_orders_of_a_search_are_only_words_here(lessons: dict[str, Lesson], reader: User) -> None:
    (fit,) = fits('-sluice "gate sluice" OR NOT surge', reader)

    assert fit.publication.lesson == lessons["sluice"]


@pytest.mark.parametrize("text", ["", "   ", "the and of", "sluice", "?!.", "\x00"[:0] + "—"])
def test_a_text_that_says_nothing_finds_nothing(lessons: dict[str, Lesson], reader: User, text: str) -> None:
    assert fits(text, reader) == []


@pytest.mark.parametrize("hidden", [{"audience": "national_team"}, {"marking": "official_sensitive"}])
def test_what_may_not_be_read_is_neither_found_nor_changes_what_is(
    lessons: dict[str, Lesson], reader: User, hidden: dict[str, str]
) -> None:
    before = fits(METHANE, reader)

    published(title="Sluice gate at Lower Fen, tidal surge and care home", what_happened=METHANE, **hidden)

    assert fits(METHANE, reader) == before


# -- how it is read ---------------------------------------------------------------------------------
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=5_000))
def test_passages_are_short_and_lose_no_word(text: str) -> None:
    passages = passages_of(text)

    assert all(0 < len(passage) <= LONGEST_PASSAGE for passage in passages)
    assert "".join("".join(passages).split()) == "".join(text.split())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abc .", min_size=1, max_size=LONGEST_PASSAGE).filter(str.strip), max_size=200))
def test_pieces_are_few_and_hold_everything(passages: list[str]) -> None:
    pieces = pieces_of(passages)

    assert len(pieces) <= MOST_PIECES
    assert "".join("".join(pieces).split()) == "".join("".join(passages).split())


def test_a_text_of_the_greatest_length_takes_a_bounded_number_of_queries(reader: User) -> None:
    text = (METHANE * 200)[:50_000]

    with CaptureQueriesContext(
        connection,
    ) as asked:
        fits(text, reader)

    assert len(asked) <= 12 * MOST_PIECES


# -- the page -----------------------------------------------------------------------------------------
def test_the_page_shows_lessons_with_their_reasons(lessons: dict[str, Lesson], reader: User) -> None:
    page = sign_in(reader).post("/plan/", {"text": METHANE}).content.decode()

    assert lessons["sluice"].title in page
    assert "<mark>sluice</mark>" in page
    assert "Both speak of:" in page


def test_nothing_of_the_text_is_stored_or_logged(
    lessons: dict[str, Lesson], reader: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in(reader)
    canary = "sluice gate at Zennorcanary with a tidal surge"

    with caplog.at_level(logging.INFO), CaptureQueriesContext(connection) as asked:
        answer = client.post("/plan/", {"text": canary})

    assert lessons["sluice"].title in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store, private"
    writes = [query["sql"] for query in asked if query["sql"].lstrip().upper().startswith(("INSERT", "UPDATE"))]
    kept = ("django_session", "accounts_ratecount")  # that somebody sent a form in this minute
    assert not [sql for sql in writes if not any(table in sql for table in kept)]
    assert "Zennorcanary" not in " ".join(writes) + caplog.text
    assert "Zennorcanary" not in client.get("/plan/").content.decode()


def test_the_text_is_shown_as_text(lessons: dict[str, Lesson], reader: User) -> None:
    page = sign_in(reader).post("/plan/", {"text": "<script>alert(1)</script> the sluice gate <b>surge</b>"})

    assert "<script>alert" not in page.content.decode()
    assert "<b>" not in page.content.decode()


@pytest.mark.parametrize(("text", "words"), [("", "Paste or type the text"), ("x" * 50_001, "50")])
def test_no_text_or_too_much_is_said(reader: User, text: str, words: str) -> None:
    answer = sign_in(reader).post("/plan/", {"text": text})

    assert answer.status_code == 422
    assert words in answer.content.decode()
