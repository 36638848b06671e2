"""Statistics: counts agree with lists whoever looks; charts say what they show, in words, tables and CSV."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Organisation, TokenScope, User
from accounts.roles import Role
from lessons.models import Lesson, Status, Tier
from lessons.statistics import drawing
from lessons.statistics.drawing import Row
from lessons.statistics.figures import FIGURES
from lessons.statistics.pages import PAGES
from lessons.statistics.places import Silence, in_groups
from tests.calling import Caller, problem, published
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

PATHS = [f"/statistics/{page.code}/".replace("//", "/") for page in PAGES]


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def figure(client: Client, code: str, **query: Any) -> Any:
    """Return a figure as its page shows it."""
    (page,) = (page for page in PAGES if code in page.figures)
    path = f"/statistics/{page.code}/".replace("//", "/")
    return next(one for one in client.get(path, query).context["figures"] if one.code == code)


def counts(client: Client, code: str, **query: Any) -> dict[str, int]:
    return {row.name: row.count for row in figure(client, code, **query).rows if row.count}


def length(client: Client, url: str) -> int:
    parts = urlsplit(url)
    page = client.get(parts.path, dict(parse_qsl(parts.query))).context["page"]
    return int(page.paginator.count)


@pytest.fixture
def some_lessons() -> list[Lesson]:
    """Lessons of every kind of audience, in several places and years."""
    cumbria, kent = ResilienceAreaFactory(code="cumbria", name="Cumbria"), ResilienceAreaFactory(code="kent")
    police = ResponderTypeFactory(code="territorial-police-force", sector="police")
    force = OrganisationFactory(areas=[cumbria], type=police)
    wildfire = NationalRiskFactory(code="wildfire", name="Wildfire")
    attack = NationalRiskFactory(code="attack", name="Attack", theme_code="terrorism", theme="Terrorism")
    old = EventFactory(organisation=force, started_on=NOON.date() - timedelta(days=800), kind="incident")
    return [
        published(),
        published(organisation=force, risks=[wildfire], brag="red"),
        published(organisation=force, risks=[wildfire, attack], event=old, at=NOON - timedelta(days=60)),
        published(kind="notable_practice", area=kent, capabilities=[CapabilityFactory(code="mass-evacuation")]),
        published(area=kent, audience="areas", audience_areas=["kent"], attribution="area"),
        published(area=kent, audience="category_1", attribution="none", themes=[ThemeFactory(code="co-locate")]),
        published(organisation=force, marking="official_sensitive"),
        published(organisation=force, audience="national_team", risks=[attack]),
        published(organisation=force, audience="sectors", audience_sectors=["police"], attribution="sector"),
        LessonFactory(status=Status.ARCHIVED, risks=[wildfire]),
        LessonFactory(status=Status.SUSPENDED, risks=[wildfire]),
        LessonFactory(status=Status.IN_REVIEW, risks=[wildfire]),
    ]


def personas(lessons: list[Lesson]) -> dict[str, User]:
    owner = lessons[1].organisation
    kent = lessons[3].area
    return {
        "reader elsewhere": person(Role.READER),
        "reader of the owner": person(Role.READER, owner),
        "cleared reader": person(Role.READER, cleared=True),
        "reader in the area": person(Role.READER, area=kent),
        "author": lessons[7].author,
        "owner lead": person(Role.JOL_SPOC, owner),
        "moderator of the area": person(Role.LRF_MODERATOR, area=kent),
        "secretariat": person(Role.SECRETARIAT),
        "board": person(Role.BOARD_MEMBER),
        "analyst": person(Role.ANALYST),
        "auditor": person(Role.AUDITOR),
        "organisation administrator": person(Role.ORGANISATION_ADMIN, owner),
        "system administrator": person(Role.SYSTEM_ADMIN),
    }


@pytest.mark.slow
def test_every_number_leads_to_a_list_of_that_length_and_is_the_apis_for_every_persona(
    some_lessons: list[Lesson],
) -> None:
    pairs = {"kind": "kinds", "risk": "risks", "capability": "capabilities", "area": "areas", "sector": "sectors"}
    seen = set()
    for name, user in personas(some_lessons).items():
        client = sign_in(user)
        total = length(client, "/lessons/")
        pages = [client.get(path).context for path in PATHS]
        figures = {one.code: one for page in pages for one in page["figures"]}
        assert {page["total"] for page in pages} == {total}, name
        listed = [(one.code, row) for one in figures.values() for row in one.rows if row.url.startswith("/lessons/")]
        lengths = {url: length(client, url) for url in {row.url for _, row in listed if row.count}}
        for code, row in listed:
            assert not row.count or lengths[row.url] == row.count, (name, code, row)
        body = client.get("/api/v1/statistics/").json()
        assert body["total"] == sum(one["count"] for one in body["published"]) == total, name
        for field, code in pairs.items():
            in_api = {one["name"]: one["count"] for one in body["by"][field]}
            assert in_api == {row.name: row.count for row in figures[code].rows if row.count}, (name, field)
        seen.add(total)
    assert len(seen) > 3, "personas differ"


def test_a_hidden_lesson_changes_no_page_and_no_answer(reader: User, some_lessons: list[Lesson]) -> None:
    client = sign_in(reader)
    paths = [*PATHS, "/api/v1/statistics/", *(f"/statistics/{code}.csv" for code in FIGURES)]
    before = [stable(client.get(path).content) for path in paths]

    known = {"organisation": some_lessons[1].organisation, "event": some_lessons[1].event, "history": False}
    published(**known, audience="national_team", risks=[NationalRiskFactory(code="wildfire")])
    published(**known, marking="official_sensitive")
    LessonFactory(**known, status=Status.SUSPENDED)
    LessonFactory(**known, status=Status.SUBMITTED)

    for path, was in zip(paths, before, strict=True):
        assert stable(client.get(path).content) == was, path


def stable(content: bytes) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", content)


def test_a_token_without_that_scope_counts_no_sensitive_lesson(some_lessons: list[Lesson]) -> None:
    auditor = person(Role.AUDITOR)
    path = "/api/v1/statistics/"

    plain = Caller(auditor, TokenScope.READ_STATISTICS).get(path).json()["total"]
    full = Caller(auditor, TokenScope.READ_STATISTICS, TokenScope.READ_SENSITIVE).get(path).json()["total"]

    assert (plain, full) == (8, 9)
    problem(Caller(auditor, TokenScope.READ_PUBLISHED).get(path), 403)
    problem(Caller(auditor, TokenScope.READ_STATISTICS).get(path, {"risk": "none-such"}), 400)


def test_filters_narrow_every_figure_and_go_on_in_the_links(reader: User, some_lessons: list[Lesson]) -> None:
    client = sign_in(reader)

    assert counts(client, "kinds", risk="wildfire") == {"Lesson identified": 2}
    assert counts(client, "risks", kind="notable_practice") == {"Surface water flooding": 1}
    for code in ("kinds", "published", "matrix", "areas", "themes", "sources"):
        for row in figure(client, code, risk="wildfire").rows:
            if row.count and row.url:
                assert "risk=wildfire" in row.url
                assert length(client, row.url) == row.count, (code, row)
    page = client.get("/statistics/", {"risk": "wildfire"}).content.decode()
    assert "Wildfire" in page
    assert "/statistics/risks/?risk=wildfire" in page
    assert "/statistics/kinds.csv?risk=wildfire" in page


def test_a_number_that_no_list_can_show_has_no_link(reader: User) -> None:
    both = [NationalRiskFactory(code="wildfire", name="Wildfire"), NationalRiskFactory(code="drought", name="Drought")]
    published(risks=both)

    rows = {row.name: row for row in figure(sign_in(reader), "risks", risk="wildfire").rows}

    assert rows["Wildfire"].url
    assert (rows["Drought"].count, rows["Drought"].url) == (1, "")


def test_the_matrix_has_theme_by_year_of_the_event(reader: User, some_lessons: list[Lesson]) -> None:
    one = figure(sign_in(reader), "matrix")

    assert one.columns == ["2023", "2024", "2025", "2026"]
    terrorism = next(row for row in one.drawn if row.name == "Terrorism")
    assert [cell.count for cell in terrorism.cells] == [1, 0, 0, 0]
    for row in one.drawn:
        for cell in row.cells:
            assert length(sign_in(reader), cell.url) == cell.count


def test_years_long_ago_share_a_column_of_the_matrix_and_have_their_own_in_its_table(
    reader: User, some_lessons: list[Lesson]
) -> None:
    for year in (2009, 2012):
        published(event=EventFactory(started_on=NOON.date().replace(year=year)))

    one = figure(sign_in(reader), "matrix")

    assert one.columns == ["Before 2017", *map(str, range(2017, 2027))]
    assert one.head[2:] == [*map(str, range(2009, 2027))]
    hazards = next(row for row in one.drawn if row.cells[0].count)
    assert hazards.cells[0].count == 2 == length(sign_in(reader), hazards.cells[0].url)


def test_gaps_are_the_risks_without_a_lesson_that_one_may_read(reader: User, some_lessons: list[Lesson]) -> None:
    NationalRiskFactory(code="drought", name="Drought")
    published(risks=[NationalRiskFactory(code="meteor", name="Meteor")], audience="national_team")

    gaps = figure(sign_in(reader), "gaps")

    assert {row.name for row in gaps.rows} == {"Drought", "Meteor"}
    assert gaps.title.startswith("2 of 5 National Risks")
    assert {row.name for row in figure(sign_in(person(Role.AUDITOR)), "gaps").rows} == {"Drought"}


def test_silence_is_a_year_without_a_publication(reader: User) -> None:
    loud, silent = ResilienceAreaFactory(name="Loud"), ResilienceAreaFactory(name="Silent")
    now = timezone.now()
    published(area=loud, at=now - timedelta(days=364))
    published(area=silent, at=now - timedelta(days=366))

    rows = {row.name: row.more for row in figure(sign_in(reader), "silent_areas").rows}

    assert "Loud" not in rows
    assert rows["Silent"] == ((now - timedelta(days=366)).strftime("%B %Y"),)


def test_pace_is_told_from_five_lessons_on(reader: User) -> None:
    for days in (1, 2, 3, 4):
        published(tier=Tier.AREA, submitted_at=NOON - timedelta(days=days))
        published(tier=Tier.NATIONAL, submitted_at=NOON - timedelta(days=days))
    published(tier=Tier.AREA, submitted_at=NOON - timedelta(days=10))

    rows = {row.name: (row.shown, *row.more) for row in figure(sign_in(reader), "pace").rows}

    assert rows["Area, all years"] == (5, 3, 8)
    assert rows["National, all years"] == ("fewer than 5", "", "")
    in_api = {
        one["tier"]: one["lessons"]
        for one in sign_in(reader).get("/api/v1/statistics/").json()["pace"]
        if one["year"] is None
    }
    assert in_api == {"area": 5, "national": None}


@pytest.mark.slow
def test_no_choice_of_lessons_tells_how_long_one_of_them_took_or_the_day_it_was_submitted(reader: User) -> None:
    sent = [NOON - timedelta(days=days) for days in (1, 2, 4, 8, 9, 40)]
    for number, at in enumerate(sent):
        published(tier=Tier.AREA, submitted_at=at, title=f"Number{number}")
    one = {"q": "Number5"}
    client = sign_in(reader)

    # Five of six and all six would tell the sixth, and so would a lesson by itself.
    for query in ({}, one, {"q": "-Number5"}, {"archived": "only"}):
        assert [row.shown for row in figure(client, "pace", **query).rows] == [6, 6]
        told = client.get("/api/v1/statistics/", query).json()["pace"]
        assert [(year["median_days"], year["ninetieth_percentile_days"]) for year in told] == [(6, 24), (6, 24)]

    for day in range(1, 29):
        month = {**one, "submitted_since": f"2026-01-{day:02}", "submitted_until": f"2026-01-{29 - day:02}"}
        assert length(client, f"/lessons/?{urlencode(month)}") == 1, "not before nor after a day of its month"
    assert length(client, f"/lessons/?{urlencode(one | {'submitted_since': '2026-02-01'})}") == 0


def test_few_silent_organisations_of_a_sector_are_not_told_nor_found_by_subtracting(reader: User) -> None:
    kinds = {code: ResponderTypeFactory(code=code, sector=code) for code in ("fire", "police", "space", "sea")}
    for code, number in {"fire": 9, "police": 7, "space": 3, "sea": 2}.items():
        OrganisationFactory.create_batch(number, type=kinds[code])
    loud = [*Organisation.objects.filter(type=kinds["police"])[:4]]
    for organisation in loud:
        published(organisation=organisation, at=timezone.now() - timedelta(days=9))
    client = sign_in(reader)

    one = figure(client, "silent_organisations")
    rows = {row.name: (row.shown, *row.more) for row in one.rows}

    assert rows["Police"] == ("fewer than 5", 7)
    assert not {"Space", "Sea"} & rows.keys(), "two of two would be named"
    assert rows["Sectors of few organisations"] == (5, 5)
    told = [row.count for row in one.rows if not row.instead]
    assert one.title.startswith(f"At least {sum(told)} of ")
    assert "fewer than 5" in client.get("/statistics/silent_organisations.csv").text
    narrow = figure(client, "silent_organisations", q="nothing has these words")
    assert (narrow.title, narrow.rows) == (one.title, one.rows), "no two answers to subtract"


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=9))
def test_no_group_of_organisations_is_told_that_is_smaller_than_five_unless_there_are_no_more(
    counted: list[tuple[int, int]],
) -> None:
    sectors = {f"sector{n}": Silence(silent, silent + heard + 1) for n, (silent, heard) in enumerate(counted)}

    groups = in_groups(sectors)

    assert sum(one.total for one in groups.values()) == sum(one.total for one in sectors.values())
    assert sum(one.silent for one in groups.values()) == sum(one.silent for one in sectors.values())
    assert all(one.total >= 5 for one in groups.values()) or len(groups) == 1
    assert all(groups[code] == sectors[code] for code in groups if code)


def test_months_without_a_lesson_are_told_and_many_months_become_years(reader: User) -> None:
    published(at=NOON)
    published(at=NOON - timedelta(days=90))
    client = sign_in(reader)

    assert [(row.name, row.count) for row in figure(client, "published").rows] == [
        ("Dec 2025", 1),
        ("Jan 2026", 0),
        ("Feb 2026", 0),
        ("Mar 2026", 1),
    ]

    published(at=NOON - timedelta(days=4 * 365))
    rows = figure(client, "published").rows
    assert [(row.name, row.count) for row in rows] == [("2022", 1), ("2023", 0), ("2024", 0), ("2025", 1), ("2026", 1)]
    assert length(client, rows[0].url) == 1


# -- as shown ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PATHS)
def test_each_chart_has_a_title_a_table_and_its_numbers(reader: User, some_lessons: list[Lesson], path: str) -> None:
    answer = sign_in(reader).get(path)
    page = answer.content.decode()

    assert "style=" not in page.split("<main")[1]
    for one in answer.context["figures"]:
        assert one.title in unescape(page)
        if one.rows:
            assert f"/statistics/{one.code}.csv" in page
            assert f'<caption class="govuk-visually-hidden">{one.title}' in unescape(page)


@pytest.mark.slow
@pytest.mark.parametrize("code", list(FIGURES))
def test_the_csv_of_a_figure_holds_its_table(reader: User, some_lessons: list[Lesson], code: str) -> None:
    client = sign_in(reader)

    answer = client.get(f"/statistics/{code}.csv")

    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    shown = figure(client, code)
    assert head == shown.head
    assert rows == [[str(cell) for cell in cells] for cells in shown.cells()]
    assert f'filename="{code}.csv"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("path", PATHS)
def test_a_portal_without_lessons_has_statistics_too(path: str) -> None:
    assert sign_in(person(Role.READER)).get(path).status_code == 200
    assert sign_in(person(Role.SYSTEM_ADMIN)).get(path).status_code == 200


def test_what_is_not_there_is_404_and_strangers_sign_in(reader: User) -> None:
    for path in ("/statistics/nothing/", "/statistics/nothing.csv"):
        assert sign_in(reader).get(path).status_code == 404
        assert Client().get(path).status_code == 302


@pytest.mark.slow
@pytest.mark.parametrize("path", [*PATHS, "/api/v1/statistics/"])
def test_fifty_lessons_take_as_many_queries_as_one_and_at_most_fifteen(reader: User, path: str) -> None:
    client = sign_in(reader)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    published(themes=[ThemeFactory()], risks=[NationalRiskFactory()])
    cost()
    one = cost()
    for _ in range(49):
        published(themes=[ThemeFactory()], risks=[NationalRiskFactory()])
    cost()  # what is counted once after a change

    assert cost() == one <= 15


# -- drawing ---------------------------------------------------------------------------------------------
def test_the_longest_bar_is_whole_and_nothing_has_no_length() -> None:
    assert [bar.percent for bar in drawing.bars([Row("a", 8), Row("b", 2), Row("c", 0)])] == ["100.0%", "25.0%", "0.0%"]
    assert [bar.percent for bar in drawing.bars([Row("a", 0)])] == ["0.0%"]


def test_columns_stand_on_the_line_and_inside_the_picture() -> None:
    drawn = drawing.columns([Row(str(n), n % 7) for n in range(36)])

    for column in drawn.columns:
        assert column.y + column.height == pytest.approx(drawn.baseline, abs=0.1)
        assert 0 <= column.x <= column.x + column.width <= drawn.width
    assert sum(column.has_label for column in drawn.columns) == 12
    assert drawn.columns[-1].has_label


def test_a_few_columns_stand_where_a_phone_shows_them() -> None:
    """A phone shows the first 300 of the 600 units, and scrolls to the rest."""
    for months in (1, 2, 3):
        drawn = drawing.columns([Row(str(n), 1) for n in range(months)])

        assert drawn.columns[0].middle - 40 >= 0, "room for the label"
        assert drawn.columns[-1].middle + 40 <= 300


def test_shades_rise_with_the_count_and_nothing_is_unshaded() -> None:
    shades = [drawing.shade(count, 100) for count in (0, 1, 10, 30, 60, 100)]

    assert shades[0] == 0
    assert shades[1] == 1
    assert shades == sorted(shades)
    assert shades[-1] == drawing.SHADES


def test_no_two_areas_of_the_kingdom_have_the_same_letters() -> None:
    with Path("data/resilience_areas.csv").open(encoding="utf-8") as file:
        names = [row["name"] for row in csv.DictReader(file)]

    found = drawing.letters_of(names)

    assert len(set(found.values())) == len(names)
    assert all(len(short) == 3 and short.isupper() for short in found.values())
    assert (found["North Yorkshire"], found["West Mercia"], found["Cumbria"]) == ("NYO", "WME", "CUM")


@pytest.mark.parametrize(
    ("name", "short"),
    [("Cumbria", "CUM"), ("County Durham and Darlington", "CDD"), ("West Mercia", "WES"), ("Dyfed-Powys", "DYF")],
)
def test_a_tile_has_three_letters(name: str, short: str) -> None:
    assert drawing.letters(name) == short
