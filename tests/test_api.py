"""The REST API for reading: who gets what, filters, pages, errors."""

import base64
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, TokenScope, User
from accounts.roles import Role
from lessons.filters import LessonFilters
from lessons.models import Publication, Status
from tests.calling import LESSONS, Caller, problem, published, token_of
from tests.factories import (
    NOON,
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    ResponderTypeFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


@pytest.fixture
def caller(reader: User) -> Caller:
    return Caller(reader)


# -- one lesson ------------------------------------------------------------------------------------
def test_a_lesson_holds_the_published_words_and_codes(caller: Caller) -> None:
    lesson = published(
        title="Agree one rendezvous point before the first call",
        capabilities=[CapabilityFactory(code="mass-evacuation")],
    )

    body = caller.get(f"{LESSONS}{lesson.reference}/").json()

    assert body["title"] == "Agree one rendezvous point before the first call"
    assert body["kind"] == "lesson_identified"
    assert body["national_risks"] == ["surface-water-flooding"]
    assert body["risk_themes"] == ["natural-and-environmental-hazards"]
    assert (body["themes"], body["capabilities"]) == (["communicate"], ["mass-evacuation"])
    assert body["organisations"] == [lesson.organisation.code]
    assert body["recommendations"] == [{"text": "Keep one list of rest centres", "by_whom": "Local resilience forum"}]
    assert body["url"] == f"http://testserver/lessons/{lesson.reference}/"


def test_readers_get_the_month_of_the_event_and_never_its_day(caller: Caller) -> None:
    lesson = published()

    event = caller.get(f"{LESSONS}{lesson.reference}/").json()["event"]

    assert lesson.event.started_on.day == 14
    assert (event["date"], event["precision"]) == ("2026-01-01", "month")
    assert "2026-01-14" not in caller.get(f"{LESSONS}{lesson.reference}/").content.decode()


def test_versions_are_told_as_number_date_and_note_and_the_old_text_is_not(caller: Caller) -> None:
    lesson = published(publication={"what_happened": "The canary stands in the old text only."})
    PublicationFactory(
        lesson=lesson, published_at=NOON + timedelta(days=1), change="substantive", note="Put right after a call"
    )

    answer = caller.get(f"{LESSONS}{lesson.reference}/")

    assert [(one["version"], one["note"]) for one in answer.json()["versions"]] == [
        (1, ""),
        (2, "Put right after a call"),
    ]
    assert set(answer.json()["versions"][0]) == {"version", "published_at", "change", "note"}
    assert answer.json()["version"] == 2
    assert "canary" not in answer.content.decode()


@pytest.mark.parametrize(
    ("attribution", "named", "hidden"),
    [
        ("organisation", {"organisations", "areas", "sectors"}, set()),
        ("area", {"areas", "sectors"}, {"organisations"}),
        ("sector", {"sectors"}, {"organisations", "areas"}),
        ("none", set(), {"organisations", "areas", "sectors"}),
    ],
)
def test_no_field_tells_more_than_the_attribution(
    caller: Caller, attribution: str, named: set[str], hidden: set[str]
) -> None:
    area = ResilienceAreaFactory(code="zennor-area", name="Zennor and Morvah")
    owner = OrganisationFactory(code="zennor-brigade", name="Zennor Brigade", areas=[area])
    lesson = published(organisation=owner, attribution=attribution)

    for answer in (caller.get(LESSONS), caller.get(f"{LESSONS}{lesson.reference}/")):
        body = answer.json()
        item = body["results"][0] if "results" in body else body
        text = answer.content.decode()
        assert all(item[field] for field in named)
        assert not any(item[field] for field in hidden)
        assert ("zennor-brigade" in text or "Zennor Brigade" in text) == ("organisations" in named)
        assert ("zennor-area" in text or "Zennor and Morvah" in text) == ("areas" in named)
        for secret in (lesson.author.email, lesson.author.name, "readers", "owner:", 'audience_areas":["z'):
            assert secret not in text


# -- lists ------------------------------------------------------------------------------------------
def test_the_list_is_newest_first_and_leaves_out_what_is_archived_hidden_or_old(reader: User, caller: Caller) -> None:
    older = published(at=NOON)
    newer = published(at=NOON + timedelta(hours=1))
    LessonFactory(status=Status.ARCHIVED)
    LessonFactory(status=Status.SUSPENDED)
    LessonFactory(status=Status.IN_REVIEW)
    published(audience="national_team")
    published(marking="official_sensitive")

    assert caller.references() == [newer.reference, older.reference]


FILTERS: list[dict[str, str]] = [
    {},
    {"q": "canary"},
    {"q": '"rest centres" -canary'},
    {"kind": "notable_practice"},
    {"risk": "wildfire"},
    {"risk_theme": "natural-and-environmental-hazards"},
    {"theme": "co-locate"},
    {"area": "cumbria"},
    {"capability": "mass-evacuation"},
    {"sector": "police"},
    {"source": "incident"},
    {"brag": "red"},
    {"archived": "only"},
    {"archived": "include", "kind": "notable_practice"},
    {"submitted_since": "2026-04-03"},
    {"submitted_until": "2026-02-02", "risk": "wildfire"},
    {"since": "2026-03-03"},
    {"until": "2026-03-02"},
    {"risk": "wildfire", "kind": "lesson_identified", "since": "2026-03-01"},
    {"q": "nothing has these words"},
]


@pytest.mark.slow
@pytest.mark.parametrize("query", FILTERS, ids=str)
def test_each_filter_finds_what_the_page_finds(reader: User, caller: Caller, query: dict[str, str]) -> None:
    cumbria = ResilienceAreaFactory(code="cumbria")
    wildfire = NationalRiskFactory(code="wildfire", theme_code="natural-and-environmental-hazards")
    theme = ThemeFactory(code="co-locate")
    police = OrganisationFactory(type=ResponderTypeFactory(code="territorial-police-force", sector="police"))
    published(organisation=police, brag="red", event=EventFactory(kind="incident"))
    published(area=cumbria, risks=[wildfire], at=NOON + timedelta(days=1))
    published(
        kind="notable_practice",
        themes=[theme],
        what_happened="The canary sang at the gate.",
        capabilities=[CapabilityFactory(code="mass-evacuation")],
    )
    LessonFactory(status=Status.ARCHIVED)
    published(risks=[wildfire], audience="national_team")
    client = Client()
    client.force_login(reader)

    on_page = {one.reference for one in client.get("/lessons/", query).context["page"]}

    assert set(caller.references(**query)) == on_page
    assert len(on_page) < 3 or set(query) & {"until", "risk_theme"} or not query


@pytest.mark.parametrize(
    "query",
    [
        {"risk": "no-such-risk"},
        {"kind": "rumour"},
        {"theme": "x' OR 1=1"},
        {"area": "atlantis"},
        {"risk_theme": "none"},
        {"capability": "none"},
        {"sector": "cobblers"},
        {"source": "hearsay"},
        {"brag": "purple"},
        {"archived": "maybe"},
        {"submitted_since": "0000-00-00"},
        {"since": "yesterday"},
        {"until": "2026-02-30"},
        {"q": "x" * 301},
        {"q": "nul\0byte"},
        {"page_size": "0"},
        {"page_size": "-1"},
        {"page_size": "many"},
        {"page_size": "１０"},
        {"cursor": "bm9uc2Vuc2U"},
    ],
    ids=str,
)
def test_a_wrong_value_is_400_and_names_the_field(caller: Caller, query: dict[str, str]) -> None:
    published()

    body = problem(caller.get(LESSONS, query), 400)

    assert set(body["errors"]) == set(query)


@pytest.mark.parametrize(
    "forged",
    [
        ["next"],
        ["next", "2026-03-02T12:00:00+00:00", "x"],
        ["next", "2026-03-02T12:00:00", {}],
        ["next", None, None],
        ["sideways", "2026-03-02T12:00:00+00:00", 1],
        ["next", "9" * 30, 1],
        ["next", "2026-03-02\0", 1],
        ["next", "\ud800", 1],
        [[[[[]]]]],
        "next",
        7,
    ],
    ids=str,
)
def test_a_forged_cursor_is_400(caller: Caller, forged: object) -> None:
    published()
    cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()

    assert "cursor" in problem(caller.get(LESSONS, {"cursor": cursor}), 400)["errors"]


def test_a_number_beyond_the_database_is_an_empty_page(caller: Caller) -> None:
    published()
    cursor = base64.urlsafe_b64encode(json.dumps(["next", "2020-01-01T00:00:00+00:00", 2**80]).encode()).decode()

    assert caller.get(LESSONS, {"cursor": cursor}).json()["results"] == []


def test_pages_lose_and_repeat_nothing_while_lessons_are_published(caller: Caller) -> None:
    for _ in range(7):  # the same moment, as after an import
        published(at=NOON)
    before = caller.references(page_size=100)

    walked = caller.walk(LESSONS, {"page_size": 2}, then=lambda: published(at=NOON + timedelta(minutes=1)))

    assert [item["reference"] for item in walked] == before


def test_pages_lead_back_the_way_they_came(caller: Caller) -> None:
    for minute in range(5):
        published(at=NOON + timedelta(minutes=minute))

    first = caller.get(LESSONS, {"page_size": 2}).json()
    second = caller.get(first["next"]).json()
    third = caller.get(second["next"]).json()

    assert first["previous"] is None
    assert third["next"] is None
    assert caller.get(third["previous"]).json()["results"] == second["results"]
    back = caller.get(second["previous"]).json()
    assert (back["results"], back["previous"]) == (first["results"], None)


def test_a_page_holds_as_many_as_asked_up_to_a_hundred(caller: Caller) -> None:
    risks = [NationalRiskFactory() for _ in range(120)]

    assert len(risks) == 120
    sizes = [len(caller.get("/api/v1/national-risks/", {"page_size": n}).json()["results"]) for n in (1, 60, 1000)]
    assert sizes == [1, 60, 100]
    assert len(caller.get("/api/v1/national-risks/").json()["results"]) == 25


# -- risks ------------------------------------------------------------------------------------------
def test_each_risk_comes_once_in_its_newest_edition(caller: Caller) -> None:
    NationalRiskFactory(edition="2023", code="wildfire", name="Old wildfire")
    NationalRiskFactory(edition="2025", code="wildfire", name="Wildfire")
    NationalRiskFactory(edition="2023", code="drought", name="Drought")

    risks = caller.walk("/api/v1/national-risks/", {"page_size": 1})

    assert [(risk["code"], risk["edition"]) for risk in risks] == [("drought", "2023"), ("wildfire", "2025")]
    assert caller.get("/api/v1/national-risks/wildfire/").json()["name"] == "Wildfire"
    problem(caller.get("/api/v1/national-risks/gone/"), 404)


# -- who calls --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Token",
        "Token ",
        "Token unknown",
        "Token a b",
        "Token zürich",
        "Token \xff\xfe",
        "Bearer {token}",
        "{token}",
        "Token {token}x",
    ],
)
def test_whoever_has_no_valid_token_gets_401(reader: User, header: str | None) -> None:
    published()
    token = token_of(reader)
    headers = {} if header is None else {"Authorization": header.format(token=token)}

    answer = Client().get(LESSONS, headers=headers)

    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Token")


def test_an_expired_a_deleted_and_a_closed_accounts_token_get_401(reader: User) -> None:
    caller = Caller(reader)
    assert caller.get(LESSONS).status_code == 200

    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    problem(caller.get(LESSONS), 401)

    ApiToken.objects.all().delete()
    problem(caller.get(LESSONS), 401)

    caller = Caller(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    problem(caller.get(LESSONS), 401)

    User.objects.filter(pk=reader.pk).update(is_active=True, dormant_at=NOON)
    problem(caller.get(LESSONS), 401)


def test_a_token_in_the_address_is_ignored(reader: User) -> None:
    token = token_of(reader)

    for name in ("token", "access_token", "Authorization"):
        problem(Client().get(LESSONS, {name: token}), 401)


def test_a_token_makes_no_session(caller: Caller) -> None:
    client = Client()

    client.get(LESSONS, headers={"Authorization": f"Token {caller.token}"})

    assert client.cookies == {}
    assert client.get("/lessons/", headers={"Authorization": f"Token {caller.token}"}).status_code == 302


def test_a_token_without_the_scope_gets_403(reader: User) -> None:
    problem(Caller(reader, TokenScope.READ_STATISTICS).get(LESSONS), 403)
    problem(Caller(reader, TokenScope.READ_SENSITIVE).get(LESSONS), 403)


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.BOARD_MEMBER, Role.AUDITOR])
def test_a_token_without_that_scope_opens_nothing_sensitive_whatever_its_owners_role(role: Role) -> None:
    user = person(role)
    lesson = published(marking="official_sensitive")
    plain = Caller(user, TokenScope.READ_PUBLISHED)
    full = Caller(user, TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE)

    assert plain.references() == []
    problem(plain.get(f"{LESSONS}{lesson.reference}/"), 404)
    assert full.references() == [lesson.reference]
    assert full.get(f"{LESSONS}{lesson.reference}/").status_code == 200


def test_the_author_and_owner_lead_read_their_own_sensitive_lesson_only_with_that_scope() -> None:
    lesson = published(marking="official_sensitive")
    lead = person(Role.JOL_SPOC, lesson.organisation)

    for user in (lesson.author, lead):
        assert Caller(user).references() == []
        assert Caller(user, TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE).references() == [lesson.reference]


def test_a_token_never_opens_more_than_its_owner_may_read(reader: User) -> None:
    published(marking="official_sensitive")
    published(audience="national_team")

    assert Caller(reader, *TokenScope.values).references() == []


def test_the_last_use_of_a_token_is_written_down(caller: Caller) -> None:
    assert ApiToken.objects.get().last_used_at is None

    caller.get(LESSONS)

    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_person_who_is_signed_in_may_look_and_a_system_administrator_sees_nothing(reader: User) -> None:
    lesson = published()
    client = Client()
    client.force_login(reader)

    assert [item["reference"] for item in client.get(LESSONS).json()["results"]] == [lesson.reference]
    assert Caller(person(Role.SYSTEM_ADMIN)).references() == []


# -- what is not there -----------------------------------------------------------------------------------
def test_hidden_and_missing_lessons_answer_alike(caller: Caller) -> None:
    hidden = [
        published(audience="national_team"),
        published(marking="official_sensitive"),
        LessonFactory(status=Status.IN_REVIEW),
        LessonFactory(status=Status.SUSPENDED, audience="national_team"),
        LessonFactory(status=Status.MERGED, merged_into=published(audience="national_team")),
    ]
    missing = caller.get(f"{LESSONS}LI-2026-00001/")

    problem(missing, 404)
    apart = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}
    headers = {name: value for name, value in missing.headers.items() if name not in apart}
    for lesson in hidden:
        answer = caller.get(f"{LESSONS}{lesson.reference}/")
        assert (answer.status_code, answer.content) == (404, missing.content)
        assert {name: value for name, value in answer.headers.items() if name not in apart} == headers


def test_a_suspended_lesson_is_410_to_those_who_could_read_it(caller: Caller) -> None:
    lesson = LessonFactory(status=Status.SUSPENDED)

    body = problem(caller.get(f"{LESSONS}{lesson.reference}/"), 410)

    assert "suspended" in body["detail"]
    assert str(lesson.title) not in str(body)


def test_a_merged_reference_leads_to_its_target(caller: Caller) -> None:
    target = published()
    merged = LessonFactory(status=Status.MERGED, merged_into=target)

    answer = caller.get(f"{LESSONS}{merged.reference}/")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LESSONS}{target.reference}/")


def test_an_archived_lesson_is_read_by_its_reference(caller: Caller) -> None:
    lesson = LessonFactory(status=Status.ARCHIVED)

    assert caller.get(f"{LESSONS}{lesson.reference}/").json()["archived_at"]


@pytest.mark.parametrize("path", ["nothing/", "lessons/garbage/", "lessons/LI-2026-1%00/", "lessons/../schema2/"])
def test_an_unknown_address_is_problem_details_too(caller: Caller, path: str) -> None:
    problem(caller.get(f"/api/v1/{path}"), 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_reading_addresses_take_no_writing(caller: Caller, method: str) -> None:
    lesson = published()

    for path in (LESSONS, f"{LESSONS}{lesson.reference}/"):
        answer = getattr(Client(), method)(
            path, data="{}", content_type="application/json", headers={"Authorization": f"Token {caller.token}"}
        )
        problem(answer, 405)


def test_an_answer_nobody_can_give_is_406(caller: Caller) -> None:
    problem(caller.get(LESSONS, Accept="image/png"), 406)


# -- how much it costs -----------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("path", [LESSONS, "/api/v1/national-risks/"])
def test_fifty_rows_take_as_many_queries_as_one_and_at_most_fifteen(reader: User, path: str) -> None:
    caller = Caller(reader)

    def cost() -> int:
        ApiToken.objects.update(last_used_at=None)
        with CaptureQueriesContext(connection) as queries:
            caller.get(path, {"page_size": 100})
        return len(queries)

    published(themes=[ThemeFactory()], risks=[NationalRiskFactory()])
    one = cost()
    for _ in range(49):
        published(themes=[ThemeFactory()], risks=[NationalRiskFactory()])

    assert len(caller.get(path, {"page_size": 100}).json()["results"]) == 50
    assert cost() == one
    assert one <= 15


def test_a_lesson_with_many_versions_takes_no_more_queries(reader: User) -> None:
    caller = Caller(reader)
    lesson = published()

    def cost() -> int:
        ApiToken.objects.update(last_used_at=None)
        with CaptureQueriesContext(connection) as queries:
            caller.get(f"{LESSONS}{lesson.reference}/")
        return len(queries)

    one = cost()
    for day in range(1, 6):
        PublicationFactory(lesson=lesson, published_at=NOON + timedelta(days=day), change="minor", note="Spelling")

    assert Publication.objects.filter(lesson=lesson).count() == 6
    assert cost() == one <= 15


# -- its description -------------------------------------------------------------------------------------
def test_the_description_and_the_docs_are_public_and_name_every_filter(caller: Caller) -> None:
    schema = json.loads(Client().get("/api/v1/schema/", {"format": "json"}).content)

    described = {one["name"] for one in schema["paths"][LESSONS]["get"]["parameters"]}
    assert set(LessonFilters().fields) <= described
    page = Client().get("/api/v1/docs/").content.decode()
    assert LESSONS in page
