"""A search, its choices, lists, statistics, API and downloads count the same for everybody, and nothing hidden."""

from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organisation, TokenScope, User
from accounts.roles import Role
from lessons.models import Lesson, Publication, Status
from tests.calling import Caller
from tests.factories import LessonFactory, OrganisationFactory, ResilienceAreaFactory, person
from tests.test_access_matrix import SIGNED_IN
from tests.test_search_page import tell

AUDIENCES = ("all_responders", "category_1", "areas", "national_team")
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"area": "cumbria"},
    {"q": "radio"},
    {"brag": "red", "archived": "include"},
    {"theme": "co-locate"},
)
#: What a program is asked about a query, and what it may read then.
SCOPES = [TokenScope.READ_PUBLISHED, TokenScope.READ_STATISTICS]
#: Filters that are counted by statistics too.
COUNTED = ("kind", "risk", "theme", "area", "sector", "brag")


def lessons() -> list[Lesson]:
    """Every audience with every marking, from two areas, attributed in every way."""
    ways = cycle(("organisation", "area", "sector", "none"))
    areas = cycle(("cumbria", "cumbria", "devon"))
    words = cycle(("Radio silence", "Flood gates"))
    told = [
        {"audience": audience, "marking": marking, "brag": brag, "area": next(areas), "words": next(words)}
        for audience, marking, brag in product(AUDIENCES, ("official", "official_sensitive"), ("green", "red"))
    ]
    more = {"kind": "lesson_identified", "risk": "storms", "theme": "co-locate"}
    found = [tell(more | one | {"attribution": next(ways), "status": Status.PUBLISHED}) for one in told]
    return [*found, tell(more | told[0] | {"attribution": "none", "status": Status.ARCHIVED})]


def people(owner: Organisation, author: User) -> dict[str, User]:
    """Everybody of the access matrix who is signed in, around one organisation and its area."""
    area = ResilienceAreaFactory(code="cumbria")
    found = {
        "author": author,
        "reader": person(Role.READER, owner),
        "contributor": person(Role.CONTRIBUTOR, owner),
        "organisation_admin": person(Role.ORGANISATION_ADMIN, owner),
        "spoc": person(Role.JOL_SPOC, owner),
        "strategic_lead": person(Role.STRATEGIC_LEAD, owner),
        "reader_elsewhere": person(Role.READER),
        "cleared_reader": person(Role.READER, cleared=True),
        "spoc_elsewhere": person(Role.JOL_SPOC, area=area),
        "partner": person(Role.CONTRIBUTOR),
        "moderator": person(Role.LRF_MODERATOR, area=area),
        "own_moderator": person(Role.LRF_MODERATOR, owner, area=area),
        "moderator_elsewhere": person(Role.LRF_MODERATOR),
        "secretariat": person(Role.SECRETARIAT),
        "own_secretariat": person(Role.SECRETARIAT),
        "board_member": person(Role.BOARD_MEMBER),
        "analyst": person(Role.ANALYST),
        "auditor": person(Role.AUDITOR),
        "system_admin": person(Role.SYSTEM_ADMIN),
    }
    assert set(found) == SIGNED_IN, "everybody of the matrix looks"
    return found


def by_codes(by: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, int]]:
    return {name: {one["code"]: one["count"] for one in by[name] if one["count"]} for name in COUNTED}


def pages_of(user: User, query: dict[str, str]) -> Iterator[tuple[str, int, dict[str, dict[str, int]] | None]]:
    """Yield what each page and address tells a person who is signed in: how many, and how many of each code."""
    client = Client()
    client.force_login(user)
    found = client.get("/lessons/", query)
    results = found.context["results"]
    yield "list", len(found.context["page"].object_list), None
    # A choice counts under all filters but its own: under another name it counts the list.
    names = {facet.name: facet.choices for facet in results.facets if facet.name in {*COUNTED} - {*query}}
    yield "choices", results.counts.total, {n: {one.code: one.count for one in there} for n, there in names.items()}
    yield "statistics", client.get("/statistics/", query).context["total"], None
    if user.groups.exists():  # a system administrator has no API
        told = client.get("/api/v1/statistics/", query).json()
        yield "statistics of the API", told["total"], by_codes(told["by"])
        yield "API", len(client.get("/api/v1/lessons/", {**query, "page_size": 100}).json()["results"]), None


def programs_of(user: User, query: dict[str, str], *more: str) -> Iterator[tuple[str, int, None]]:
    caller = Caller(user, *SCOPES, *more)
    yield "list", len(caller.references(**query, page_size=100)), None
    yield "statistics", caller.get("/api/v1/statistics/", query).json()["total"], None
    yield "download", int(caller.get("/api/v1/lessons.ndjson", query).headers["Export-Rows"]), None


def agreed(told: Iterator[tuple[str, int, Any]], who: str) -> tuple[int, Any]:
    answers = list(told)
    assert len({total for _, total, _ in answers}) == 1, (who, answers)
    counted = [codes for *_, codes in answers if codes]
    for codes in counted[1:]:
        assert counted[0] == {name: codes[name] for name in counted[0]}, (who, counted)
    return answers[0][1], counted[:1]


@pytest.mark.slow
@pytest.mark.django_db
def test_every_persona_and_every_token_is_told_one_number_and_nothing_hidden_changes_it() -> None:
    owner = OrganisationFactory(code="cumbria-fire", areas=[ResilienceAreaFactory(code="cumbria")])
    told = lessons()
    told.append(LessonFactory(organisation=owner, status=Status.PUBLISHED, marking="official_sensitive"))
    everybody = people(owner, told[-1].author)

    def seen() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for (name, user), query in zip(everybody.items(), cycle(QUERIES)):
            found[name] = [agreed(pages_of(User.objects.get(pk=user.pk), query), name)]
            if user.groups.exists():
                plain, full = ((), (TokenScope.READ_SENSITIVE,))
                found[name] += [agreed(programs_of(user, query, *scopes), name) for scopes in (plain, full)]
        return found

    before = seen()
    hidden = LessonFactory(organisation=owner, status=Status.PUBLISHED, audience="national_team")
    text = Publication.objects.get(lesson=hidden)
    after = seen()

    for name, user in everybody.items():
        may_read = Publication.objects.readable_by(User.objects.get(pk=user.pk)).filter(pk=text.pk).exists()
        assert may_read or before[name] == after[name], name
    assert before != after, "who may read it sees it counted"
    assert len({str(answers) for answers in before.values()}) > 5, "personas differ"
