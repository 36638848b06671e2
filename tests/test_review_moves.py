"""The pages of single moves: escalate, pass on, approve, archive, bring back, merge; several at once; versions."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.models import Event, Lesson, LessonLink, LessonMove, Move, Status, Tier
from lessons.queue import declined_lately
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    person,
)
from tests.reviewing import decide, in_review, review_url, shown, sign_in, ticked, words_of

pytestmark = pytest.mark.django_db


def url(page: str, lesson: Lesson) -> str:
    return reverse(page, args=[lesson.pk])


def moderated(status: Status = Status.PUBLISHED, **values: Any) -> tuple[Lesson, User]:
    area = values.pop("area", None) or ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    values = {"organisation": OrganisationFactory(areas=[area])} | values
    return LessonFactory(area=area, status=status, moderator=moderator, **values), moderator


def status_of(lesson: Lesson) -> str:
    return Lesson.objects.get(pk=lesson.pk).status


# -- from the text ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["escalate", "merge", "reassign", "preview"])
def test_a_button_that_leads_to_a_page_saves_the_text_first(page: str) -> None:
    lesson, moderator = in_review()

    answer = decide(sign_in(moderator), lesson, page, title="Typed before it was passed on")

    assert answer.url == url(page, lesson)
    assert lesson.publications.working().get().title == "Typed before it was passed on"


def test_escalating_says_why_and_hands_the_lesson_to_the_secretariat() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)

    refused = client.post(url("escalate", lesson), {"note": " "})
    done = client.post(url("escalate", lesson), {"note": "It touches a port of national importance."})

    assert refused.status_code == 422
    assert done.url == reverse("queue")
    lesson.refresh_from_db()
    assert (lesson.status, lesson.tier) == (Status.SUBMITTED, Tier.NATIONAL)


def test_a_lesson_is_passed_to_one_of_those_who_may_have_it() -> None:
    lesson, moderator = in_review()
    colleague = person(Role.LRF_MODERATOR, area=lesson.area)
    secretariat = person(Role.SECRETARIAT)
    elsewhere, former = person(Role.LRF_MODERATOR), person(Role.LRF_MODERATOR, area=lesson.area, is_active=False)
    client = sign_in(moderator)

    page = client.get(url("reassign", lesson))
    offered = {int(value.value) for value, _ in page.context["form"].fields["to"].choices}
    refused = client.post(url("reassign", lesson), {"to": elsewhere.pk})
    done = client.post(url("reassign", lesson), {"to": colleague.pk})

    assert offered == {colleague.pk, secretariat.pk}
    assert former.pk not in offered
    assert refused.status_code == 422
    assert done.url == reverse("queue")
    lesson.refresh_from_db()
    assert lesson.claimed_by == colleague


def test_any_moderator_of_the_area_can_reassign_what_another_has() -> None:
    lesson, first = in_review()
    second, third = (person(Role.LRF_MODERATOR, area=lesson.area) for _ in range(2))

    sign_in(second).post(url("reassign", lesson), {"to": third.pk})

    lesson.refresh_from_db()
    assert lesson.claimed_by == third
    assert first not in {second, third}


def test_the_secretariat_puts_back_what_somebody_holds() -> None:
    lesson, moderator = in_review()
    client = sign_in(person(Role.SECRETARIAT))

    assert "Put it back into the queue" in client.get(url("review", lesson)).content.decode()
    client.post(url("give_back", lesson))

    assert status_of(lesson) == Status.SUBMITTED
    another = sign_in(person(Role.LRF_MODERATOR, area=lesson.area))
    move_lesson(lesson=lesson, move=Move.CLAIM, by=moderator, at=timezone.now())
    assert another.post(url("give_back", lesson)).status_code == 409


# -- what is published -------------------------------------------------------------------------------------
def test_archiving_asks_why_and_can_be_undone() -> None:
    lesson, moderator = moderated()
    client = sign_in(moderator)

    assert client.post(url("archive", lesson), {}).status_code == 422
    assert client.post(url("archive", lesson), {"reason": "boring"}).status_code == 422
    done = client.post(url("archive", lesson), {"reason": "out_of_date", "note": "The plan was replaced."})
    assert done.url == url("review", lesson)
    assert status_of(lesson) == Status.ARCHIVED
    assert "Bring it back" in client.get(url("review", lesson)).content.decode()

    client.post(url("restore", lesson), {"note": "It is used again."})
    assert status_of(lesson) == Status.PUBLISHED


def test_superseded_names_the_lesson_that_supersedes() -> None:
    lesson, moderator = moderated()
    other = LessonFactory(status=Status.PUBLISHED)
    client = sign_in(moderator)

    unnamed = client.post(url("archive", lesson), {"reason": "superseded"})
    unknown = client.post(url("archive", lesson), {"reason": "superseded", "reference": "LI-1999-00001"})
    done = client.post(url("archive", lesson), {"reason": "superseded", "reference": other.reference.lower()})

    assert (unnamed.status_code, unknown.status_code, done.status_code) == (422, 409, 302)
    assert lesson.moves.get(move=Move.ARCHIVE).note == other.reference


def test_a_suspended_lesson_comes_back_with_two_people() -> None:
    lesson, moderator = moderated(Status.SUSPENDED)
    secretariat = sign_in(person(Role.SECRETARIAT))

    alone = secretariat.post(url("restore", lesson), {"note": "Checked."})
    by_area = sign_in(moderator).post(url("restore", lesson), {"note": "Checked."})
    approved = sign_in(moderator).post(url("approve", lesson))
    both = secretariat.post(url("restore", lesson), {"note": "Checked."})

    assert (alone.status_code, by_area.status_code) == (409, 403)
    assert "Another moderator has to approve" in words_of(alone)
    assert (approved.status_code, both.status_code) == (302, 302)
    assert status_of(lesson) == Status.PUBLISHED


def test_the_page_of_an_approval_shows_the_text_that_it_is_about() -> None:
    lesson, _ = moderated(tier=Tier.NATIONAL, event=EventFactory(legal_contexts=["inquest"]))
    author = person(Role.SECRETARIAT)
    client = sign_in(author)
    lesson.refresh_from_db()
    save_working_text(
        lesson=lesson,
        by=author,
        at=NOON,
        row_version=lesson.row_version,
        values={"statement": "As the second person reads it."},
        checklist=dict.fromkeys(ticked()["checklist"], True),
    )

    assert "As the second person reads it." in client.get(url("approve", lesson)).content.decode()
    assert client.post(url("approve", lesson)).status_code == 302
    assert lesson.moves.get(move=Move.APPROVE).by == author


def test_where_nobody_has_to_agree_the_page_of_an_approval_says_so_and_leads_on() -> None:
    (in_review, moderator), (published, other) = moderated(Status.IN_REVIEW), moderated(Status.PUBLISHED)

    alone = sign_in(moderator).get(url("approve", in_review)).text
    no_version = sign_in(other).get(url("approve", published)).text

    assert "needs no second person" in alone
    assert "nothing to approve" in no_version
    for page, lesson in ((alone, in_review), (no_version, published)):
        assert f'href="{url("review", lesson)}"' in page
        assert "<form" not in page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("page", ["escalate", "reassign", "approve", "archive", "restore", "merge", "give_back"])
def test_a_move_that_does_not_begin_here_is_refused_with_words(page: str) -> None:
    lesson, moderator = moderated(Status.DECLINED)

    answer = sign_in(moderator).post(url(page, lesson), {"note": "Please."})

    assert answer.status_code == 409
    assert "“Declined” now" in words_of(answer)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("escalate", Status.IN_REVIEW),
        ("reassign", Status.IN_REVIEW),
        ("give_back", Status.IN_REVIEW),
        ("merge", Status.PUBLISHED),
        ("approve", Status.PUBLISHED),
        ("archive", Status.PUBLISHED),
        ("restore", Status.ARCHIVED),
        ("new_version", Status.PUBLISHED),
    ],
)
def test_others_get_no_page_of_a_move(page: str, status: Status) -> None:
    lesson, _ = moderated(status)
    before = LessonMove.objects.count()

    for somebody, code in (
        (person(), 404),
        (person(Role.LRF_MODERATOR), 404),
        (lesson.author, 403),
        (person(Role.JOL_SPOC, lesson.organisation), 403),
        (person(Role.AUDITOR), 403),
    ):
        client = sign_in(somebody)
        assert client.get(url(page, lesson)).status_code == code
        assert client.post(url(page, lesson), {"note": "x", "reason": "out_of_date"}).status_code == code
    assert LessonMove.objects.count() == before


# -- merging -----------------------------------------------------------------------------------------------
def test_both_lessons_are_seen_side_by_side_before_they_are_merged() -> None:
    lesson, moderator = in_review()
    target, _ = moderated(area=lesson.area, title="The one that stays as it is")
    client = sign_in(moderator)

    page = client.get(url("merge", lesson), {"into": target.reference.lower()})
    assert "The one that stays as it is" in words_of(page)
    assert status_of(lesson) == Status.IN_REVIEW

    done = client.post(url("merge", lesson), {"into": target.reference})
    assert done.url == url("review", lesson)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.merged_into) == (Status.MERGED, target)
    assert "cannot be undone" in client.get(url("review", lesson)).content.decode()


def test_a_lesson_is_compared_with_a_published_one_that_one_may_read() -> None:
    lesson, moderator = moderated()
    hidden = LessonFactory(status=Status.PUBLISHED, publication={"audience": "national_team"})
    waiting, _ = moderated(Status.SUBMITTED, area=lesson.area)
    client = sign_in(moderator)

    for reference in ("", "LI-1999-00001", hidden.reference, waiting.reference, lesson.reference, "a\0b", "x" * 21):
        assert client.post(url("merge", lesson), {"into": reference}).status_code == 422
        assert client.get(url("merge", lesson), {"into": reference}).status_code == 422
    assert status_of(lesson) == Status.PUBLISHED


def test_what_is_decided_elsewhere_can_be_called_the_same_again_but_not_merged_into() -> None:
    lesson, moderator = in_review()
    elsewhere = LessonFactory(status=Status.PUBLISHED)
    client = sign_in(moderator)

    page = client.get(url("merge", lesson), {"into": elsewhere.reference})
    assert "Merge them" not in words_of(page)
    assert client.post(url("merge", lesson), {"into": elsewhere.reference}).status_code == 409
    assert status_of(lesson) == Status.IN_REVIEW

    done = client.post(url("merge", lesson), {"into": elsewhere.reference, "decision": "same"})
    assert done.url == url("review", lesson)
    assert LessonLink.objects.get().target_id == elsewhere.pk
    assert "is called a recurrence" in words_of(client.get(url("merge", lesson), {"into": elsewhere.reference}))


# -- several at once -----------------------------------------------------------------------------------------
def several(client: Client, lessons: list[Lesson], **values: Any) -> Any:
    return client.post(reverse("several"), {"lesson": [lesson.pk for lesson in lessons]} | values)


def test_several_are_declined_with_one_reason_after_a_look_at_what_will_happen() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    free = [LessonFactory(area=area, status=Status.SUBMITTED) for _ in range(2)]
    own = LessonFactory(area=area, author=moderator, status=Status.SUBMITTED)
    client = sign_in(moderator)
    said = {"what": "decline", "reason": "known", "note": "See last year’s exercise."}

    look = several(client, [*free, own], **said)
    assert [bool(one.refusal) for one in look.context["outcomes"]] == [False, False, True]
    assert {status_of(one) for one in [*free, own]} == {Status.SUBMITTED}
    assert not LessonMove.objects.filter(move=Move.DECLINE).exists()

    done = several(client, [*free, own], **said, go="1")
    assert done.url == reverse("queue")
    assert [status_of(one) for one in [*free, own]] == [Status.DECLINED, Status.DECLINED, Status.SUBMITTED]
    after = client.get(reverse("queue"))
    assert "Done. Lessons changed: 2" in words_of(after)
    assert f"{own.reference}: You wrote this lesson" in words_of(after)


def test_several_are_given_to_one_person() -> None:
    area = ResilienceAreaFactory()
    moderator, colleague = (person(Role.LRF_MODERATOR, area=area) for _ in range(2))
    lessons = [LessonFactory(area=area, status=Status.SUBMITTED) for _ in range(3)]

    several(sign_in(moderator), lessons, what="reassign", to=colleague.pk, go="1")

    assert Lesson.objects.filter(claimed_by=colleague).count() == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "Select what you want to do with them"),
        ({"what": "publish"}, "from the list"),
        ({"what": "decline", "note": "No."}, "Select why they are declined"),
        ({"what": "decline", "reason": "known"}, "Enter an explanation for the owners"),
        ({"what": "decline", "reason": "known", "note": "a\0b"}, "cannot be read"),
        ({"what": "reassign"}, "Select who gets them"),
        ({"what": "reassign", "to": "999999"}, "from the list"),
        ({"what": "reassign", "to": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_is_not_said_is_asked_for_and_nothing_is_done(values: dict[str, str], message: str) -> None:
    lesson, moderator = moderated(Status.SUBMITTED)

    answer = several(sign_in(moderator), [lesson], **values, go="1")

    assert answer.status_code == 422
    assert message in words_of(answer)
    assert status_of(lesson) == Status.SUBMITTED


@pytest.mark.parametrize("chosen", [[], ["x"], ["-1"], ["99999999999999999999"], ["²"]])
def test_nothing_chosen_leads_back_to_the_queue(chosen: list[str]) -> None:
    client = sign_in(person(Role.SECRETARIAT))

    assert client.get(reverse("several"), {"lesson": chosen}).url == reverse("queue")
    assert client.post(reverse("several"), {"lesson": chosen, "go": "1"}).url == reverse("queue")


def test_lessons_of_other_areas_are_left_out_of_several() -> None:
    lesson, moderator = moderated(Status.SUBMITTED)
    elsewhere = LessonFactory(status=Status.SUBMITTED)

    several(sign_in(moderator), [lesson, elsewhere], what="decline", reason="known", note="Known.", go="1")

    assert (status_of(lesson), status_of(elsewhere)) == (Status.DECLINED, Status.SUBMITTED)
    assert sign_in(person()).get(reverse("several"), {"lesson": [lesson.pk]}).status_code == 403


# -- versions ------------------------------------------------------------------------------------------------
def with_two_versions() -> tuple[Lesson, User]:
    lesson, moderator = moderated(publication=None, what_happened="Ann Wintershill lost the list.")
    PublicationFactory(
        lesson=lesson,
        published_by=moderator,
        what_happened="[removed: personal data] lost the list.",
        removals=[{"field": "what_happened", "type": "personal_data"}],
    )
    PublicationFactory(
        lesson=lesson,
        what_happened="Somebody lost <the> list.",
        note="Names nobody.",
        change="minor",
        published_by=moderator,
    )
    return lesson, moderator


def versions(user: User, lesson: Lesson) -> Any:
    return sign_in(user).get(reverse("versions", args=[lesson.reference]))


def test_who_may_see_old_texts_sees_what_changed_and_what_was_taken_out() -> None:
    lesson, moderator = with_two_versions()

    for somebody in (
        lesson.author,
        person(Role.JOL_LEAD, lesson.organisation),
        moderator,
        person(Role.SECRETARIAT),
        person(Role.AUDITOR),
    ):
        page = words_of(versions(somebody, lesson))
        assert "Personal data: 1" in page
        assert "Ann Wintershill" in page, "what the owner handed in"
        assert "Somebody" in page
        assert "&lt;the&gt;" in page
        assert "Names nobody." in page


def test_readers_see_number_date_and_note_of_each_version_and_no_old_text() -> None:
    lesson, _ = with_two_versions()

    for somebody in (person(), person(Role.BOARD_MEMBER), person(Role.READER, lesson.organisation)):
        page = words_of(versions(somebody, lesson))
        assert "<strong>Version 2</strong>, 2 March 2026" in page
        assert "Names nobody." in page
        assert "Ann Wintershill" not in page
        assert "removed: personal data" not in page


def test_versions_of_what_one_may_not_read_are_not_found() -> None:
    lesson, _ = moderated(audience="national_team", publication={"audience": "national_team"})

    assert versions(person(), lesson).status_code == 404
    assert versions(person(), LessonFactory(status=Status.SUBMITTED)).status_code == 404
    suspended, moderator = moderated(Status.SUSPENDED)
    assert versions(person(), suspended).status_code == 410
    assert versions(moderator, suspended).status_code == 200


def test_the_second_person_is_named_with_the_version_that_they_approved() -> None:
    event: Event = EventFactory(legal_contexts=["inquest"])
    first, second = person(Role.SECRETARIAT, name="Approver"), person(Role.SECRETARIAT, name="Publisher")
    lesson, _ = in_review(first, tier=Tier.NATIONAL, event=event)
    move_lesson(lesson=lesson, move=Move.APPROVE, by=first, at=timezone.now())
    move_lesson(lesson=lesson, move=Move.CLAIM, by=second, at=timezone.now())
    move_lesson(lesson=lesson, move=Move.PUBLISH, by=second, at=timezone.now())

    (version,) = versions(second, lesson).context["versions"]

    assert [one.by for one in version.approvals] == [first]
    assert version.publication.published_by == second
    assert "Approver" in words_of(versions(second, lesson))


# -- a decision to decline, taken back ------------------------------------------------------------------------
def test_a_decline_by_mistake_is_taken_back_from_where_one_lands() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)

    landed = client.post(
        review_url(lesson),
        shown(client, lesson) | {"decision": "decline", "decline_reason": "too_thin", "decline_note": "No."},
        follow=True,
    )
    way_back = url("take_back", lesson)
    asked = client.get(way_back)
    done = client.post(way_back)

    assert f'href="{way_back}">Take it back</a>' in landed.text
    assert "as it was before you declined it" in words_of(asked)
    assert done.url == review_url(lesson)
    assert status_of(lesson) == Status.IN_REVIEW


def test_only_who_declined_is_offered_to_take_it_back() -> None:
    lesson, moderator = moderated(Status.DECLINED)
    other = person(Role.LRF_MODERATOR, area=lesson.area)

    assert url("take_back", lesson) in sign_in(moderator).get(review_url(lesson)).text
    assert url("take_back", lesson) not in sign_in(other).get(review_url(lesson)).text


def test_each_of_several_that_were_declined_is_offered_in_the_queue_until_it_is_taken_back() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lessons = [LessonFactory(area=area, status=Status.SUBMITTED) for _ in range(2)]
    client = sign_in(moderator)
    several(client, lessons, what="decline", reason="known", note="Known.", go="1")

    for count in (2, 1):
        offered = client.get(reverse("queue"))
        ways = [url("take_back", lesson) for lesson in offered.context["declined"]]
        assert len(ways) == count
        assert all(f'href="{way}"' in offered.text for way in ways)
        assert client.post(ways[0]).status_code == 302

    assert {status_of(lesson) for lesson in lessons} == {Status.IN_REVIEW}
    assert not client.get(reverse("queue")).context["declined"]
    several(client, lessons, what="decline", reason="known", note="Known.", go="1")
    assert not declined_lately(moderator, timezone.now() + timedelta(hours=2)).exists()
