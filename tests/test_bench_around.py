"""What stands around a text for review: who else has it open, what was published before, its files."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from lessons.models import (
    Attachment,
    CountedPublication,
    LessonLink,
    LookAlikes,
    Move,
    OpenPage,
    Publication,
    Status,
    Tier,
)
from lessons.presence import COUNTS_FOR, KEPT_FOR
from lessons.readiness import Tags
from lessons.same_again import count_next, same_again
from lessons.tasks import count_look_alikes, count_words
from tests.factories import (
    NOON,
    LessonFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.reviewing import decide, in_review, review_url, sign_in, words_of

pytestmark = pytest.mark.django_db

FLOOD = "The rest centre at the leisure pool flooded, and evacuees were moved by boat to the cathedral."
OTHER = "Radio batteries of the mountain rescue team ran flat, and nobody had spares on the hill."


def told_of(lesson, by) -> str:
    return words_of(sign_in(by).post(reverse("present", args=[lesson.pk])))


# -- who else ----------------------------------------------------------------------------------------------
def test_whoever_has_a_lesson_open_is_named_to_the_others_and_not_to_themselves() -> None:
    lesson, moderator = in_review()
    colleague = person(Role.LRF_MODERATOR, area=lesson.area, name="Jo Colleague")

    assert "Also open by" not in words_of(sign_in(moderator).get(review_url(lesson)))
    assert f"Also open by: {moderator.name}." in words_of(sign_in(colleague).get(review_url(lesson)))
    assert "Also open by: Jo Colleague." in words_of(sign_in(moderator).get(review_url(lesson)))
    assert "Also open by: Jo Colleague." in told_of(lesson, moderator)


def test_a_page_that_said_nothing_for_a_while_counts_as_closed_and_is_forgotten() -> None:
    lesson, moderator = in_review()
    colleague = person(Role.LRF_MODERATOR, area=lesson.area)
    OpenPage.objects.create(lesson=lesson, user=colleague, at=timezone.now() - COUNTS_FOR - timedelta(seconds=1))
    assert "Also open by" not in told_of(lesson, moderator)

    OpenPage.objects.filter(user=colleague).update(at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    count_look_alikes()
    assert list(OpenPage.objects.values_list("user", flat=True)) == [moderator.pk]


def test_a_page_that_says_by_itself_that_it_is_open_keeps_nobody_signed_in() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    client.get(review_url(lesson))
    began = timezone.now()

    with time_machine.travel(began + timedelta(minutes=14)):
        client.post(reverse("present", args=[lesson.pk]), headers={"X-By-Itself": "1"})
    with time_machine.travel(began + timedelta(minutes=16)):
        assert client.get(review_url(lesson)).status_code == 302


# -- the same again ----------------------------------------------------------------------------------------
@pytest.fixture
def published():
    """One lesson that says what is handed in again, and some about other things."""
    same = LessonFactory(status=Status.PUBLISHED, title="Rest centres that flood themselves", what_happened=FLOOD)
    for number in range(6):
        LessonFactory(status=Status.PUBLISHED, title=f"Spare batteries for radios {number}", what_happened=OTHER)
    count_words()
    return same


def test_what_is_published_already_is_compared_called_the_same_again_and_that_is_taken_back(published) -> None:
    lesson, moderator = in_review(title="A rest centre that was flooded itself", what_happened=FLOOD)
    client = sign_in(moderator)

    page = words_of(client.get(review_url(lesson)))
    assert "Have we seen this before?" in page
    assert published.reference in page

    compared = decide(client, lesson, f"compare:{published.reference}", impact="Typed before comparing.")
    assert compared.url == f"{reverse('merge', args=[lesson.pk])}?into={published.reference}"
    assert lesson.publications.get().impact == "Typed before comparing."

    decide(client, lesson, f"same:{published.reference}")
    assert LessonLink.objects.get().target == published
    assert "Called the same again" in words_of(client.get(review_url(lesson)))
    decide(client, lesson, f"not_same:{published.reference}")
    assert not LessonLink.objects.exists()


def test_what_a_moderator_may_not_read_is_neither_shown_nor_linked(published) -> None:
    Publication.objects.filter(lesson=published).update(readers=["national"])
    lesson, moderator = in_review(what_happened=FLOOD)
    client = sign_in(moderator)

    assert published.reference not in words_of(client.get(review_url(lesson)))
    assert decide(client, lesson, f"same:{published.reference}").status_code == 409
    assert not LessonLink.objects.exists()


def test_the_queue_counts_look_alikes_that_all_deciders_may_read(published) -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    place = {"area": area, "organisation": OrganisationFactory(areas=[area])}
    lesson = LessonFactory(status=Status.SUBMITTED, title="Flooded rest centre", what_happened=FLOOD, **place)
    hidden = LessonFactory(status=Status.PUBLISHED, title="Rest centres that flood", what_happened=FLOOD)
    Publication.objects.filter(lesson=hidden).update(readers=["national"])
    client = sign_in(moderator)
    assert "look-alike" not in words_of(client.get(reverse("queue")))

    now = timezone.now()
    while count_next(at=now):
        pass

    assert lesson.look_alikes.count == 1 == len(same_again(lesson, Publication.objects.readable_by(moderator)))
    assert "1 look-alike" in words_of(client.get(reverse("queue")))
    lesson.tier = Tier.NATIONAL
    lesson.save()
    while count_next(at=now + timedelta(days=2)):
        pass
    assert LookAlikes.objects.get(lesson=lesson).count == 2


def test_words_are_counted_before_look_alikes_are() -> None:
    LessonFactory(status=Status.PUBLISHED)
    lesson = LessonFactory(status=Status.SUBMITTED)

    count_look_alikes()

    assert CountedPublication.objects.count() == 1
    assert LookAlikes.objects.filter(lesson=lesson).exists()


def test_the_page_takes_as_many_queries_with_many_look_alikes_as_with_one(published) -> None:
    lesson, moderator = in_review(what_happened=FLOOD)
    client = sign_in(moderator)
    client.get(review_url(lesson))

    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(review_url(lesson))
        counts.append(len(queries))
        for number in range(5):
            LessonFactory(status=Status.PUBLISHED, title=f"Rest centre {number}", what_happened=FLOOD)

    assert counts[0] == counts[1]


# -- tags for several ----------------------------------------------------------------------------------------
def test_several_get_a_tag_after_a_look_at_what_will_happen() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    ThemeFactory(code="co-locate", name="Co-locate")
    free = LessonFactory(status=Status.SUBMITTED, area=area)
    mine, _ = in_review(moderator, area=area)
    others, _ = in_review(area=area)
    has_it = LessonFactory(status=Status.SUBMITTED, area=area, themes=[ThemeFactory(code="co-locate")])
    client = sign_in(moderator)
    sent = {"lesson": [one.pk for one in (free, mine, others, has_it)], "what": "tag", "tag": "theme:co-locate"}

    page = words_of(client.post(reverse("several"), sent))
    assert page.count("Left out") == 2
    assert "“Co-locate”" in page
    assert not free.moves.filter(move=Move.CLAIM).exists()

    assert client.post(reverse("several"), sent | {"go": "1"}).url == reverse("queue")
    for lesson, status in ((free, Status.SUBMITTED), (mine, Status.IN_REVIEW)):
        lesson.refresh_from_db()
        assert lesson.status == status
        assert "co-locate" in Tags.of(lesson.publications.get()).themes
        assert "communicate" in Tags.of(lesson.publications.get()).themes
        assert "co-locate" not in Tags.of(lesson).themes, "what was submitted stays as it was"
    assert "co-locate" not in Tags.of(others.publications.get()).themes
    assert not has_it.publications.exists()


@pytest.mark.parametrize("tag", ["", "theme:none-such", "risk", "x" * 300, "a\0b"])
def test_a_tag_that_is_not_offered_is_refused(tag: str) -> None:
    lesson, moderator = in_review()
    answer = sign_in(moderator).post(reverse("several"), {"lesson": lesson.pk, "what": "tag", "tag": tag, "go": "1"})
    assert answer.status_code == 422


# -- the preview ---------------------------------------------------------------------------------------------
def test_a_lesson_is_published_from_the_preview_as_it_was_shown() -> None:
    lesson, moderator = in_review()
    lesson.publications.update(checklist={})
    client = sign_in(moderator)
    url = reverse("preview", args=[lesson.pk])
    version = client.get(url).context["form"]["row_version"].value()

    unticked = client.post(url, {"row_version": version, "decision": "publish"})
    assert unticked.status_code == 409
    assert "Confirm" in words_of(unticked)

    done = client.post(url, {"row_version": version, "decision": "publish", "all_checked": "on"})
    assert done.url == reverse("queue")
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


@pytest.mark.parametrize("version", ["0", "-1", "x", "", "99999999999999999999"])
def test_what_was_changed_since_the_preview_is_not_published(version: str) -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    decide(client, lesson, impact="Typed in another window.")

    url = reverse("preview", args=[lesson.pk])
    answer = client.post(url, {"row_version": version, "decision": "publish", "all_checked": "on"})

    assert answer.status_code in {409, 422}
    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW
    assert "Typed in another window." in words_of(client.get(url))


def test_of_two_people_the_first_approves_from_the_preview() -> None:
    moderator = person(Role.SECRETARIAT)
    lesson, _ = in_review(moderator, marking="official_sensitive", tier=Tier.NATIONAL)
    client = sign_in(moderator)
    url = reverse("preview", args=[lesson.pk])

    page = client.get(url)
    assert "Approve this text" in words_of(page)
    client.post(url, {"row_version": page.context["form"]["row_version"].value(), "decision": "approve"})

    assert lesson.moves.filter(move=Move.APPROVE, by=moderator).exists()


def test_what_is_not_in_hand_has_no_button_to_publish() -> None:
    lesson, _ = in_review()
    colleague = person(Role.LRF_MODERATOR, area=lesson.area)
    url = reverse("preview", args=[lesson.pk])
    client = sign_in(colleague)

    assert 'value="publish"' not in client.get(url).content.decode()
    assert client.post(url, {"row_version": lesson.row_version, "decision": "publish"}).status_code == 409


# -- files -------------------------------------------------------------------------------------------------
def test_files_are_linked_from_the_review_page() -> None:
    lesson, moderator = in_review()
    Attachment.objects.create(
        lesson=lesson,
        key="k",
        name="debrief.pdf",
        type="pdf",
        size=9,
        sha256="d",
        scan="clean",
        added_by=lesson.author,
        added_at=NOON,
        check_at=NOON,
    )

    page = words_of(sign_in(moderator).get(review_url(lesson)))

    assert "debrief.pdf" in page
    assert reverse("lesson_attachments", args=[lesson.pk]) in page
