"""What keeps coming back: trends by rule, recurrences by a person, and what their counts never tell."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.roles import Role
from lessons.alike import alike
from lessons.around import look_around
from lessons.models import Lesson, LessonLink, Publication, Status
from lessons.recurring import confirmed, months_between, trends
from lessons.search.counting import count_words
from tests.factories import (
    NOON,
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


def found(area: str = "", sector: str = "fire", on: date = date(2025, 1, 1), **given: Any) -> Lesson:
    """Return a published lesson on talk between controls in floods, from an organisation of its own."""
    kind = ResponderTypeFactory(code=f"type-of-{sector}", sector=sector)
    areas = [ResilienceAreaFactory(code=area)] if area else []
    owner = given.pop("organisation", None) or OrganisationFactory(type=kind, areas=areas)
    event = EventFactory(organisation=owner, started_on=on, areas=areas)
    return LessonFactory(
        status=Status.PUBLISHED,
        organisation=owner,
        event=event,
        area=areas[0] if areas else None,
        themes=given.pop("themes", [ThemeFactory(code="communicate")]),
        risks=given.pop("risks", [NationalRiskFactory(code="surface-water-flooding")]),
        **given,
    )


def link(again: Lesson, first: Lesson) -> None:
    LessonLink.objects.create(source=again, target=first, at=NOON)


def readable(user: User | None = None) -> Any:
    return Publication.objects.readable_by(user or person(Role.READER))


# -- the rule --------------------------------------------------------------------------------------
def test_three_lessons_from_two_areas_within_24_months_are_a_trend() -> None:
    found("cumbria", on=date(2023, 1, 1))
    found("cumbria", on=date(2024, 6, 1))
    found("devon", on=date(2025, 1, 1))

    (trend,) = trends(readable())

    assert (trend.theme, trend.risk_theme) == ("communicate", "natural-and-environmental-hazards")
    assert (trend.whole.lessons, trend.whole.organisations, trend.whole.areas, trend.whole.years) == (3, 3, 2, 2)


def test_two_sectors_do_as_well_as_two_areas() -> None:
    found(sector="fire")
    found(sector="fire")
    found(sector="police")

    assert len(trends(readable())) == 1


@pytest.mark.parametrize(
    "lessons",
    [
        [("cumbria", date(2025, 1, 1)), ("devon", date(2025, 1, 1))],
        [("cumbria", date(2025, 1, 1))] * 3,
        [("cumbria", date(2022, 12, 1)), ("devon", date(2024, 1, 1)), ("kent", date(2025, 1, 1))],
    ],
    ids=["two lessons", "one area and sector", "25 months"],
)
def test_less_is_no_trend(lessons: list[tuple[str, date]]) -> None:
    for area, day in lessons:
        found(area, on=day)

    assert trends(readable()) == []


def test_another_theme_or_another_kind_of_risk_does_not_count() -> None:
    found("cumbria")
    found("devon", themes=[ThemeFactory(code="co-locate")])
    other = NationalRiskFactory(code="rail", theme_code="accidents", theme="Accidents")
    found("kent", risks=[other])

    assert trends(readable()) == []


def test_a_trend_tells_its_first_and_last_beyond_the_24_months() -> None:
    found("cumbria", on=date(1999, 5, 1))
    for area in ("devon", "kent", "essex"):
        found(area, on=date(2025, 1, 1))

    (trend,) = trends(readable())

    assert (trend.whole.first, trend.whole.years, trend.burst.lessons) == (date(1999, 5, 1), 26, 3)


def test_months_are_counted_as_calendars_do() -> None:
    assert months_between(date(2023, 1, 1), date(2025, 1, 1)) == 24
    assert months_between(date(2023, 1, 1), date(2025, 1, 2)) == 25
    assert months_between(date(2024, 2, 29), date(2024, 2, 29)) == 0


# -- what is not counted ------------------------------------------------------------------------------
@pytest.mark.parametrize("hidden", [{"audience": "national_team"}, {"marking": "official_sensitive"}])
def test_what_the_reader_may_not_read_makes_no_trend(hidden: dict[str, str]) -> None:
    found("cumbria")
    found("devon")
    found("kent", **hidden)

    assert trends(readable()) == []
    assert len(trends(readable(person(Role.SECRETARIAT)))) == 1


def test_an_organisation_that_is_not_named_is_not_counted_nor_told_apart() -> None:
    owner = OrganisationFactory()
    for area in ("cumbria", "devon", "kent"):
        found(area)
    before = trends(readable())[0].whole

    found(organisation=owner, attribution="none")
    found(organisation=owner, attribution="none")
    found(attribution="none")
    after = trends(readable())[0].whole

    assert (before.organisations, before.areas, before.sectors) == (3, 3, 1)
    assert (after.organisations, after.areas, after.sectors) == (3, 3, 1)
    assert (after.lessons, after.unnamed) == (6, 3)


HIDDEN = [{"audience": "national_team"}, {"marking": "official_sensitive"}, {"status": Status.SUBMITTED}]


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cumbria", "devon", ""]),
            st.sampled_from([date(2023, 1, 1), date(2024, 1, 1), date(2026, 1, 1)]),
            st.sampled_from(["organisation", "area", "none"]),
        ),
        max_size=5,
    ),
    st.sampled_from(HIDDEN),
)
def test_a_hidden_lesson_changes_nothing_that_is_told(lessons: list[tuple[str, date, str]], hidden: Any) -> None:
    LessonLink.objects.all().delete()
    Publication.objects.update(superseded_at=NOON)  # what the examples before left
    user = person(Role.READER)
    told = [found(area, on=day, attribution=attribution) for area, day, attribution in lessons]
    for one, other in zip(told, told[2:], strict=False):
        link(one, other)
    before = trends(readable(user)), confirmed(readable(user))

    secret = LessonFactory(**({"status": Status.PUBLISHED} | hidden))
    for one in told:
        link(secret, one)

    assert (trends(readable(user)), confirmed(readable(user))) == before


# -- confirmed by a person ----------------------------------------------------------------------------
def test_a_confirmed_recurrence_tells_first_last_organisations_and_areas() -> None:
    first = found("cumbria", on=date(1999, 5, 1))
    again = found("devon", on=date(2010, 5, 1))
    newest = found("kent", on=date(2024, 5, 1))
    link(again, first)
    link(newest, again)

    (one,) = confirmed(readable())

    assert [text.lesson for text in one.publications] == [newest, again, first]
    spread = one.spread
    assert (spread.organisations, spread.areas, spread.first, spread.last, spread.years) == (
        3,
        3,
        date(1999, 5, 1),
        date(2024, 5, 1),
        25,
    )


def test_what_the_reader_may_not_read_joins_nothing() -> None:
    first, newest = found("cumbria"), found("devon")
    hidden = found("kent", audience="national_team")
    link(hidden, first)
    link(newest, hidden)
    text = Publication.objects.get(lesson=first)

    assert confirmed(readable()) == []
    assert look_around(text, person(Role.READER)).recurrence is None
    recurrence = look_around(text, person(Role.SECRETARIAT)).recurrence
    assert recurrence
    assert recurrence.spread.lessons == 3


# -- saying the same ----------------------------------------------------------------------------------
def test_lessons_that_share_rare_words_are_put_together() -> None:
    words = "Boom barriers at the sluice gate jammed when silt filled the hinges."
    same = [found(title=f"Sluice gate jammed by silt {n}", what_happened=words) for n in range(2)]
    found(
        title="Interpreters were missing at the rest centre",
        what_happened="Nobody spoke Welsh there.",
        statement="Book interpreters.",
        recommendations=[],
    )
    count_words()
    texts = list(readable().order_by("pk"))

    (group,) = alike(texts)

    assert [text.lesson for text in group] == same


def test_nothing_and_one_lesson_are_not_alike() -> None:
    found()

    assert alike([]) == []
    assert alike(list(readable())) == []


# -- the pages --------------------------------------------------------------------------------------
@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(person(Role.READER))
    return client


def test_the_page_shows_recurrences_and_trends_and_leads_to_their_lessons(client: Client) -> None:
    lessons = [found(area, on=date(2025, 1, 1)) for area in ("cumbria", "devon", "kent")]
    link(lessons[1], lessons[0])

    page = client.get("/recurring/").content.decode()
    trend = client.get("/recurring/natural-and-environmental-hazards/communicate/").content.decode()

    assert "Confirmed: the same lesson, found again" in page
    assert "/recurring/natural-and-environmental-hazards/communicate/" in page
    assert all(lesson.title in trend for lesson in lessons)


def test_the_page_is_of_use_when_there_is_nothing(client: Client) -> None:
    assert "No trend" in client.get("/recurring/", {"risk_theme": "no-such-theme"}).content.decode()
    assert "No trend" in client.get("/recurring/").content.decode()


@pytest.mark.parametrize("path", ["no-such/communicate", "natural-and-environmental-hazards/no-such"])
def test_a_trend_of_unknown_themes_is_not_there(client: Client, path: str) -> None:
    found("cumbria")

    assert client.get(f"/recurring/{path}/").status_code == 404


def test_a_trend_says_nothing_of_lessons_that_may_not_be_read(client: Client) -> None:
    hidden = found("cumbria", audience="national_team")

    page = client.get("/recurring/natural-and-environmental-hazards/communicate/").content.decode()

    assert "No lesson on this that you can read" in page
    assert hidden.title not in page


def test_the_page_asks_no_more_of_the_database_for_more_lessons(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for area in ("cumbria", "devon", "kent", "essex"):
        found(area, at=datetime(2026, 3, 2, tzinfo=UTC))

    with django_assert_max_num_queries(15):
        client.get("/recurring/")
    with django_assert_max_num_queries(15):
        client.get("/recurring/natural-and-environmental-hazards/communicate/")
