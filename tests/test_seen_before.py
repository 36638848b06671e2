"""Beside the form: lessons like this one, which can be called the same again, warnings and hints."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from lessons.actions.recurrences import link_recurrence, unlink_recurrence
from lessons.errors import WrongStatus
from lessons.models import Lesson, LessonLink, Publication, Status
from lessons.search.counting import count_words
from tests.factories import NOON, LessonFactory, OrganisationFactory, PublicationFactory, person

pytestmark = pytest.mark.django_db

TITLES = [
    "Talk group between control rooms was not shared",
    "Talk group of control rooms was agreed too late",
    "Control rooms had no shared talk group at night",
    "Shared talk group unknown to two control rooms",
    "Control rooms met on a talk group by accident",
    "A talk group for control rooms, tested every week",
    "Rest centre keys were kept in a locked office",
]


@pytest.fixture
def published() -> list[Lesson]:
    lessons = [LessonFactory(status=Status.PUBLISHED, title=title, what_happened=title) for title in TITLES]
    count_words()
    return lessons


@pytest.fixture
def draft() -> Lesson:
    return LessonFactory(
        status=Status.DRAFT,
        title="No shared talk group between control rooms in the first hour",
        what_happened="The control rooms had no shared talk group.",
    )


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step(lesson: Lesson, slug: str = "what-happened") -> str:
    return reverse("submit_step", args=[lesson.pk, slug])


@pytest.mark.parametrize("slug", ["what-happened", "learning"])
def test_the_five_most_similar_lessons_stand_beside_the_form(published: list[Lesson], draft: Lesson, slug: str) -> None:
    page = sign_in(draft.author).get(step(draft, slug))

    shown = [publication.title for publication in page.context["beside"].alike]
    assert len(shown) == 5
    assert set(shown) < set(TITLES[:6])
    assert all(title in page.text for title in shown)


def test_the_piece_of_a_page_shows_what_is_saved_now(published: list[Lesson], draft: Lesson) -> None:
    Lesson.objects.filter(pk=draft.pk).update(title="Keys of the rest centre", what_happened="Locked office, no keys.")
    client = sign_in(draft.author)

    piece = client.get(reverse("submit_beside", args=[draft.pk, "what-happened"]))

    assert TITLES[6] in piece.text
    assert "<html" not in piece.text


def test_the_piece_of_a_page_is_for_those_who_write_the_draft(draft: Lesson) -> None:
    url = reverse("submit_beside", args=[draft.pk, "what-happened"])

    assert sign_in(person(Role.READER)).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_what_the_writer_may_not_read_is_not_shown(draft: Lesson) -> None:
    LessonFactory(status=Status.PUBLISHED, title=TITLES[0], audience="national_team")
    count_words()

    assert TITLES[0] not in sign_in(draft.author).get(step(draft)).text


def test_an_empty_draft_is_like_nothing(published: list[Lesson]) -> None:
    draft = LessonFactory(status=Status.DRAFT, title="Talk", what_happened="", statement="", why="")

    assert sign_in(draft.author).get(step(draft)).context["beside"].alike == []


def test_choosing_one_saves_the_step_and_links_it(published: list[Lesson], draft: Lesson) -> None:
    client, chosen = sign_in(draft.author), published[0]
    sent = {"row_version": draft.row_version, "title": draft.title, "what_happened": "Typed just now."}

    answer = client.post(step(draft), sent | {"link": chosen.reference})

    assert answer.url == f"{step(draft)}?#seen-before"
    draft.refresh_from_db()
    assert draft.what_happened == "Typed just now."
    link = LessonLink.objects.get()
    assert (link.source, link.target, link.kind) == (draft, chosen, "recurrence_of")
    page = client.get(step(draft))
    assert [publication.lesson for publication in page.context["beside"].chosen] == [chosen]
    assert chosen.pk not in [publication.lesson_id for publication in page.context["beside"].alike]


def test_a_link_is_taken_back(published: list[Lesson], draft: Lesson) -> None:
    link_recurrence(lesson=draft, target=published[0], by=draft.author, at=NOON)
    sent = {"row_version": draft.row_version, "title": draft.title, "unlink": published[0].reference}

    sign_in(draft.author).post(step(draft), sent)

    assert not LessonLink.objects.exists()


def test_linking_twice_makes_one_link(published: list[Lesson], draft: Lesson) -> None:
    for _ in range(2):
        link_recurrence(lesson=draft, target=published[0], by=draft.author, at=NOON)

    assert LessonLink.objects.count() == 1


def test_nobody_links_what_they_may_not_write_or_read(published: list[Lesson], draft: Lesson) -> None:
    hidden = LessonFactory(status=Status.PUBLISHED, audience="national_team")
    suspended = LessonFactory(status=Status.SUSPENDED)

    for by, target in [(person(Role.READER), published[0]), (draft.author, hidden), (draft.author, suspended)]:
        with pytest.raises(PermissionDenied):
            link_recurrence(lesson=draft, target=target, by=by, at=NOON)
    with pytest.raises(PermissionDenied):
        unlink_recurrence(lesson=draft, target=published[0], by=person(Role.READER), at=NOON)
    assert not LessonLink.objects.exists()


def test_a_lesson_is_no_recurrence_of_itself_or_of_its_own_recurrence(published: list[Lesson]) -> None:
    first, second = published[:2]
    moderator = person(Role.SECRETARIAT)
    link_recurrence(lesson=second, target=first, by=moderator, at=NOON)

    with pytest.raises(WrongStatus):
        link_recurrence(lesson=first, target=first, by=moderator, at=NOON)
    with pytest.raises(WrongStatus):
        link_recurrence(lesson=first, target=second, by=moderator, at=NOON)


def test_a_link_shows_on_both_pages_once_both_are_published(published: list[Lesson]) -> None:
    target = published[0]
    event = {"event_on": NOON.date().replace(year=2021)}
    later = LessonFactory(status=Status.SUBMITTED, organisation=OrganisationFactory(name="North Ambulance"))
    LessonLink.objects.create(source=later, target=target, by=later.author, at=NOON)
    reader = sign_in(person(Role.READER))
    there = reverse("lesson", args=[target.reference])
    assert "It keeps coming back" not in reader.get(there).text

    Lesson.objects.filter(pk=later.pk).update(status=Status.PUBLISHED)
    later.refresh_from_db()
    PublicationFactory(lesson=later, **event)

    for lesson, other in ((target, later), (later, target)):
        page = reader.get(reverse("lesson", args=[lesson.reference])).text
        assert "It keeps coming back" in page
        assert "found 2 times: by 2 organisations" in page
        assert other.reference in page  # type: ignore[operator]
    years = abs(2021 - Publication.objects.get(lesson=target).event_on.year)
    assert f"over {years} year" in reader.get(there).text


def test_warnings_stand_beside_the_step_they_are_in(draft: Lesson) -> None:
    Lesson.objects.filter(pk=draft.pk).update(what_happened="Ring 07700 900123 at night.")
    client = sign_in(draft.author)

    assert "<mark>07700 900123</mark> may be a telephone number" in client.get(step(draft)).text
    assert "07700 900123" not in client.get(step(draft, "learning")).text


def test_a_recommendation_that_says_neither_who_nor_what_gets_a_hint() -> None:
    vague = {"text": "Improve communication", "by_whom": ""}
    clear = {"text": "Put the shared talk group on the action card of each control room", "by_whom": "Control managers"}
    draft = LessonFactory(status=Status.DRAFT, recommendations=[clear, vague])

    page = sign_in(draft.author).get(step(draft, "learning"))

    assert [hint.number for hint in page.context["beside"].hints] == [2]
    assert "It says neither what to do nor who does it" in page.text
