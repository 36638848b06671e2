"""The pages of readers: home, the list, one lesson, National Risks; the site closed by default; error pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.models import Lesson, LessonLink, Move, PublicationView, Status
from tests.factories import (
    NOON,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db


def published(**given: Any) -> Lesson:
    return LessonFactory(status=Status.PUBLISHED, **given)


def sign_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


@pytest.fixture
def client(reader: User) -> Client:
    return sign_in(reader)


def without_form_token(content: bytes) -> bytes:
    """Return the page without what differs each time it is drawn."""
    return re.sub(rb'(?<=name="csrfmiddlewaretoken" value=")[^"]+', b"", content)


def listed(client: Client, **query: Any) -> list[str]:
    return [one.reference for one in client.get("/lessons/", query).context["page"]]


# -- closed by default -----------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/lessons/", "/lessons/LI-2026-00001/", "/risks/", "/risks/wildfire/", "/review/"])
def test_strangers_are_asked_to_sign_in_and_told_nothing(path: str) -> None:
    lesson = published(title="A canary in the title of a lesson")

    answer = Client().get(path.replace("LI-2026-00001", lesson.reference or ""))

    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert b"canary" not in answer.content


def test_strangers_see_what_the_site_is_and_no_lesson() -> None:
    published(title="A canary in the title of a lesson")

    answer = Client().get("/")

    assert answer.status_code == 200
    assert b"Sign in" in answer.content
    assert b"canary" not in answer.content


def test_pages_are_kept_out_of_every_cache(client: Client) -> None:
    assert client.get("/lessons/").headers["Cache-Control"] == "no-store, private"


def test_a_session_ends_with_the_account_at_its_next_request(reader: User, client: Client) -> None:
    assert client.get("/lessons/").status_code == 200

    User.objects.filter(pk=reader.pk).update(is_active=False)

    assert client.get("/lessons/").status_code == 302


def test_a_role_that_ended_opens_nothing_any_more(reader: User, client: Client) -> None:
    lesson = published()
    assert listed(client) == [lesson.reference]

    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=reader).update(ends_on=yesterday)

    for path in ("/lessons/", f"/lessons/{lesson.reference}/"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/")


# -- the list --------------------------------------------------------------------------------------
def test_the_list_shows_what_the_reader_may_read_newest_first(client: Client) -> None:
    older = published()
    newer = published(at=NOON + timedelta(hours=1))
    published(audience="national_team")
    published(marking="official_sensitive")
    LessonFactory(status=Status.ARCHIVED)
    LessonFactory(status=Status.SUSPENDED)
    LessonFactory(status=Status.SUBMITTED)

    answer = client.get("/lessons/")

    assert [one.reference for one in answer.context["page"]] == [newer.reference, older.reference]
    assert "2 found" in answer.content.decode()


def test_an_unreadable_filter_is_said_and_finds_no_more_than_the_others(client: Client) -> None:
    published()

    answer = client.get("/lessons/", {"since": "yesterday"})

    assert answer.status_code == 200
    assert "since" in answer.context["filters"].errors
    assert "There is a problem" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "last", "x", "1e9", "\0"])
def test_a_wrong_page_number_shows_a_page(client: Client, page: str) -> None:
    lesson = published()

    assert listed(client, page=page) == [lesson.reference]


def test_the_second_page_goes_on_and_keeps_the_filters(client: Client) -> None:
    for minute in range(21):
        published(at=NOON + timedelta(minutes=minute))
    published(kind="notable_practice")

    first, second = (listed(client, kind="lesson_identified", page=page) for page in (1, 2))

    assert (len(first), len(second), len({*first, *second})) == (20, 1, 21)
    page = client.get("/lessons/", {"kind": "lesson_identified"}).content.decode()
    assert "?kind=lesson_identified&amp;page=2" in page


def test_what_is_written_in_a_lesson_is_shown_as_text(client: Client) -> None:
    lesson = published(title="<script>alert(1)</script> in a title", statement="<img src=x onerror=alert(1)> & so on")

    for path in ("/lessons/", "/", f"/lessons/{lesson.reference}/", "/risks/surface-water-flooding/"):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; in a title" in page


# -- one lesson --------------------------------------------------------------------------------------
def test_a_lesson_page_shows_its_words_facts_and_versions(client: Client) -> None:
    lesson = published(why="Nobody held the list.", context="A wet January.")
    PublicationFactory(lesson=lesson, published_at=NOON + timedelta(days=3), change="minor", note="A name put right")

    page = client.get(f"/lessons/{lesson.reference}/").content.decode()

    for words in (
        lesson.title,
        lesson.statement,
        lesson.what_happened,
        "Nobody held the list.",
        "A wet January.",
        "Keep one list of rest centres",
        "Local resilience forum",
        "January 2026",
        "Surface water flooding",
        "Communicate",
        "Version 2, 5 March 2026",
        "A name put right",
    ):
        assert words in page, words
    assert "14 January" not in page


@pytest.mark.parametrize("attribution", ["area", "sector", "none"])
def test_a_lesson_page_names_nobody_whom_the_attribution_hides(client: Client, attribution: str) -> None:
    area = ResilienceAreaFactory(code="zennor-area", name="Zennor and Morvah")
    owner = OrganisationFactory(code="zennor-brigade", name="Zennor Brigade", areas=[area])
    lesson = published(organisation=owner, attribution=attribution)

    for path in (f"/lessons/{lesson.reference}/", "/lessons/", "/"):
        page = client.get(path).content.decode()
        assert lesson.title in page
        assert "Zennor Brigade" not in page
        assert "zennor-brigade" not in page
        assert ("Zennor and Morvah" in page) == (attribution == "area" and path != "/")
        assert lesson.author.name not in page
        assert lesson.author.email not in page


def test_hidden_and_missing_lessons_give_the_same_page(client: Client) -> None:
    hidden = [
        published(audience="national_team"),
        published(marking="official_sensitive"),
        LessonFactory(status=Status.IN_REVIEW),
        LessonFactory(status=Status.SUSPENDED, audience="national_team"),
        LessonFactory(status=Status.MERGED, merged_into=published(audience="national_team")),
    ]

    missing = client.get("/lessons/LI-2026-00001/")

    assert missing.status_code == 404
    for lesson in hidden:
        answer = client.get(f"/lessons/{lesson.reference}/")
        assert answer.status_code == 404
        assert without_form_token(answer.content) == without_form_token(missing.content)


def test_a_lesson_is_gone_at_once_when_it_is_suspended(client: Client) -> None:
    lesson = published(audience="all_responders")
    assert client.get(f"/lessons/{lesson.reference}/").status_code == 200

    move_lesson(
        lesson=lesson, move=Move.SUSPEND, by=person(Role.SECRETARIAT), at=timezone.now(), note="A name is in it"
    )

    answer = client.get(f"/lessons/{lesson.reference}/")
    assert answer.status_code == 410
    assert lesson.title not in answer.content.decode()
    assert listed(client) == []
    assert lesson.title not in client.get("/").content.decode()
    assert lesson.title not in client.get("/risks/surface-water-flooding/").content.decode()


def test_a_merged_reference_leads_to_the_lesson_that_has_it_now(client: Client) -> None:
    target = published()
    merged = LessonFactory(status=Status.MERGED, merged_into=target)

    answer = client.get(f"/lessons/{merged.reference}/")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/lessons/{target.reference}/")


def test_a_sensitive_lesson_carries_its_marking_and_handling_instruction() -> None:
    lesson = published(marking="official_sensitive", handling="For tactical commanders only")

    page = sign_in(person(Role.READER, cleared=True)).get(f"/lessons/{lesson.reference}/").content.decode()

    assert "OFFICIAL-SENSITIVE" in page
    assert "For tactical commanders only" in page


def test_a_page_of_lists_is_marked_as_the_highest_of_what_it_lists(client: Client) -> None:
    published(marking="official_sensitive", risks=[NationalRiskFactory(code="storms")])
    published()
    cleared = sign_in(person(Role.READER, cleared=True))

    for path in ("/", "/lessons/", "/risks/storms/"):
        assert '<p class="jol-marking jol-marking--sensitive">OFFICIAL-SENSITIVE</p>' in cleared.get(path).text
        assert '<p class="jol-marking">OFFICIAL</p>' in client.get(path).text


def test_opening_a_lesson_counts_once_for_the_organisation_and_names_no_person(reader: User, client: Client) -> None:
    lesson = published()

    for _ in range(2):
        client.get(f"/lessons/{lesson.reference}/")

    view = PublicationView.objects.get()
    assert view.organisation == reader.memberships.get().organisation


def test_owners_and_moderators_find_the_record_and_readers_do_not(client: Client) -> None:
    lesson = published()
    record = f"/records/{lesson.pk}/"

    assert record in sign_in(lesson.author).get(f"/lessons/{lesson.reference}/").content.decode()
    assert record not in client.get(f"/lessons/{lesson.reference}/").content.decode()


# -- National Risks ----------------------------------------------------------------------------------
def test_the_risks_are_counted_as_far_as_the_reader_may_read(client: Client) -> None:
    wildfire = NationalRiskFactory(code="wildfire", name="Wildfire")
    NationalRiskFactory(code="drought", name="Drought")
    published(risks=[wildfire])
    published(risks=[wildfire], audience="national_team")
    LessonFactory(status=Status.ARCHIVED, risks=[wildfire])

    themes = client.get("/risks/").context["themes"]

    counts = {risk.code: count for risks in themes.values() for risk, count in risks}
    assert (counts["wildfire"], counts["drought"]) == (1, 0)


def test_a_risk_page_shows_its_lessons_and_offers_the_mails(client: Client) -> None:
    wildfire = NationalRiskFactory(code="wildfire", name="Wildfire", likelihood=4, impact=3)
    NationalRiskFactory(code="wildfire", name="Wild fire", edition="2023")
    shown = published(risks=[wildfire])
    other = published()
    hidden = published(risks=[wildfire], audience="national_team")

    page = client.get("/risks/wildfire/").content.decode()

    assert shown.title in page
    assert other.title not in page
    assert hidden.title not in page
    assert "?risk=wildfire" in page
    assert "2023: Wild fire" in page
    assert client.get("/risks/no-such-risk/").status_code == 404


# -- home --------------------------------------------------------------------------------------------
def test_home_shows_what_is_new_and_what_is_near(reader: User, client: Client) -> None:
    area = reader.memberships.get().organisation.areas.get()
    near = published(area=area)
    far = published(at=NOON + timedelta(days=1))
    hidden = published(audience="national_team")

    context = client.get("/").context

    assert [one.reference for one in context["near"]] == [near.reference]
    assert [one.reference for one in context["newest"]] == [far.reference]  # none is shown twice
    assert hidden.title not in client.get("/").content.decode()
    assert context["total"] == 2


def test_nothing_is_nearer_to_somebody_who_works_for_a_whole_nation() -> None:
    areas = ResilienceAreaFactory.create_batch(13)
    lesson = published(area=areas[0])

    context = sign_in(person(Role.READER, OrganisationFactory(areas=areas))).get("/").context

    assert (context["near"], [one.reference for one in context["newest"]]) == ([], [lesson.reference])


def test_home_of_somebody_without_a_role_is_that_of_a_stranger() -> None:
    published()

    answer = sign_in(UserFactory()).get("/")

    assert answer.status_code == 200
    assert "Sign out" not in answer.content.decode()


# -- how much it costs -----------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.READER, Role.SECRETARIAT])
@pytest.mark.parametrize(
    "path", ["/", "/lessons/", "/lessons/?q=shelter", "/risks/", "/risks/surface-water-flooding/"], ids=str
)
def test_fifty_rows_take_as_many_queries_as_one_and_at_most_fifteen(path: str, role: Role) -> None:
    client = sign_in(person(role))
    flood = NationalRiskFactory(code="surface-water-flooding")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    def publish() -> None:
        published(themes=[ThemeFactory(), ThemeFactory(code="communicate")], risks=[flood, NationalRiskFactory()])

    publish()
    cost()  # what is read once for the process
    one = cost()
    for _ in range(49):
        publish()
    cost()  # what is counted once after a change

    assert cost() == one
    assert one <= 15


def test_a_lesson_page_takes_at_most_15_queries_whoever_looks() -> None:
    lesson = published(themes=[ThemeFactory()], risks=[NationalRiskFactory()])
    LessonLink.objects.create(source=published(themes=[ThemeFactory()]), target=lesson, at=NOON)
    for day in range(1, 10):
        PublicationFactory(lesson=lesson, published_at=NOON + timedelta(days=day), change="minor", note="Spelling")

    for user in (person(Role.READER), lesson.author, person(Role.SECRETARIAT)):
        client = sign_in(user)
        client.get(f"/lessons/{lesson.reference}/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/lessons/{lesson.reference}/")
        assert len(queries) <= 15


# -- error pages ---------------------------------------------------------------------------------------
def test_an_unknown_address_is_a_404_page(client: Client) -> None:
    for somebody in (client, Client()):
        answer = somebody.get("/nothing/here/")
        assert answer.status_code == 404
        assert "Page not found" in answer.content.decode()


def test_a_forged_form_token_is_a_403_page(reader: User) -> None:
    strict = sign_in(reader, enforce_csrf_checks=True)

    answer = strict.post("/accounts/logout/", {"csrfmiddlewaretoken": "forged"})

    assert answer.status_code == 403
    assert "<h1" in answer.content.decode()


def test_a_refusal_of_the_workflow_is_a_409_page_with_words() -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)

    answer = sign_in(lesson.author).post(f"/submit/{lesson.pk}/check/", {})

    assert answer.status_code == 409
    assert "<h1" in answer.content.decode()


def test_what_one_may_see_but_not_do_is_a_403_page(reader: User, client: Client) -> None:
    lesson = published()

    answer = client.post(f"/lessons/{lesson.reference}/suspend/", {"reason": "No"})

    assert answer.status_code == 403
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


@pytest.mark.parametrize("path", ["/lessons/", "/risks/"])
def test_reading_pages_take_no_writing(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
