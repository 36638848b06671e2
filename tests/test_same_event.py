"""One event serves all agencies: before a second one is made, those like it are offered."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons.actions.drafts import use_event
from lessons.models import Event, Lesson, Marking
from tests.factories import EventFactory, LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def area() -> ResilienceArea:
    return ResilienceAreaFactory(code="cumbria")


@pytest.fixture
def writer(area: ResilienceArea) -> User:
    return person(Role.CONTRIBUTOR, OrganisationFactory(areas=[area]))


@pytest.fixture
def recorded(area: ResilienceArea) -> Event:
    """The event as another agency recorded it."""
    police: Organisation = OrganisationFactory(areas=[area])
    event: Event = EventFactory(organisation=police, name="Exercise Rising Tide", started_on=date(2026, 1, 14))
    event.areas.set([area])
    return event


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def begin(client: Client, **values: object) -> HttpResponse:
    start = {"kind": "lesson_identified", "title": "One list of rest centres for all"}
    return client.post(reverse("submit"), start | values)


def save_event(client: Client, lesson: Lesson, **values: object) -> HttpResponse:
    url = reverse("submit_step", args=[lesson.pk, "event"])
    form = client.get(url).context["form"]
    sent = {name: form[name].value() for name in ("row_version", "event_version")}
    sent |= {"event_name": "Rising Tide (exercise)", "event_kind": "exercise", "area": "cumbria"}
    sent |= {"event_areas": ["cumbria"], "event_date-month": "1", "event_date-year": "2026"}
    return client.post(url, sent | values)


def test_an_event_like_one_that_another_agency_recorded_is_offered_and_taken(writer: User, recorded: Event) -> None:
    client = sign_in(writer)
    begin(client)
    lesson = Lesson.objects.get()
    own = lesson.event

    saved = save_event(client, lesson)
    page = client.get(saved.url)
    answer = client.post(saved.url, {"same": recorded.pk})

    assert saved.url == reverse("submit_same_event", args=[lesson.pk])
    assert "Exercise Rising Tide (14 January 2026, " in page.text
    assert answer.url == reverse("submit_step", args=[lesson.pk, "what-happened"])
    lesson.refresh_from_db()
    assert lesson.event == recorded
    assert not Event.objects.filter(pk=own.pk).exists()
    assert "cannot be changed here" in client.get(reverse("submit_step", args=[lesson.pk, "event"])).text


def test_whoever_says_that_it_is_another_event_is_asked_once(writer: User, recorded: Event) -> None:
    client = sign_in(writer)
    begin(client)
    lesson = Lesson.objects.get()
    asked = save_event(client, lesson).url

    refused = client.post(asked, {})
    answer = client.post(asked, {"same": "another"})
    again = save_event(client, lesson, place="Barrow")

    assert (refused.status_code, answer.status_code) == (422, 302)
    assert "Select the event, or that it is another one" in refused.text
    assert again.url == reverse("submit_step", args=[lesson.pk, "what-happened"])
    lesson.refresh_from_db()
    assert lesson.event.name == "Rising Tide (exercise)"


@pytest.mark.parametrize("kept", [{"marking": Marking.SENSITIVE}, {"legal_contexts": ["inquest"]}])
def test_what_others_must_not_know_of_is_neither_offered_nor_taken(
    writer: User, recorded: Event, kept: dict[str, object]
) -> None:
    Event.objects.filter(pk=recorded.pk).update(**kept)
    client = sign_in(writer)
    begin(client, event=recorded.pk)
    lesson = Lesson.objects.get()

    saved = save_event(client, lesson)

    assert lesson.event != recorded
    assert saved.url == reverse("submit_step", args=[lesson.pk, "what-happened"])
    with pytest.raises(PermissionDenied):
        use_event(lesson=lesson, event=recorded, by=writer, at=lesson.created_at)


def test_the_event_of_another_agency_is_chosen_at_the_start(writer: User, recorded: Event) -> None:
    client = sign_in(writer)

    page = client.get(reverse("submit"))
    answer = begin(client, event=recorded.pk)

    assert "Exercise Rising Tide (14 January 2026, " in page.text
    assert answer.status_code == 302
    assert Lesson.objects.get().event == recorded


def test_an_event_that_other_lessons_come_from_stays_when_one_of_them_moves(writer: User, recorded: Event) -> None:
    organisation = writer.active_memberships[0].organisation
    shared = EventFactory(organisation=organisation, name="Rising Tide")
    lesson, _other = (LessonFactory(author=writer, organisation=organisation, event=shared) for _ in range(2))

    use_event(lesson=lesson, event=recorded, by=writer, at=lesson.created_at)

    assert Event.objects.filter(pk=shared.pk).exists()
