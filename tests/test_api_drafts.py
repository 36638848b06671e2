"""Drafts that programs write."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import TokenScope, User
from accounts.roles import Role
from lessons.models import Event, IdempotencyKey, Lesson, Status
from tests.calling import Caller, problem
from tests.factories import (
    CapabilityFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

DRAFTS = "/api/v1/drafts/"


@pytest.fixture
def contributor() -> User:
    return person(Role.CONTRIBUTOR)


@pytest.fixture
def writer(contributor: User) -> Caller:
    return Caller(contributor, TokenScope.WRITE_DRAFTS)


def smallest(**more: Any) -> dict[str, Any]:
    draft = {"kind": "lesson_identified", "title": "Share the shelter list", "event": {"name": "Exercise Tide"}}
    return draft | more


def test_a_draft_needs_a_kind_a_title_and_the_name_of_its_event(writer: Caller, contributor: User) -> None:
    answer = writer.post(DRAFTS, smallest())

    assert answer.status_code == 201, answer.content
    lesson = Lesson.objects.get()
    body = answer.json()
    assert (lesson.status, lesson.author, lesson.reference) == (Status.DRAFT, contributor, None)
    assert lesson.organisation == contributor.memberships.get().organisation
    assert (body["id"], body["status"], body["title"]) == (lesson.pk, "draft", "Share the shelter list")
    assert answer.headers["Location"] == f"http://testserver{DRAFTS}{lesson.pk}/"
    assert body["missing"]["statement"] == "Enter the lesson in a sentence or two."


def test_a_whole_draft_is_stored_and_lacks_nothing(writer: Caller) -> None:
    area = ResilienceAreaFactory(code="cumbria")
    partner = OrganisationFactory(code="partner")
    NationalRiskFactory(code="wildfire")
    ThemeFactory(code="communicate")
    CapabilityFactory(code="mass-evacuation")
    given = smallest(
        event={
            "name": "Exercise Tide",
            "kind": "exercise",
            "started_on": "2026-01-14",
            "precision": "month",
            "areas": ["cumbria"],
            "organisations": ["partner"],
        },
        area="cumbria",
        what_happened="Two rooms used two lists.",
        statement="Use one list.",
        recommendations=[{"text": "Keep one list", "by_whom": "The forum"}],
        national_risks=["wildfire"],
        themes=["communicate"],
        capabilities=["mass-evacuation"],
        brag="green",
        marking="official",
        audience="areas",
        audience_areas=["cumbria"],
        attribution="area",
        external_id="debrief-17/3",
    )

    body = writer.post(DRAFTS, given).json()

    assert body["missing"] == {}
    assert {name: body[name] for name in given if name != "event"} == {n: v for n, v in given.items() if n != "event"}
    assert given["event"].items() <= body["event"].items()
    event = Event.objects.get()
    assert list(event.areas.all()) == [area]
    assert list(event.organisations.all()) == [partner]
    assert writer.get(f"{DRAFTS}{body['id']}/").json() == body
    assert writer.get(DRAFTS).json()["results"] == [{name: body[name] for name in body if name != "missing"}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "nul\0"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"event": "Exercise"}, "event"),
        ({"event": {}}, "event"),
        ({"event": {"name": "E", "started_on": "2026-02-30"}}, "event"),
        ({"event": {"name": "E", "started_on": "2026-02-02", "ended_on": "2026-02-01"}}, "event"),
        ({"event": {"name": "E", "areas": ["atlantis"]}}, "event"),
        ({"event": {"name": "E", "kind": "party"}}, "event"),
        ({"event": {"name": "E", "legal_contexts": ["gossip"]}}, "event"),
        ({"national_risks": ["none-such"]}, "national_risks"),
        ({"national_risks": "wildfire"}, "national_risks"),
        ({"national_risks": [["wildfire"]]}, "national_risks"),
        ({"audience_sectors": ["cobblers"]}, "audience_sectors"),
        ({"area": "atlantis"}, "area"),
        ({"area": 7}, "area"),
        ({"area": ""}, "area"),
        ({"organisation": "nobody"}, "organisation"),
        ({"marking": "secret"}, "marking"),
        ({"recommendations": [{"by_whom": "Forum"}]}, "recommendations"),
        ({"recommendations": [{"text": "x"}] * 21}, "recommendations"),
        ({"statement": "x" * 20_001}, "statement"),
        ({"contact": "no address"}, "contact"),
        ({"not_a_national_risk": "perhaps"}, "not_a_national_risk"),
        ({"row_version": 2**40}, "row_version"),
        ({"row_version": "7"}, "row_version"),
        ({"title": 7}, "title"),
        ({"not_a_national_risk": "no"}, "not_a_national_risk"),
        ({"themes": [7]}, "themes"),
    ],
    ids=str,
)
def test_a_wrong_value_is_400_names_its_field_and_stores_nothing(
    writer: Caller, wrong: dict[str, Any], field: str
) -> None:
    body = problem(writer.post(DRAFTS, smallest(**wrong)), 400)

    assert set(body["errors"]) == {field}
    assert not Event.objects.exists()
    assert not Lesson.objects.exists()


def test_what_a_draft_does_not_have_is_not_written(writer: Caller, contributor: User) -> None:
    forged = {
        "status": "published",
        "reference": "LI-2026-00001",
        "author": person().pk,
        "tier": "national",
        "id": 7,
        "published_at": "2026-01-01T00:00:00Z",
    }

    body = writer.post(DRAFTS, smallest(**forged)).json()

    lesson = Lesson.objects.get()
    assert (lesson.status, lesson.reference, lesson.author, lesson.tier) == ("draft", None, contributor, "area")
    assert body["id"] == lesson.pk != 7


# -- who may ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["get", "post"])
def test_other_scopes_neither_write_nor_read_drafts(contributor: User, method: str) -> None:
    others = [scope for scope in TokenScope.values if scope != TokenScope.WRITE_DRAFTS]
    caller = Caller(contributor, *others)

    problem(caller.get(DRAFTS) if method == "get" else caller.post(DRAFTS, smallest()), 403)


def test_who_may_not_write_for_an_organisation_gets_403(writer: Caller) -> None:
    OrganisationFactory(code="others")

    problem(writer.post(DRAFTS, smallest(organisation="others")), 403)
    assert not Lesson.objects.exists()


def test_a_reader_is_asked_for_an_organisation_that_none_can_be() -> None:
    reader = person(Role.READER)
    caller = Caller(reader, TokenScope.WRITE_DRAFTS)

    assert "organisation" in problem(caller.post(DRAFTS, smallest()), 400)["errors"]
    own = reader.memberships.get().organisation.code
    problem(caller.post(DRAFTS, smallest(organisation=own)), 403)


def test_drafts_of_others_are_not_there(writer: Caller, contributor: User) -> None:
    colleague = LessonFactory(organisation=contributor.memberships.get().organisation)
    submitted = LessonFactory(author=contributor, status=Status.SUBMITTED)

    assert writer.get(DRAFTS).json()["results"] == []
    for lesson in (colleague, submitted, LessonFactory()):
        problem(writer.get(f"{DRAFTS}{lesson.pk}/"), 404)
        problem(writer.send("patch", f"{DRAFTS}{lesson.pk}/", {"row_version": 0, "title": "Mine"}), 404)


# -- changing -------------------------------------------------------------------------------------------
def test_a_draft_is_changed_by_who_read_its_newest_version(writer: Caller) -> None:
    body = writer.post(DRAFTS, smallest()).json()
    path = f"{DRAFTS}{body['id']}/"

    changed = writer.send("patch", path, {"row_version": body["row_version"], "statement": "Use one list."})
    stale = writer.send("patch", path, {"row_version": body["row_version"], "statement": "Too late"})

    assert changed.status_code == 200, changed.content
    assert changed.json()["statement"] == "Use one list."
    assert changed.json()["title"] == body["title"]
    problem(stale, 409)
    assert Lesson.objects.get().statement == "Use one list."
    assert "row_version" in problem(writer.send("patch", path, {"title": "No version"}), 400)["errors"]


# -- asking twice -----------------------------------------------------------------------------------------
def test_the_same_key_and_body_give_the_same_draft(writer: Caller) -> None:
    first = writer.post(DRAFTS, smallest(), **{"Idempotency-Key": "17"})
    again = writer.post(DRAFTS, smallest(), **{"Idempotency-Key": "17"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Lesson.objects.count() == Event.objects.count() == 1


def test_a_key_stands_for_one_body_of_one_person(writer: Caller) -> None:
    writer.post(DRAFTS, smallest(), **{"Idempotency-Key": "17"})

    problem(writer.post(DRAFTS, smallest(title="Something else"), **{"Idempotency-Key": "17"}), 409)
    other = Caller(person(Role.CONTRIBUTOR), TokenScope.WRITE_DRAFTS)
    assert other.post(DRAFTS, smallest(), **{"Idempotency-Key": "17"}).status_code == 201
    assert writer.post(DRAFTS, smallest(), **{"Idempotency-Key": "18"}).status_code == 201


def test_a_key_of_a_draft_that_was_refused_is_free_again(writer: Caller, contributor: User) -> None:
    headers = {"Idempotency-Key": "17"}
    OrganisationFactory(code="others")
    problem(writer.post(DRAFTS, smallest(organisation="others"), **headers), 403)

    assert not IdempotencyKey.objects.exists()
    assert writer.post(DRAFTS, smallest(), **headers).status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "zürich", "tab\there"])
def test_a_key_that_is_none_is_400(writer: Caller, key: str) -> None:
    problem(writer.post(DRAFTS, smallest(), **{"Idempotency-Key": key}), 400)


def test_an_external_id_is_used_once(writer: Caller) -> None:
    assert writer.post(DRAFTS, smallest(external_id="a")).status_code == 201

    problem(writer.post(DRAFTS, smallest(external_id="a")), 409)
    assert Lesson.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_very_same_time_makes_one_draft(writer: Caller) -> None:
    answers: list[Any] = []
    start = threading.Barrier(4)

    def ask() -> None:
        try:
            start.wait(20)
            answers.append(writer.post(DRAFTS, smallest(), **{"Idempotency-Key": "17"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert Lesson.objects.count() == 1
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_a_program_marks_a_draft_higher_than_its_token_reads_and_is_answered(writer: Caller) -> None:
    made = writer.post(DRAFTS, smallest()).json()
    path = f"{DRAFTS}{made['id']}/"

    answer = writer.send("patch", path, {"row_version": made["row_version"], "marking": "official_sensitive"})

    assert (answer.status_code, answer.json()["marking"]) == (200, "official_sensitive")
    problem(writer.get(path), 404)


def test_a_token_without_that_scope_does_not_show_ones_own_sensitive_draft(contributor: User, writer: Caller) -> None:
    LessonFactory(author=contributor, marking="official_sensitive", created_at=timezone.now())

    assert writer.get(DRAFTS).json()["results"] == []
    both = Caller(contributor, TokenScope.WRITE_DRAFTS, TokenScope.READ_SENSITIVE)
    assert len(both.get(DRAFTS).json()["results"]) == 1


def test_fifty_drafts_take_as_many_queries_as_one(contributor: User, writer: Caller) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert writer.get(DRAFTS, {"page_size": 100}).status_code == 200
        return len(queries)

    writer.post(DRAFTS, smallest())
    cost()
    one = cost()
    for _ in range(49):
        LessonFactory(author=contributor)

    assert cost() == one <= 15
