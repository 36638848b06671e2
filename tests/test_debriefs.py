"""Debriefs: opened once an event's look-alikes were seen, filled without accounts, and turned into lessons."""

import logging
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Organisation, User
from accounts.roles import Role
from lessons.actions import debriefs as actions
from lessons.errors import LessonError
from lessons.forms.debriefs import MOST_AREAS_OF_LOCAL, DebriefForm
from lessons.look_alikes import alike, look_alikes
from lessons.models import (
    Debrief,
    Disposition,
    Event,
    Kind,
    Lesson,
    LessonMove,
    Observation,
    PointKind,
    Status,
)
from lessons.promoting import title_from
from lessons.views import points as code_page
from tests.factories import (
    NOON,
    EventFactory,
    MembershipFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.log_lines import read_lines, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def fire() -> Organisation:
    return OrganisationFactory(code="fire", areas=[ResilienceAreaFactory(code="cumbria")])


@pytest.fixture
def police(fire: Organisation) -> Organisation:
    return OrganisationFactory(code="police", areas=fire.areas.all())


@pytest.fixture
def opener(fire: Organisation) -> User:
    return person(Role.CONTRIBUTOR, fire)


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def debrief_of(opener: User, **values: Any) -> Debrief:
    """Return a debrief that takes points now, of an event that is complete."""
    organisation = values.pop("organisation", None) or opener.memberships.get().organisation
    now = timezone.now()
    return actions.open_debrief(
        **{
            "event": values.pop("event", None) or EventFactory(organisation=organisation),
            "organisation": organisation,
            "kind": "hot",
            "held_on": date(2026, 1, 21),
            "closes_at": now + timedelta(days=14),
            "by": opener,
            "at": now,
        }
        | values
    )


def point_of(debrief: Debrief, text: str = "The radio channel was full", kind: str = "did_not_go_well", **more: Any):
    return Observation.objects.create(debrief=debrief, kind=kind, text=text, given_on=date(2026, 1, 21), **more)


def code_url(debrief: Debrief) -> str:
    return reverse("debrief_code", args=[debrief.code])


# -- opening ---------------------------------------------------------------------------------------
NEW_EVENT = {
    "name": "Exercise Rising Tide",
    "kind": "exercise",
    "date-day": "14",
    "date-month": "1",
    "date-year": "2026",
    "area": "cumbria",
}
DEBRIEF = {
    "kind": "multi_agency",
    "held_on-day": "21",
    "held_on-month": "1",
    "held_on-year": "2026",
}


def until(day: date) -> dict[str, str]:
    return {f"closes_on-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


def test_a_debrief_of_a_new_event_is_opened_in_two_steps(opener: User, police: Organisation) -> None:
    client = sign_in(opener)

    answer = client.post(reverse("debrief_event"), NEW_EVENT)
    event = Event.objects.get()
    assert answer.url == reverse("debrief_open", args=[event.pk])
    tomorrow = timezone.localdate() + timedelta(days=1)
    answer = client.post(answer.url, DEBRIEF | until(tomorrow) | {"organisations": ["police"]})

    debrief = Debrief.objects.get()
    assert answer.url == reverse("debrief_share", args=[debrief.pk])
    assert (event.name, event.organisation.code, event.areas.get().code) == ("Exercise Rising Tide", "fire", "cumbria")
    assert (debrief.event, debrief.kind, debrief.held_on) == (event, "multi_agency", date(2026, 1, 21))
    assert f"{timezone.localtime(debrief.closes_at):%Y-%m-%d %H:%M}" == f"{tomorrow} 23:59"
    assert list(debrief.organisations.all()) == [police]


def test_organisations_of_the_area_are_not_hidden_among_those_of_the_whole_country(
    opener: User, police: Organisation
) -> None:
    event = EventFactory(organisation=opener.memberships.get().organisation)
    event.areas.set(police.areas.all())
    everywhere = [*police.areas.all(), *ResilienceAreaFactory.create_batch(MOST_AREAS_OF_LOCAL)]
    weather = OrganisationFactory(code="weather", areas=everywhere)

    groups = dict(DebriefForm(user=opener, event=event).fields["organisations"].choices)

    area = police.areas.get().name
    assert "police" in dict(groups[area])
    assert groups["National"] == [("weather", weather.name)]
    assert "weather" not in dict(groups[area])


def test_events_that_are_alike_are_offered_before_a_second_one_is_made(opener: User, police: Organisation) -> None:
    theirs = EventFactory(organisation=police, name="Ex Rising Tide", started_on=date(2026, 1, 14))
    client = sign_in(opener)

    offered = client.post(reverse("debrief_event"), NEW_EVENT)
    unanswered = client.post(reverse("debrief_event"), NEW_EVENT | {"offered": "on"})
    chosen = client.post(reverse("debrief_event"), NEW_EVENT | {"offered": "on", "same": str(theirs.pk)})

    assert "Ex Rising Tide (14 January 2026, Exercise)" in offered.content.decode()
    assert unanswered.status_code == 422
    assert chosen.url == reverse("debrief_open", args=[theirs.pk])
    assert Event.objects.count() == 1


def test_a_second_event_is_made_by_whoever_says_that_it_is_another_one(opener: User, police: Organisation) -> None:
    EventFactory(organisation=police, name="Rising Tide", started_on=date(2026, 1, 14))

    answer = sign_in(opener).post(reverse("debrief_event"), NEW_EVENT | {"offered": "on", "same": "another"})

    assert answer.status_code == 302
    assert Event.objects.filter(organisation__code="fire").count() == 1


@pytest.mark.parametrize("hidden", [{"marking": "official_sensitive"}, {"legal_contexts": ["inquest"]}])
def test_an_event_that_is_sensitive_or_in_proceedings_is_not_shown_to_other_organisations(
    opener: User, police: Organisation, hidden: dict[str, Any]
) -> None:
    event = EventFactory(organisation=police, name="Rising Tide", started_on=date(2026, 1, 14), **hidden)
    client = sign_in(opener)

    page = client.get(reverse("debrief_event"))
    posted = client.post(reverse("debrief_event"), NEW_EVENT | {"offered": "on", "same": str(event.pk)})

    assert "Rising Tide (" not in page.content.decode()
    assert posted.status_code == 302
    assert str(event.pk) not in posted.url
    assert client.get(reverse("debrief_open", args=[event.pk])).status_code == 404


def test_events_of_other_areas_and_other_months_are_not_alike(opener: User, police: Organisation) -> None:
    here, day = list(police.areas.all()), date(2026, 1, 14)
    same_month = EventFactory(organisation=police, name="Operation Kestrel", started_on=date(2026, 1, 30))
    by_name = EventFactory(organisation=police, name="Rising Tide exercise", started_on=date(2025, 11, 2))
    EventFactory(organisation=police, name="Operation Heron", started_on=date(2025, 12, 30))
    EventFactory(name="Exercise Rising Tide", started_on=day)

    found = look_alikes(user=opener, name="Exercise Rising Tide", started_on=day, areas=here)

    assert [event.pk for event in found] == [by_name.pk, same_month.pk]


def test_likeness_is_about_words_not_their_order_or_case() -> None:
    assert alike("Exercise RISING Tide", "rising tide exercise") == 1
    assert alike("Rising Tide", "Storm Arwen") < 0.1
    assert alike("", "") == 0


def test_whoever_may_not_write_may_not_open_a_debrief(fire: Organisation) -> None:
    reader = person(Role.READER, fire)
    event = EventFactory(organisation=fire)

    assert sign_in(reader).get(reverse("debrief_event")).status_code == 403
    assert sign_in(reader).post(reverse("debrief_open", args=[event.pk]), DEBRIEF).status_code == 403


# -- who sees it ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "whose", "page", "share"),
    [
        (Role.CONTRIBUTOR, "fire", 200, 200),
        (Role.JOL_SPOC, "fire", 200, 200),
        (Role.STRATEGIC_LEAD, "fire", 200, 200),
        (Role.READER, "fire", 404, 404),
        (Role.SYSTEM_ADMIN, "fire", 404, 404),
        (Role.READER, "police", 200, 403),
        (Role.CONTRIBUTOR, "police", 200, 403),
        (Role.SYSTEM_ADMIN, "police", 404, 404),
        (Role.CONTRIBUTOR, "elsewhere", 404, 404),
        (Role.SECRETARIAT, "elsewhere", 404, 404),
    ],
)
def test_a_debrief_is_seen_by_its_writers_and_read_by_those_who_take_part(
    opener: User, police: Organisation, role: Role, whose: str, page: int, share: int
) -> None:
    debrief = debrief_of(opener, organisations=[police])
    point = point_of(debrief)
    organisations = {"fire": debrief.organisation, "police": police, "elsewhere": OrganisationFactory()}
    client = sign_in(person(role, organisations[whose]))

    assert client.get(debrief.get_absolute_url()).status_code == page
    assert (point.text in client.get(debrief.get_absolute_url()).content.decode()) == (page == 200)
    assert client.get(reverse("debrief_share", args=[debrief.pk])).status_code == share
    assert client.post(reverse("debrief_promote", args=[debrief.pk]), {"points": point.pk}).status_code == (
        302 if share == 200 else share
    )
    listed = debrief.event.name in client.get(reverse("debrief_list")).content.decode()
    assert listed == (page == 200)


def test_the_list_asks_the_same_of_the_database_for_many_debriefs_as_for_one(
    opener: User, django_assert_num_queries: Any
) -> None:
    client = sign_in(opener)
    debrief_of(opener)
    with transaction.atomic(), CountedQueries() as one:
        client.get(reverse("debrief_list"))
    for _ in range(10):
        debrief_of(opener)

    with django_assert_num_queries(one.count):
        client.get(reverse("debrief_list"))


class CountedQueries:
    def __enter__(self) -> "CountedQueries":
        from django.test.utils import CaptureQueriesContext

        self.captured = CaptureQueriesContext(connection)
        self.captured.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.captured.__exit__(*error)
        self.count = len(self.captured)


# -- the page that a code opens -----------------------------------------------------------------------
def test_the_code_opens_one_page_without_an_account_and_shows_no_point_of_others(opener: User) -> None:
    debrief = debrief_of(opener)
    point_of(debrief, "Nobody told the control room")

    page = Client().get(code_url(debrief))

    assert page.status_code == 200
    assert debrief.event.name in page.content.decode()
    assert "Nobody told" not in page.content.decode()
    assert Client().get(debrief.get_absolute_url()).status_code == 302
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_a_sensitive_event_is_not_named_on_the_page_that_a_code_opens(opener: User) -> None:
    debrief = debrief_of(opener, event=EventFactory(name="Operation Kestrel", marking="official_sensitive"))

    assert "Kestrel" not in Client().get(code_url(debrief)).content.decode()


def test_a_point_is_added_with_a_kind_words_and_a_principle(opener: User) -> None:
    debrief = debrief_of(opener)
    ThemeFactory(code="communicate")

    answer = Client().post(
        code_url(debrief), {"kind": "went_well", "text": "One list of rest centres", "principle": "communicate"}
    )

    assert answer.url == f"{code_url(debrief)}?added"
    assert "your point is in" in Client().get(answer.url).text
    point = debrief.observations.get()
    assert (point.kind, point.text) == ("went_well", "One list of rest centres")
    assert str(point.principle) == "Communicate"
    assert (point.author, point.given_on) == (None, timezone.localdate())


def test_a_code_may_be_typed_in_capitals_and_with_its_dash(opener: User) -> None:
    debrief = debrief_of(opener)

    answer = Client().post(reverse("debrief_enter"), {"code": f" {debrief.spoken_code.upper()} "})

    assert answer.url == code_url(debrief)
    assert Client().get(f"/d/{debrief.spoken_code.upper()}/").status_code == 200


def everything_stored() -> dict[str, set[str]]:
    """Return every row of every table of the portal as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")  # noqa: S608 - names of tables
            found[table] = {row for (row,) in cursor.fetchall()}
    return found


def test_whoever_adds_a_point_without_a_name_is_stored_and_logged_nowhere(
    opener: User, fire: Organisation, caplog: pytest.LogCaptureFixture
) -> None:
    debrief, member = debrief_of(opener), person(Role.READER, fire)
    client = sign_in(member)
    client.get(code_url(debrief))
    before, audited = everything_stored(), AuditEvent.objects.count()

    with caplog.at_level(logging.DEBUG), written() as log:
        client.post(code_url(debrief), {"kind": "went_well", "text": "Calm voices"}, REMOTE_ADDR="192.0.2.77")

    added = {table: rows - before[table] for table, rows in everything_stored().items() if rows - before[table]}
    assert set(added) == {
        "lessons_observation",
        "accounts_ratecount",
    }  # how many points came to this debrief in this minute
    (point,) = added["lessons_observation"]
    assert re.search(r"\d\d:\d\d", point) is None
    assert debrief.observations.get().author is None
    told = " ".join([*added["accounts_ratecount"], point])
    for trace in ("192.0.2.77", member.email, member.name):
        assert trace not in told
        assert trace not in caplog.text.replace("lessons_observation", "")
    assert [(line["route"], line["user"]) for line in read_lines(log.getvalue())] == [("debrief_code", None)]
    assert AuditEvent.objects.count() == audited
    assert not LessonMove.objects.exists()


def test_somebody_who_takes_part_may_put_their_name(opener: User, police: Organisation) -> None:
    debrief = debrief_of(opener, organisations=[police])
    named, outsider = person(Role.READER, police), person(Role.READER)
    point = {"kind": "went_well", "text": "Calm voices", "named": "on"}

    sign_in(named).post(code_url(debrief), point)
    sign_in(outsider).post(code_url(debrief), point)
    Client().post(code_url(debrief), point)

    assert [one.author for one in debrief.observations.order_by("pk")] == [named, None, None]


@pytest.mark.usefixtures("still_clock")
def test_a_code_that_opens_nothing_is_not_found_and_soon_slowed_down(opener: User, monkeypatch: Any) -> None:
    debrief = debrief_of(opener)
    monkeypatch.setattr(code_page, "WRONG_CODES", replace(code_page.WRONG_CODES, limit=3))
    guesser = Client(REMOTE_ADDR="198.51.100.9")

    assert "No debrief has this code" in Client().get("/d/guess/").content.decode()
    answers = [guesser.get(f"/d/guess{number}/").status_code for number in range(4)]
    right = guesser.get(code_url(debrief))
    typed = guesser.post(reverse("debrief_enter"), {"code": debrief.code})

    assert answers == [404, 404, 404, 429]
    assert (right.status_code, typed.status_code) == (429, 429)
    assert int(right.headers["Retry-After"]) > 0
    assert Client().get(code_url(debrief)).status_code == 200


@pytest.mark.usefixtures("still_clock")
def test_points_of_one_debrief_are_throttled_without_losing_what_was_typed(opener: User, monkeypatch: Any) -> None:
    debrief, other = debrief_of(opener), debrief_of(opener)
    monkeypatch.setattr(code_page, "POINTS", replace(code_page.POINTS, limit=2))
    point = {"kind": "went_well", "text": "Calm voices on the radio"}

    answers = [Client().post(code_url(debrief), point) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "Calm voices on the radio" in answers[-1].content.decode()
    assert Client().post(code_url(other), point).status_code == 302


def test_a_closed_debrief_takes_no_point_and_gives_the_words_back(opener: User) -> None:
    debrief = debrief_of(opener)
    sign_in(opener).post(reverse("debrief_share", args=[debrief.pk]), {"then": "close"})

    page = Client().get(code_url(debrief))
    answer = Client().post(code_url(debrief), {"kind": "went_well", "text": "Typed before it closed"})

    assert "This debrief is closed" in page.content.decode()
    assert answer.status_code == 409
    assert "Typed before it closed" in answer.content.decode()
    assert not debrief.observations.exists()


def test_a_new_code_shuts_the_old_one(opener: User) -> None:
    debrief = debrief_of(opener)
    old = code_url(debrief)

    sign_in(opener).post(reverse("debrief_share", args=[debrief.pk]), {"then": "code"})

    debrief.refresh_from_db()
    assert Client().get(old).status_code == 404
    assert Client().get(code_url(debrief)).status_code == 200


def test_the_code_is_shown_as_a_link_a_word_and_a_picture(opener: User) -> None:
    debrief = debrief_of(opener)

    page = sign_in(opener).get(reverse("debrief_share", args=[debrief.pk])).content.decode()

    assert code_url(debrief) in page
    assert debrief.spoken_code in page
    assert "<svg" in page
    assert "style=" not in page


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"kind": "went_well"},
        {"text": "x"},
        {"kind": "rant", "text": "x"},
        {"kind": "went_well", "text": "x" * 2001},
    ],
)
def test_a_point_that_cannot_be_right_is_shown_again(opener: User, sent: dict[str, str]) -> None:
    debrief = debrief_of(opener)

    answer = Client().post(code_url(debrief), sent)

    assert answer.status_code == 422
    assert not debrief.observations.exists()


def test_a_debrief_never_grows_beyond_its_limit(opener: User, monkeypatch: Any) -> None:
    debrief = debrief_of(opener)
    monkeypatch.setattr(actions, "MOST_POINTS", 1)
    point_of(debrief)

    assert Client().post(code_url(debrief), {"kind": "went_well", "text": "One more"}).status_code == 409


# -- what becomes of points -----------------------------------------------------------------------------
def test_one_press_makes_a_draft_that_holds_the_words_and_the_principle(opener: User, fire: Organisation) -> None:
    debrief, principle = debrief_of(opener), ThemeFactory(code="communicate")
    fire.mailbox = "learning@fire.example"
    fire.save()
    point = point_of(debrief, "The radio channel was full. Nobody had a second one.", principle=principle)

    sign_in(opener).post(reverse("debrief_promote", args=[debrief.pk]), {"points": point.pk})

    point.refresh_from_db()
    lesson = Lesson.objects.get()
    assert (point.disposition, point.lesson) == (Disposition.PROMOTED, lesson)
    assert (lesson.status, lesson.kind, lesson.author) == (Status.DRAFT, Kind.LESSON_IDENTIFIED, opener)
    assert (lesson.debrief, lesson.event, lesson.organisation) == (debrief, debrief.event, fire)
    assert lesson.title == "The radio channel was full"
    assert lesson.what_happened == "The radio channel was full. Nobody had a second one."
    assert [theme.code for theme in lesson.themes.all()] == ["communicate"]
    assert (lesson.area.code, lesson.contact) == ("cumbria", "learning@fire.example")


def test_points_under_one_heading_become_one_lesson_with_its_recommendations(opener: User) -> None:
    debrief = debrief_of(opener)
    bad = point_of(debrief, "The channel was full.")
    wish = point_of(debrief, "Agree a second channel.", kind="do_differently")
    client = sign_in(opener)

    client.post(
        reverse("debrief_sort", args=[debrief.pk]),
        {"points": [bad.pk, wish.pk], "then": "group", "group": "Talk groups between control rooms"},
    )
    page = client.get(debrief.get_absolute_url()).content.decode()
    client.post(reverse("debrief_promote", args=[debrief.pk]), {"points": [bad.pk, wish.pk]})

    assert "Talk groups between control rooms" in page
    lesson = Lesson.objects.get()
    assert lesson.title == "Talk groups between control rooms"
    assert lesson.what_happened == "The channel was full."
    assert lesson.recommendations == [{"text": "Agree a second channel.", "by_whom": ""}]
    assert lesson.observations.count() == 2


def test_what_only_went_well_becomes_notable_practice(opener: User) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief, "One list of rest centres", kind="went_well")

    sign_in(opener).post(reverse("debrief_promote", args=[debrief.pk]), {"points": point.pk})

    assert Lesson.objects.get().kind == Kind.NOTABLE_PRACTICE


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"disposition": "local_action", "note": "Station manager, by May"}, {"note": "Station manager, by May"}),
        (
            {"disposition": "single_service", "system": "nol", "system_reference": "NOL-2026-12"},
            {"system": "nol", "system_reference": "NOL-2026-12"},
        ),
        ({"disposition": "no_action", "system": "nol", "system_reference": "left over"}, {"system": ""}),
    ],
)
def test_a_point_can_go_elsewhere_and_back(opener: User, sent: dict[str, str], stored: dict[str, str]) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief)
    client = sign_in(opener)

    client.post(reverse("debrief_sort", args=[debrief.pk]), {"points": point.pk, "then": "settle"} | sent)

    point.refresh_from_db()
    assert point.disposition == sent["disposition"]
    assert {name: getattr(point, name) for name in stored} == stored
    client.post(reverse("debrief_undo", args=[debrief.pk, point.pk]))
    point.refresh_from_db()
    assert (point.disposition, point.note, point.system, point.system_reference) == ("undecided", "", "", "")


def test_a_duplicate_names_the_point_that_stays(opener: User) -> None:
    debrief = debrief_of(opener)
    stays, again = point_of(debrief), point_of(debrief)
    url = reverse("debrief_sort", args=[debrief.pk])
    settle = {"then": "settle", "disposition": "duplicate"}
    client = sign_in(opener)

    alone = client.post(url, settle | {"points": again.pk})
    itself = client.post(url, settle | {"points": [stays.pk, again.pk], "same_as": stays.pk})
    elsewhere = client.post(url, settle | {"points": again.pk, "same_as": point_of(debrief_of(opener)).pk})
    right = client.post(url, settle | {"points": again.pk, "same_as": stays.pk})

    assert [one.status_code for one in (alone, itself, elsewhere, right)] == [422, 422, 422, 302]
    again.refresh_from_db()
    assert (again.disposition, again.same_as) == (Disposition.DUPLICATE, stays)


@pytest.mark.parametrize(
    "sent",
    [
        {"then": "settle"},
        {"then": "settle", "disposition": "promoted"},
        {"then": "settle", "disposition": "single_service"},
        {"then": "settle", "disposition": "single_service", "system": "nol"},
        {"then": "group"},
    ],
)
def test_what_is_missing_is_said_and_the_ticks_stay(opener: User, sent: dict[str, str]) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief)

    answer = sign_in(opener).post(reverse("debrief_sort", args=[debrief.pk]), sent | {"points": point.pk})

    assert answer.status_code == 422
    assert re.search(rf'value="{point.pk}" id="point-{point.pk}" checked', answer.content.decode())
    point.refresh_from_db()
    assert point.is_undecided


def test_undoing_a_promotion_withdraws_a_draft_that_holds_no_other_point(opener: User) -> None:
    debrief = debrief_of(opener)
    first, second = point_of(debrief), point_of(debrief)
    client = sign_in(opener)
    client.post(
        reverse("debrief_sort", args=[debrief.pk]), {"points": [first.pk, second.pk], "then": "lesson", "group": ""}
    )
    lesson = Lesson.objects.get()

    client.post(reverse("debrief_undo", args=[debrief.pk, first.pk]))
    lesson.refresh_from_db()
    still = lesson.status
    client.post(reverse("debrief_undo", args=[debrief.pk, second.pk]))

    lesson.refresh_from_db()
    assert (still, lesson.status) == (Status.DRAFT, Status.WITHDRAWN)
    assert not debrief.observations.exclude(disposition=Disposition.UNDECIDED).exists()


def test_a_promotion_cannot_be_undone_once_the_lesson_was_submitted(opener: User) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief)
    lesson = actions.promote_points(debrief=debrief, points=[point.pk], kind="lesson_identified", by=opener, at=NOON)
    Lesson.objects.filter(pk=lesson.pk).update(status=Status.SUBMITTED, reference="LI-2026-00001")

    answer = sign_in(opener).post(reverse("debrief_undo", args=[debrief.pk, point.pk]))

    assert answer.status_code == 409
    point.refresh_from_db()
    assert point.lesson == lesson


def test_a_point_is_decided_once(opener: User) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief)
    url = reverse("debrief_promote", args=[debrief.pk])
    client = sign_in(opener)

    answers = [client.post(url, {"points": point.pk}).status_code for _ in range(2)]

    assert answers == [302, 409]
    assert Lesson.objects.count() == 1


def test_points_of_another_debrief_cannot_be_promoted_here(opener: User) -> None:
    debrief, theirs = debrief_of(opener), point_of(debrief_of(person(Role.CONTRIBUTOR)))

    answer = sign_in(opener).post(reverse("debrief_promote", args=[debrief.pk]), {"points": theirs.pk})
    change = sign_in(opener).get(reverse("debrief_reword", args=[debrief.pk, theirs.pk]))

    assert (answer.status_code, change.status_code) == (409, 404)
    assert not Lesson.objects.exists()


def test_the_words_of_a_point_can_be_corrected_and_the_earlier_ones_are_kept_nowhere(opener: User) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief, "Sergeant Kowalczyk came late")

    sign_in(opener).post(
        reverse("debrief_reword", args=[debrief.pk, point.pk]),
        {"kind": "did_not_go_well", "text": "The liaison officer came late"},
    )

    point.refresh_from_db()
    assert point.text == "The liaison officer came late"
    assert not any("Kowalczyk" in row for rows in everything_stored().values() for row in rows)


def test_those_who_run_it_note_what_is_said_in_the_room_even_when_it_is_closed(opener: User) -> None:
    debrief = debrief_of(opener)
    actions.set_closing(debrief=debrief, closes_at=timezone.now(), by=opener, at=timezone.now())

    answer = sign_in(opener).post(
        reverse("debrief_note", args=[debrief.pk]), {"kind": "went_well", "text": "Hot food", "then": "another"}
    )

    assert answer.url == reverse("debrief_note", args=[debrief.pk])
    assert debrief.observations.get().author is None


def test_another_writer_of_the_organisation_may_carry_on(opener: User, fire: Organisation) -> None:
    debrief, colleague = debrief_of(opener), person(Role.CONTRIBUTOR, fire)
    point = point_of(debrief)

    sign_in(colleague).post(reverse("debrief_promote", args=[debrief.pk]), {"points": point.pk})

    assert Lesson.objects.get().author == colleague
    page = sign_in(opener).get(debrief.get_absolute_url()).content.decode()
    assert reverse("lesson_record", args=[Lesson.objects.get().pk]) not in page


def test_a_person_of_two_organisations_says_for_which_one(opener: User, police: Organisation) -> None:
    MembershipFactory(user=opener, organisation=police, role=Role.CONTRIBUTOR)
    event = EventFactory(organisation=police)
    tomorrow = timezone.localdate() + timedelta(days=1)

    url, sent = reverse("debrief_open", args=[event.pk]), DEBRIEF | until(tomorrow)
    unsaid = sign_in(opener).post(url, sent)
    sign_in(opener).post(url, sent | {"organisation": str(police.pk)})

    assert unsaid.status_code == 422
    assert Debrief.objects.get().organisation == police


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Radio was poor. It took an hour.", "Radio was poor"),
        ("One line\nand another", "One line"),
        ("word " * 40, f"{' '.join(['word'] * 23)}…"),
    ],
)
def test_a_title_is_the_first_sentence_cut_at_a_word(text: str, title: str) -> None:
    assert title_from(text) == title
    assert len(title_from("x" * 500)) <= 120


# -- the whole way -------------------------------------------------------------------------------------
class CountingClient(Client):
    """Counts the pages that a person is shown: what is answered, but not the redirects on the way to it."""

    pages = 0

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.pages += answer.status_code not in {301, 302}
        return answer


def press(client: CountingClient, url: str, sent: dict[str, Any]) -> Any:
    """Send a form, and see the page it leads to."""
    answer = client.post(url, sent, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer


def as_shown(answer: Any) -> dict[str, Any]:
    """Return what a browser would send back from the form of a step as it is shown."""
    sent: dict[str, Any] = {}
    for field in answer.context["form"]:
        value = field.value()
        if isinstance(value, dict):
            sent |= {f"{field.html_name}-{part}": text for part, text in value.items()}
        elif value is not None and value is not False:
            sent[field.html_name] = value
    return sent


ANSWERS: dict[str, dict[str, Any]] = {
    "what-happened": {},
    "learning": {
        "statement": "Partners agree a second talk group before an exercise begins.",
        "benefit": "Everybody heard the same in the first call.",
    },
    "about": {"risks": ["surface-water-flooding"], "principles": ["communicate"], "brag": "green"},
    "sharing": {"marking": "official", "audience": "all_responders"},
}


def answered(slug: str, shown: dict[str, Any]) -> dict[str, Any]:
    """Fill in a step: what it asks for, and by whom each recommendation is to be followed."""
    if slug == "learning":
        shown |= {"what_1": shown.get("what_1") or "Agree a second talk group"}
        rows = [name.removeprefix("what_") for name, words in shown.items() if name.startswith("what_") and words]
        shown |= {f"by_whom_{row}": "Local resilience forum" for row in rows}
    return shown | ANSWERS[slug]


@pytest.mark.slow
def test_ten_observations_become_four_submitted_lessons_in_at_most_forty_pages(opener: User) -> None:
    NationalRiskFactory(code="surface-water-flooding")
    principle = ThemeFactory(code="communicate")
    debrief = debrief_of(opener)
    points = [
        point_of(debrief, f"Point {n}: the talk group was full at the wrong time.", kind=kind, principle=principle)
        for n, kind in enumerate([PointKind.DID_NOT_GO_WELL, PointKind.DO_DIFFERENTLY] * 4 + [PointKind.WENT_WELL] * 2)
    ]
    groups = [points[0:3], points[3:6], points[6:8], points[8:10]]
    client = CountingClient()
    client.force_login(opener)
    client.get(debrief.get_absolute_url())

    for group in groups:
        press(
            client,
            reverse("debrief_sort", args=[debrief.pk]),
            {"points": [point.pk for point in group], "then": "lesson"},
        )
        lesson = Lesson.objects.latest("pk")
        answer = client.get(client_carry_on(client.get(reverse("submit_check", args=[lesson.pk]))))
        while "form" in answer.context and hasattr(answer.context["form"], "slug"):
            slug = answer.context["form"].slug
            answer = press(client, answer.wsgi_request.get_full_path(), answered(slug, as_shown(answer)))
        press(client, reverse("submit_check", args=[lesson.pk]), {})
        client.get(debrief.get_absolute_url())

    assert Lesson.objects.filter(status=Status.SUBMITTED, debrief=debrief).count() == 4
    assert not debrief.observations.filter(disposition=Disposition.UNDECIDED).exists()
    assert client.pages <= 40


def client_carry_on(page: Any) -> str:
    """Return where the button of the check page leads that says Carry on."""
    found = re.search(r'href="([^"]+)"[^>]*>\s*Carry on', page.content.decode())
    assert found
    return found[1]


# -- what can never be stored -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"text": ""}, "observation_says_something"),
        ({"disposition": "promoted"}, "observation_promoted_has_a_lesson"),
        ({"disposition": "single_service"}, "observation_passed_on_names_the_system"),
        ({"system": "nol", "system_reference": "7"}, "observation_passed_on_names_the_system"),
        ({"disposition": "duplicate"}, "observation_duplicate_names_the_other"),
    ],
)
def test_the_database_refuses_a_point_that_contradicts_itself(opener: User, values: dict[str, str], rule: str) -> None:
    debrief = debrief_of(opener)

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        point_of(debrief, **values)


def test_the_database_refuses_a_debrief_that_closes_before_it_opens(opener: User) -> None:
    debrief = debrief_of(opener)

    with pytest.raises(IntegrityError, match="debrief_closes_after_it_opens"), transaction.atomic():
        Debrief.objects.filter(pk=debrief.pk).update(closes_at=datetime(2020, 1, 1, tzinfo=NOON.tzinfo))


def test_settling_refuses_a_point_that_is_said_to_repeat_itself(opener: User) -> None:
    debrief = debrief_of(opener)
    point = point_of(debrief)

    with pytest.raises(LessonError, match="itself"):
        actions.settle_points(
            debrief=debrief, points=[point.pk], disposition="duplicate", same_as=point, by=opener, at=NOON
        )
