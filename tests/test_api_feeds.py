"""The API to study with: reference data, events, changes, similar, conditional requests, rates."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import RateCount, TokenScope, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, Move, Publication, Status
from tests.calling import LESSONS, Caller, problem, published
from tests.factories import (
    NOON,
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

CHANGES = "/api/v1/changes/"
EVENTS = "/api/v1/events/"
SIMILAR = "/api/v1/similar/"


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


@pytest.fixture
def caller(reader: User) -> Caller:
    return Caller(reader)


# -- reference data --------------------------------------------------------------------------------
def test_reference_data_is_listed_and_found_by_its_codes(caller: Caller) -> None:
    ThemeFactory(code="co-locate", name="Co-locate")
    CapabilityFactory(code="mass-evacuation", name="Mass evacuation")
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria", tile_row=3, tile_col=4)
    OrganisationFactory(code="cumbria-constabulary", areas=[area], mailbox="role@force.example")
    OrganisationFactory(code="gone", ended_at=NOON)

    one = {
        kind: caller.get(f"/api/v1/{kind}/{code}/").json()
        for kind, code in (
            ("themes", "co-locate"),
            ("capabilities", "mass-evacuation"),
            ("resilience-areas", "cumbria"),
            ("organisations", "cumbria-constabulary"),
        )
    }

    assert one["themes"] == {"code": "co-locate", "name": "Co-locate", "group": "principle", "description": ""}
    assert one["capabilities"]["name"] == "Mass evacuation"
    assert (one["resilience-areas"]["tile_row"], one["resilience-areas"]["tile_col"]) == (3, 4)
    assert one["organisations"]["areas"] == ["cumbria"]
    assert one["organisations"]["sector"] == "fire"
    assert "role@force.example" not in str(one)
    for kind, body in one.items():
        assert body in caller.walk(f"/api/v1/{kind}/", {"page_size": 1})
    problem(caller.get("/api/v1/organisations/gone/"), 404)


# -- events ----------------------------------------------------------------------------------------
def test_an_event_is_told_as_its_publications_carry_it(caller: Caller) -> None:
    area = ResilienceAreaFactory(code="cumbria")
    event = EventFactory(name="Operation Canary", areas=[area])
    sanitised = {"publication": {"event_name": "A regional exercise"}}
    one = published(event=event, area=area, **sanitised)
    two = published(event=event, area=area, kind="notable_practice", attribution="none", **sanitised)
    published(event=event, audience="national_team", publication={"event_name": "Hidden exercise"})

    answer = caller.get(EVENTS)

    assert answer.json()["results"] == [
        {
            "name": "A regional exercise",
            "kind": "exercise",
            "date": "2026-01-01",
            "precision": "month",
            "areas": ["cumbria"],
            "lessons": [one.reference, two.reference],
        }
    ]


def test_an_event_shows_no_area_that_attribution_hides(caller: Caller) -> None:
    published(attribution="sector")

    assert caller.get(EVENTS).json()["results"][0]["areas"] == []


def test_events_take_the_filters_of_lessons_and_come_in_pages(caller: Caller) -> None:
    events = [EventFactory(name=f"Exercise {n % 3}", started_on=NOON.date() - timedelta(days=40 * n)) for n in range(7)]
    for event in events:
        published(event=event)
    published(kind="notable_practice", event=events[0])

    walked = caller.walk(EVENTS, {"page_size": 2})

    assert [one["date"] for one in walked] == sorted((one["date"] for one in walked), reverse=True)
    assert walked == caller.get(EVENTS, {"page_size": 100}).json()["results"]
    assert len(walked) == 7
    assert len(caller.get(EVENTS, {"kind": "notable_practice"}).json()["results"]) == 1
    problem(caller.get(EVENTS, {"kind": "rumour"}), 400)


# -- changes -----------------------------------------------------------------------------------------
def states(caller: Caller, **query: Any) -> list[tuple[str, str]]:
    return [(one["reference"], one["state"]) for one in caller.walk(CHANGES, {"page_size": 2, **query})]


def suspend(lesson: Lesson, at: datetime) -> None:
    move_lesson(lesson=lesson, move=Move.SUSPEND, by=person(Role.SECRETARIAT), at=at, note="A name stands in it")


def test_the_feed_tells_the_state_of_each_lesson_once_oldest_change_first(caller: Caller) -> None:
    kept = published(at=NOON)
    gone = published(at=NOON + timedelta(hours=1))
    archived = LessonFactory(status=Status.ARCHIVED, at=NOON + timedelta(hours=2))
    suspend(gone, NOON + timedelta(hours=3))

    assert states(caller) == [
        (kept.reference, "published"),
        (archived.reference, "archived"),
        (gone.reference, "suspended"),
    ]
    tombstone = caller.walk(CHANGES)[-1]
    assert (tombstone["version"], tombstone["lesson"], tombstone["merged_into"]) == (None, None, None)
    assert gone.title not in caller.get(CHANGES).content.decode()


def test_since_leaves_out_what_was_so_before(caller: Caller) -> None:
    published(at=NOON)
    later = published(at=NOON + timedelta(days=1))

    for since in ("2026-03-03T12:00:00Z", "2026-03-03T12:00:00+00:00", "2026-03-03", "2026-03-02T12:00:01"):
        assert states(caller, since=since) == [(later.reference, "published")]
    assert states(caller, since="2026-03-03T12:00:01Z") == []
    problem(caller.get(CHANGES, {"since": "lately"}), 400)


def test_a_restored_lesson_comes_again(caller: Caller) -> None:
    lesson = published(at=NOON)
    suspend(lesson, NOON + timedelta(hours=1))
    assert states(caller, since="2026-03-02T12:30:00Z") == [(lesson.reference, "suspended")]

    Publication.objects.filter(lesson=lesson).update(suspended_at=None)
    lesson.moves.create(move=Move.RESTORE, from_status="suspended", to_status="published", at=NOON + timedelta(hours=2))

    assert states(caller, since="2026-03-02T13:30:00Z") == [(lesson.reference, "published")]


def test_a_merged_lesson_is_a_tombstone_that_names_a_target_only_if_the_caller_may_read_it(caller: Caller) -> None:
    open_target = published(at=NOON - timedelta(days=9))
    hidden_target = published(at=NOON, audience="national_team")
    one = LessonFactory(status=Status.MERGED, merged_into=open_target)
    two = LessonFactory(status=Status.MERGED, merged_into=hidden_target)

    found = {item["reference"]: item for item in caller.walk(CHANGES)}

    assert (found[one.reference]["state"], found[one.reference]["merged_into"]) == ("merged", open_target.reference)
    assert (found[two.reference]["state"], found[two.reference]["merged_into"]) == ("merged", None)
    assert hidden_target.reference not in found


def test_a_version_for_fewer_readers_is_withdrawn_from_the_others(caller: Caller) -> None:
    lesson = published(at=NOON)
    PublicationFactory(
        lesson=lesson, published_at=NOON + timedelta(days=1), change="substantive", audience="national_team"
    )

    assert states(caller, since="2026-03-03") == [(lesson.reference, "withdrawn")]
    assert states(Caller(person(Role.AUDITOR))) == [(lesson.reference, "published")]


def test_a_version_for_more_readers_tells_nothing_of_the_one_before(caller: Caller) -> None:
    lesson = published(at=NOON, audience="national_team")
    PublicationFactory(
        lesson=lesson, published_at=NOON + timedelta(days=1), change="substantive", audience="all_responders"
    )

    (change,) = caller.walk(CHANGES)

    assert (change["state"], change["version"], change["at"]) == ("published", 2, "2026-03-03T12:00:00Z")


def test_the_feed_reveals_nothing_that_the_caller_could_not_read(caller: Caller) -> None:
    for status in (Status.PUBLISHED, Status.SUSPENDED, Status.ARCHIVED, Status.MERGED):
        LessonFactory(status=status, audience="national_team")
        LessonFactory(status=status, marking="official_sensitive", merged_into=None)
    for status in (Status.DRAFT, Status.SUBMITTED, Status.IN_REVIEW, Status.DECLINED):
        LessonFactory(status=status)

    feed = caller.walk(CHANGES)

    # The targets that the factory makes for merged lessons are open to all.
    assert {one["state"] for one in feed} == {"published"}
    assert {one["reference"] for one in feed} == set(caller.references(page_size=100))


def test_a_token_without_that_scope_hears_nothing_of_sensitive_lessons() -> None:
    auditor = person(Role.AUDITOR)
    lesson = published(marking="official_sensitive")
    suspend(lesson, NOON + timedelta(hours=1))

    assert states(Caller(auditor)) == []
    both = Caller(auditor, TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE)
    assert states(both) == [(lesson.reference, "suspended")]


def test_a_copy_kept_by_the_feed_is_what_the_list_shows(caller: Caller) -> None:
    lessons = [published(at=NOON + timedelta(minutes=n)) for n in range(6)]
    copy: set[str] = set()

    def follow(since: str) -> None:
        for one in caller.walk(CHANGES, {"since": since, "page_size": 2}):
            (copy.add if one["state"] == "published" else copy.discard)(one["reference"])

    follow("2026-01-01")
    assert copy == set(caller.references())
    suspend(lessons[0], NOON + timedelta(hours=1))
    lessons[1].publications.update(archived_at=NOON + timedelta(hours=1))
    PublicationFactory(
        lesson=lessons[2], published_at=NOON + timedelta(hours=1), change="minor", audience="national_team"
    )
    published(at=NOON + timedelta(hours=1))

    follow("2026-03-02T12:50:00Z")

    assert copy == set(caller.references())
    assert len(copy) == 4


# -- similar -----------------------------------------------------------------------------------------
def test_similar_lessons_come_most_alike_first_and_only_readable_ones(caller: Caller) -> None:
    wanted = published(
        title="Agree one rendezvous point for all services",
        what_happened="Crews drove to three rendezvous points because control rooms named different ones.",
    )
    published(title="Keep the generator fuel topped up", what_happened="The generator stopped at four in the morning.")
    hidden = published(title="Rendezvous points again", audience="national_team")

    answer = caller.post(SIMILAR, {"text": "Ambulances waited at the wrong rendezvous point for forty minutes."})

    (first, *_) = answer.json()["results"]
    assert set(first) == {"reference", "title", "score"}
    assert first["reference"] == wanted.reference
    assert hidden.reference not in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 7, "limit": 0},
        {"text": "x" * 50_001},
        {"text": "nul\0"},
        {"text": "\ud800"},
        {"text": ["a"]},
        [],
        "text",
        None,
        {"text": "ok", "limit": "many"},
        {"text": "ok", "limit": 51},
        "[" * 100_000,
        '{"text": "a", "text": "b"}',
        '{"text": "a", "limit": NaN}',
        b"\xff\xfe",
        "",
    ],
    ids=lambda body: str(body)[:30],
)
def test_what_is_not_a_question_is_400(caller: Caller, body: Any) -> None:
    problem(caller.post(SIMILAR, body), 400)


@pytest.mark.parametrize(
    "text", ["the of and", "!!! ???", "& | ! ( ) :* <->", "\u200b", "word " * 5_000, "x" * 50_000, "'; DROP TABLE --"]
)
def test_strange_texts_have_an_answer(caller: Caller, text: str) -> None:
    published()

    assert caller.post(SIMILAR, {"text": text}).status_code == 200


def test_a_body_that_is_too_large_or_no_json_is_refused(caller: Caller) -> None:
    problem(caller.post(SIMILAR, '{"text": "' + "x" * (2 * 1024 * 1024) + '"}'), 413)
    answer = caller.send("post", SIMILAR, "text=a", **{"Content-Type": "text/plain"})
    assert answer.status_code in {400, 415}


# -- conditional requests and rates ----------------------------------------------------------------------
def test_what_has_not_changed_is_not_sent_again(caller: Caller) -> None:
    lesson = published()
    path = f"{LESSONS}{lesson.reference}/"
    first = caller.get(path)

    again = caller.get(path, **{"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    PublicationFactory(lesson=lesson, published_at=NOON + timedelta(days=1), change="minor", note="Spelling")
    changed = caller.get(path, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_an_etag_opens_nothing(caller: Caller) -> None:
    lesson = published(audience="national_team")
    etag = Caller(person(Role.AUDITOR)).get(f"{LESSONS}{lesson.reference}/").headers["ETag"]

    answer = caller.get(f"{LESSONS}{lesson.reference}/", **{"If-None-Match": etag})

    assert "ETag" not in answer.headers
    problem(answer, 404)


def test_programs_may_keep_answers_that_cannot_be_sensitive_and_browsers_none(reader: User, caller: Caller) -> None:
    from django.test import Client

    client = Client()
    client.force_login(reader)
    with_sensitive = Caller(reader, TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE)

    assert caller.get(LESSONS).headers["Cache-Control"] == "private, no-cache"
    assert with_sensitive.get(LESSONS).headers["Cache-Control"] == "no-store, private"
    assert client.get(LESSONS).headers["Cache-Control"] == "no-store, private"
    assert {"Authorization", "Cookie"} <= {one.strip() for one in caller.get(LESSONS).headers["Vary"].split(",")}


@pytest.mark.usefixtures("still_clock")
def test_the_rate_is_told_and_what_is_too_much_is_429(reader: User, caller: Caller) -> None:
    first, second = caller.get(LESSONS), caller.get(LESSONS)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("600", "599")
    assert second.headers["RateLimit-Remaining"] == "598"
    RateCount.objects.update(count=600)

    answer = caller.get(LESSONS)

    problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert Caller(person(Role.READER)).get(LESSONS).status_code == 200, "of each person apart"


@pytest.mark.usefixtures("still_clock")
def test_more_tokens_give_no_more_requests(reader: User) -> None:
    Caller(reader).get(LESSONS)

    assert Caller(reader).get(LESSONS).headers["RateLimit-Remaining"] == "598"


@pytest.mark.slow
@pytest.mark.parametrize("path", [EVENTS, CHANGES, "/api/v1/organisations/", "/api/v1/themes/"])
def test_fifty_rows_take_as_many_queries_as_one_and_at_most_fifteen(reader: User, path: str) -> None:
    caller = Caller(reader)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert caller.get(path, {"page_size": 100}).status_code == 200
        return len(queries)

    published(themes=[ThemeFactory()])
    caller.get(path)
    one = cost()
    for _ in range(49):
        published(themes=[ThemeFactory()])

    assert len(caller.get(path, {"page_size": 100}).json()["results"]) >= 50
    assert cost() == one <= 15
