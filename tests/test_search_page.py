"""The search page: filters with counts that are right, sorting, what was found, and an address that holds it all."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.roles import Role
from lessons import counts
from lessons.filters import CODES, LessonFilters
from lessons.models import Lesson, LessonLink, Publication, Status
from lessons.results import Results
from lessons.search.counting import count_words
from tests.factories import (
    NOON,
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ResponderTypeFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15


def published(**given: Any) -> Lesson:
    return LessonFactory(**({"status": Status.PUBLISHED} | given))


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


@pytest.fixture
def client(reader: User) -> Client:
    return sign_in(reader)


def page_of(client: Client, **query: Any) -> Any:
    answer = client.get("/lessons/", query)
    assert answer.status_code == 200
    return answer


def listed(client: Client, **query: Any) -> list[str]:
    return [one.reference for one in page_of(client, **query).context["page"]]


def facets(client: Client, **query: Any) -> dict[str, dict[str, int]]:
    results = page_of(client, **query).context["results"]
    return {facet.name: {choice.code: choice.count for choice in facet.choices} for facet in results.facets}


# -- facets ---------------------------------------------------------------------------------------
def test_each_choice_tells_how_many_it_would_find_under_all_other_filters(client: Client) -> None:
    published(brag="red")
    published(brag="green")
    published(brag="green", kind="notable_practice")

    plain, red = facets(client), facets(client, brag="red")

    assert plain["kind"] == {"lesson_identified": 2, "notable_practice": 1}
    assert plain["brag"] == {"red": 1, "green": 2}
    assert red["kind"] == {"lesson_identified": 1}
    assert red["brag"] == {"red": 1, "green": 2}


def test_counts_heed_the_words_the_days_and_the_archive(client: Client) -> None:
    published(title="Radio channels were shared too late")
    published(title="Radio masts lost power", at=NOON - timedelta(days=400))
    published(title="Radio batteries", status=Status.ARCHIVED)
    published(title="Interpreters were missing", brag="red")

    assert facets(client, q="radio")["brag"] == {"green": 2}
    assert facets(client, q="radio", since="2026-01-01")["brag"] == {"green": 1}
    assert facets(client, q="radio", archived="include")["brag"] == {"green": 3}


def test_codes_that_nothing_has_are_not_offered_but_the_chosen_one_is(client: Client) -> None:
    NationalRiskFactory(code="volcano")
    published()

    assert "volcano" not in facets(client)["risk"]
    assert facets(client, risk="volcano")["risk"] == {"volcano": 0, "surface-water-flooding": 1}


def test_what_attribution_hides_is_in_no_count(client: Client) -> None:
    published(attribution="none")

    found = facets(client)

    assert (found["area"], found["sector"]) == ({}, {})


# -- counts agree, and nothing hidden shows -------------------------------------------------------------
AREAS = ["cumbria", "devon"]
LESSONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["lesson_identified", "notable_practice"]),
        "brag": st.sampled_from(["green", "red"]),
        "area": st.sampled_from(AREAS),
        "risk": st.sampled_from(["storms", "wildfire"]),
        "theme": st.sampled_from(["communicate", "co-locate"]),
        "attribution": st.sampled_from(["organisation", "area", "sector", "none"]),
        "audience": st.sampled_from(["all_responders", "category_1", "areas", "national_team"]),
        "marking": st.sampled_from(["official", "official_sensitive"]),
        "status": st.sampled_from([Status.PUBLISHED, Status.PUBLISHED, Status.ARCHIVED, Status.SUSPENDED]),
        "words": st.sampled_from(["Radio silence", "Radio masts", "Flood gates"]),
    }
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["radio", "gates -radio", "radio OR flood", "masts"]),
        "kind": st.sampled_from(["lesson_identified", "notable_practice"]),
        "brag": st.sampled_from(["green", "red"]),
        "area": st.sampled_from(AREAS),
        "risk": st.sampled_from(["storms", "wildfire"]),
        "theme": st.sampled_from(["communicate", "co-locate"]),
        "archived": st.sampled_from(["include", "only"]),
    },
)


def tell(given: dict[str, str]) -> Lesson:
    """Publish a lesson as an example describes it."""
    given = dict(given)
    area = ResilienceAreaFactory(code=given.pop("area"))
    owner = OrganisationFactory(areas=[area], type=ResponderTypeFactory(code="police", sector="police"))
    more = {"audience_areas": [area.code]} if given["audience"] == "areas" else {}
    return LessonFactory(
        organisation=owner,
        event=EventFactory(organisation=owner, areas=[area]),
        risks=[NationalRiskFactory(code=given.pop("risk"))],
        themes=[ThemeFactory(code=given.pop("theme"))],
        title=f"{given.pop('words')} in the night",
        history=False,
        **more,
        **given,
    )


@pytest.fixture
def personas(db: None) -> dict[str, User]:
    cumbria = ResilienceAreaFactory(code="cumbria")
    for code in ("storms", "wildfire"):
        NationalRiskFactory(code=code)
    for code in ("communicate", "co-locate"):
        ThemeFactory(code=code)
    ResilienceAreaFactory(code="devon")
    return {
        "reader": person(Role.READER, area=cumbria),
        "cleared": person(Role.READER, area=cumbria, cleared=True),
        "moderator": person(Role.LRF_MODERATOR, area=cumbria),
        "secretariat": person(Role.SECRETARIAT),
        "auditor": person(Role.AUDITOR),
        "system_admin": person(Role.SYSTEM_ADMIN),
    }


def forget() -> None:
    """Take what one example published away before the next."""
    Publication.objects.update(superseded_at=NOON)


PROPERTY = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@PROPERTY
@given(
    st.lists(LESSONS, min_size=1, max_size=5),
    QUERIES,
    st.sampled_from(["reader", "cleared", "moderator", "secretariat", "auditor", "system_admin"]),
)
def test_counts_list_and_api_agree_for_everybody(
    personas: dict[str, User], lessons: list[dict[str, str]], query: dict[str, str], name: str
) -> None:
    forget()
    for given_ in lessons:
        tell(given_)
    client = sign_in(personas[name])

    page = page_of(client, **query)

    total = page.context["results"].counts.total
    assert len(page.context["page"].object_list) == total
    if personas[name].groups.exists():
        api = client.get("/api/v1/lessons/", {**query, "page_size": 100})
        assert len(api.json()["results"]) == total
    readable = Publication.objects.readable_by(personas[name])
    for facet in page.context["results"].facets:
        for choice in facet.choices:
            there = LessonFilters({**query, facet.name: choice.code}).apply(readable)
            assert there.count() == choice.count, (facet.name, choice)


@PROPERTY
@given(st.lists(LESSONS, max_size=4), LESSONS, QUERIES, st.sampled_from(["", "newest", "recurrent"]))
def test_a_hidden_lesson_changes_no_list_and_no_count(
    personas: dict[str, User],
    lessons: list[dict[str, str]],
    hidden: dict[str, str],
    query: dict[str, str],
    sort: str,
) -> None:
    forget()
    told = [tell(given_) for given_ in lessons]
    reader = personas["reader"]

    def seen() -> Any:
        results = Results(reader, LessonFilters(query), sort)
        return [text.pk for text in results.page(None)], results.counts, results.facets

    before = seen()
    secret = tell(hidden | {"audience": "national_team"})
    for lesson in told:
        LessonLink.objects.create(source=secret, target=lesson, at=NOON)

    assert seen() == before


# -- many ---------------------------------------------------------------------------------------------
def test_above_the_limit_the_page_says_so_and_reckons_the_choices(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        last = published(title="Radio silence")
    monkeypatch.setattr(counts, "EXACT", 4)
    monkeypatch.setattr(counts, "COUNTED_SAMPLES", 64)

    answer = page_of(client, q="radio")
    found = answer.context["results"].counts

    assert found.is_more
    assert found.is_about
    assert found.by_term["brag:green"] == 7
    assert len(answer.context["page"]) == 4
    assert "about 7" in answer.content.decode()
    everything = page_of(client).context["results"].counts
    assert (everything.is_more, everything.is_about, everything.by_term["brag:green"]) == (True, False, 7)
    monkeypatch.setattr(counts, "MOST_COUNTED", -1)
    for choice in ({}, {"brag": "green"}):
        of_many = page_of(client, **choice).context["results"].counts
        assert (of_many.is_more, of_many.is_about, of_many.by_term["brag:green"]) == (True, True, 7)
    # Few enough to be counted, and at once.
    last.publications.update(suspended_at=NOON)
    left = page_of(client).context["results"].counts
    assert (left.is_more, left.is_about, left.by_term["brag:green"]) == (True, True, 6)


# -- sorting ------------------------------------------------------------------------------------------
def test_the_best_match_comes_first_unless_the_newest_are_asked_for(client: Client) -> None:
    best = published(title="Rendezvous point", statement="Name a rendezvous point.")
    newest = published(what_happened="A rendezvous was held.", at=NOON + timedelta(days=1))
    count_words()

    assert listed(client, q="rendezvous point") == [best.reference, newest.reference]
    assert listed(client, q="rendezvous point", sort="newest") == [newest.reference, best.reference]
    assert listed(client) == [newest.reference, best.reference]


def test_what_was_found_most_often_can_come_first(client: Client) -> None:
    once, first, again = (published(at=NOON + timedelta(days=-n)) for n in range(3))
    LessonLink.objects.create(source=again, target=first, at=NOON)

    assert listed(client, sort="recurrent") == [first.reference, again.reference, once.reference]


@pytest.mark.parametrize("sort", ["relevance", "no-such", "'", "\0"])
def test_an_order_that_is_not_offered_is_the_usual_one(client: Client, sort: str) -> None:
    lesson = published()

    assert listed(client, sort=sort) == [lesson.reference]


def test_pages_of_the_best_matches_go_on_without_gap_or_repeat(client: Client) -> None:
    for minute in range(25):
        published(title="Radio silence in the valley", at=NOON + timedelta(minutes=minute))

    first, second = listed(client, q="radio"), listed(client, q="radio", page=2)

    assert (len(first), len(second), len({*first, *second})) == (20, 5, 25)


# -- what was found ------------------------------------------------------------------------------------
def test_words_that_were_found_are_marked_and_everything_else_is_text(client: Client) -> None:
    published(
        title="Radios <b>failed</b>",
        statement="Test every radio before <script>alert(1)</script> the exercise \ue000begins\ue001.",
    )

    page = page_of(client, q="radio").content.decode()

    assert "<mark>Radios</mark>" in page
    assert "every <mark>radio</mark> before" in page
    assert "<b>failed" not in page
    assert "<script>alert" not in page
    assert "<mark>begins" not in page


def test_a_question_finds_something_though_a_word_is_missing(client: Client) -> None:
    lesson = published(title="Radio channels for the fire service and the police")

    found = listed(client, q="which radio channel do fire service and police officers share underground?")

    assert found == [lesson.reference]


def test_a_misspelt_word_is_asked_about_and_brings_results_rather_than_none(client: Client) -> None:
    lesson = published(title="Ambulances waited at the rendezvous point")
    count_words()

    beside = page_of(client, q="rendevous point").content.decode()
    alone = page_of(client, q="rendevous", brag="green")

    assert 'Did you mean <a class="govuk-link" href="?q=rendezvous+point">rendezvous point</a>' in beside
    assert [one.reference for one in alone.context["page"]] == [lesson.reference]
    assert "Nothing has “rendevous”" in alone.content.decode()
    assert alone.context["query"] == "q=rendezvous&brag=green"


# -- the address --------------------------------------------------------------------------------------
def test_the_address_holds_what_was_chosen_and_is_subscribed_to(client: Client) -> None:
    published()
    query = {"q": "shelter", "risk": "surface-water-flooding", "theme": "communicate", "brag": "green", "page": "1"}

    page = page_of(client, **query)

    subscription = "q=shelter&amp;risk=surface-water-flooding&amp;theme=communicate"
    assert f"/subscriptions/new/?{subscription}" in page.content.decode()
    assert 'href="?q=shelter&amp;risk=surface-water-flooding&amp;theme=communicate"' in page.content.decode()
    form = client.get(f"/subscriptions/new/?{subscription.replace('&amp;', '&')}").context["form"]
    assert (form["words"].value(), form["risks"].value()) == ("shelter", ["surface-water-flooding"])


def test_a_search_from_the_box_keeps_the_filters(client: Client) -> None:
    published()

    page = page_of(client, brag="green", sort="newest", page="3").content.decode()

    assert '<input type="hidden" name="brag" value="green">' in page
    assert 'name="page"' not in page


def test_an_empty_result_says_which_filter_to_leave_out(client: Client) -> None:
    published(brag="green")

    page = page_of(client, brag="red", kind="lesson_identified").content.decode()

    assert "Nothing matches all of this" in page
    assert "without “Red: national process at once”" in page
    assert 'href="?kind=lesson_identified"' in page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "'"},
        {"q": "& | ! ( ) :* <->"},
        {"q": "the of and"},
        {"q": '"'},
        {"q": "-"},
        {"q": "OR OR"},
        {"q": "x" * 301},
        {"risk": "no-such-risk"},
        {"since": "yesterday", "q": "shelter"},
        {"archived": "maybe"},
    ],
)
def test_whatever_is_typed_gives_a_page(client: Client, query: dict[str, str]) -> None:
    published()

    assert page_of(client, **query)


# -- how much it asks -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "query", [{}, {"q": "shelter list"}, {"q": "shelter list", "brag": "green", "kind": "lesson_identified"}], ids=str
)
def test_the_page_takes_a_fixed_number_of_queries(client: Client, query: dict[str, str]) -> None:
    capability = CapabilityFactory()
    published(capabilities=[capability])
    with CaptureQueriesContext(connection) as for_one:
        page_of(client, **query)
    for _ in range(10):
        published(capabilities=[capability])
    page_of(client, **query)  # what is counted once after a change

    with CaptureQueriesContext(connection) as for_eleven:
        page_of(client, **query)

    assert len(for_eleven) == len(for_one)
    assert len(for_eleven) <= MOST_QUERIES, [one["sql"][:100] for one in for_eleven]


def test_every_filter_that_has_codes_has_its_counts(reader: User) -> None:
    results = Results(reader, LessonFilters({}))

    assert [facet.name for facet in results.facets] == list(CODES)
