"""What stands around a lesson on its page: others like it, others of the event, whom to ask, why one may read it."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from lessons.around import areas_in, ask_owner, look_around, opening_keys, why_readable
from lessons.models import Lesson, LessonLink, Publication, Status
from lessons.named import names_in
from lessons.search.counting import count_words
from tests.factories import NOON, EventFactory, LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db


def published(**given: Any) -> Publication:
    lesson: Lesson = LessonFactory(**({"status": Status.PUBLISHED} | given))
    return Publication.objects.get(lesson=lesson)


def reasons(publication: Publication, user: User) -> list[str]:
    keys = opening_keys(publication, user)
    return why_readable(keys, names_in([], areas=areas_in(keys))["area"])


@pytest.fixture
def reader() -> User:
    return person(Role.READER)


@pytest.fixture
def client(reader: User) -> Client:
    client = Client()
    client.force_login(reader)
    return client


SLUICE = {
    "title": "Sluice gate jammed by silt",
    "what_happened": "Silt jammed the sluice gate during the surge.",
    "statement": "Clear silt from every sluice before winter.",
}


# -- others -----------------------------------------------------------------------------------------
def test_lessons_like_it_come_without_itself_and_without_what_is_hidden(reader: User) -> None:
    one = published(**SLUICE)
    other = published(**SLUICE | {"title": "Silt in a sluice again"})
    published(**SLUICE, audience="national_team")
    published(**SLUICE, status=Status.ARCHIVED)
    published(title="Interpreters at the clinic", what_happened="Nobody spoke Polish.", statement="Book interpreters.")
    count_words()

    assert look_around(one, reader).similar == [other]


def test_lessons_of_the_same_event_are_told_by_what_they_say_of_it(reader: User) -> None:
    owner = OrganisationFactory()
    event = EventFactory(organisation=owner, name="Exercise Rising Tide")
    one, other = (published(organisation=owner, event=event) for _ in range(2))
    published(organisation=owner, event=event, audience="national_team")

    assert look_around(one, reader).of_event == [other]


def test_an_event_under_another_published_name_is_not_given_away(reader: User) -> None:
    owner = OrganisationFactory()
    event = EventFactory(organisation=owner)
    one = published(organisation=owner, event=event)
    published(organisation=owner, event=event, attribution="none", publication={"event_name": "An exercise"})

    assert look_around(one, reader).of_event == []


# -- the owner ------------------------------------------------------------------------------------------
def test_the_owner_is_asked_at_the_contact_or_else_at_the_mailbox() -> None:
    owner = OrganisationFactory(mailbox="resilience@brigade.example")
    one = published(organisation=owner)
    other = published(organisation=owner, contact="lessons@brigade.example")

    assert ask_owner(one) == f"mailto:resilience@brigade.example?subject={one.reference}"
    assert ask_owner(other) == f"mailto:lessons@brigade.example?subject={other.reference}"


@pytest.mark.parametrize("attribution", ["area", "sector", "none"])
def test_an_owner_who_is_not_named_cannot_be_asked(client: Client, attribution: str) -> None:
    owner = OrganisationFactory(mailbox="resilience@brigade.example")
    one = published(organisation=owner, attribution=attribution, contact="lessons@brigade.example")

    assert ask_owner(one) == ""
    assert "brigade.example" not in client.get(one.get_absolute_url()).content.decode()


def test_without_a_mailbox_nobody_is_asked() -> None:
    assert ask_owner(published(organisation=OrganisationFactory(mailbox=""))) == ""


# -- why --------------------------------------------------------------------------------------------------
def test_the_reasons_are_the_keys_that_overlap_in_words(reader: User) -> None:
    assert reasons(published(), reader) == ["It is for all responders."]


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        (Role.LRF_MODERATOR, "You moderate Cumbria."),
        (Role.SECRETARIAT, "You are in the national team, the Board or an auditor."),
        (Role.READER, "It is for responders of Cumbria, and you are one, cleared for OFFICIAL-SENSITIVE."),
    ],
)
def test_every_kind_of_key_has_its_words(role: Role, reason: str) -> None:
    area = ResilienceAreaFactory(code="cumbria", name="Cumbria")
    owner = OrganisationFactory(areas=[area])
    one = published(organisation=owner, marking="official_sensitive", audience="areas", audience_areas=["cumbria"])

    assert reason in reasons(one, person(role, area=area, cleared=True))


def test_author_and_those_who_vouch_are_told_so() -> None:
    owner = OrganisationFactory()
    author = person(Role.CONTRIBUTOR, owner)
    one = published(organisation=owner, author=author, audience="national_team")

    assert reasons(one, author) == ["You wrote it."]
    assert reasons(one, person(Role.JOL_SPOC, owner)) == ["You vouch for the organisation that it is from."]


@pytest.mark.parametrize(
    ("audience", "more", "words"),
    [
        ("category_1", {}, "Category 1 responders"),
        ("sectors", {"audience_sectors": ["fire"]}, "for the fire sector"),
    ],
)
def test_other_audiences_have_their_words(reader: User, audience: str, more: dict[str, Any], words: str) -> None:
    (reason,) = reasons(published(audience=audience, **more), reader)

    assert words in reason


# -- the page -----------------------------------------------------------------------------------------
def test_the_page_shows_all_of_it(client: Client) -> None:
    owner = OrganisationFactory(mailbox="resilience@brigade.example", name="Zennor Brigade")
    one, again = published(organisation=owner, **SLUICE), published(**SLUICE | {"title": "Silt in a sluice again"})
    LessonLink.objects.create(source=again.lesson, target=one.lesson, at=NOON)
    count_words()

    page = client.get(one.get_absolute_url()).content.decode()

    for words in ("Lessons like this one", "Silt in a sluice again", "Ask the owner", "Why you can read this"):
        assert words in page
    assert "It keeps coming back" in page
    assert "2 organisations" in page


def test_an_archived_lesson_says_so_first(client: Client) -> None:
    one = published(status=Status.ARCHIVED)

    assert "kept for reference, no longer current" in client.get(one.get_absolute_url()).content.decode()
