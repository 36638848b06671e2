"""Our lessons, the record of one, and the moves that owners make."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson
from lessons.actions.writing import save_lesson
from lessons.models import Lesson, LessonMove, Move, Status
from tests.factories import LessonFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

NOTE = "The exercise is investigated now."


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def titles(client: Client, **query: str) -> set[str]:
    return {lesson.title for lesson in client.get(reverse("our_lessons"), query).context["page"]}


def record_of(user: User, lesson: Lesson) -> Any:
    return sign_in(user).get(reverse("lesson_record", args=[lesson.pk]))


# -- our lessons -----------------------------------------------------------------------------------
def test_an_author_sees_their_own_and_what_partners_shared() -> None:
    own = LessonFactory(title="Mine")
    LessonFactory(title="A colleague's", organisation=own.organisation)
    LessonFactory(title="Of others")
    shared = LessonFactory(title="Shared with us")
    share_lesson(lesson=shared, organisation=own.organisation, may_write=False, by=shared.author, at=timezone.now())

    assert titles(sign_in(own.author)) == {"Mine", "Shared with us"}


def test_an_owner_lead_sees_all_of_the_organisation_and_a_moderator_not_all_of_the_area() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(title="Ours", area=area, status=Status.SUBMITTED)

    assert titles(sign_in(person(Role.JOL_SPOC, lesson.organisation))) == {"Ours"}
    assert titles(sign_in(person(Role.LRF_MODERATOR, area=area))) == set()


def test_the_list_is_filtered_by_status_and_a_wrong_one_is_said() -> None:
    draft = LessonFactory(title="Draft")
    LessonFactory(title="Waiting", author=draft.author, status=Status.SUBMITTED)
    client = sign_in(draft.author)

    assert titles(client, status="submitted") == {"Waiting"}
    assert titles(client, status="no-such") == {"Draft", "Waiting"}
    assert "Select a status from the list" in client.get(reverse("our_lessons"), {"status": "a\0b"}).content.decode()


def test_what_waits_for_the_owner_comes_first() -> None:
    returned = LessonFactory(title="Returned", status=Status.CHANGES_REQUESTED)
    LessonFactory(title="Newer", author=returned.author, status=Status.SUBMITTED)

    page = sign_in(returned.author).get(reverse("our_lessons")).context["page"]

    assert [lesson.title for lesson in page] == ["Returned", "Newer"]


def test_the_list_takes_as_many_queries_for_fifty_lessons_as_for_one() -> None:
    lead = person(Role.JOL_SPOC)
    organisation = lead.active_memberships[0].organisation
    client = sign_in(lead)

    counts = []
    for more in (1, 49):
        for number in range(more):
            status = [Status.DRAFT, Status.SUBMITTED, Status.PUBLISHED][number % 3]
            LessonFactory(organisation=organisation, status=status, history=False, publication=None)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(reverse("our_lessons"))
        counts.append(len(queries))

    assert answer.context["page"].paginator.count == 50
    assert len(answer.context["page"]) == 20
    assert counts[0] == counts[1] <= 15


@pytest.mark.parametrize("page", ["2", "999", "-1", "x", "1e9"])
def test_every_number_of_a_page_leads_somewhere(page: str) -> None:
    lesson = LessonFactory()

    assert sign_in(lesson.author).get(reverse("our_lessons"), {"page": page}).status_code == 200


def test_somebody_without_lessons_is_told_what_will_be_here() -> None:
    page = sign_in(person(Role.CONTRIBUTOR)).get(reverse("our_lessons")).content.decode()

    assert "Nothing here yet" in page


# -- the record ------------------------------------------------------------------------------------
def test_the_record_tells_roles_and_organisations_but_no_names() -> None:
    lesson = LessonFactory(status=Status.DECLINED)
    lead = person(Role.JOL_LEAD, lesson.organisation)

    page = record_of(lead, lesson).content.decode()

    assert f"the author, {lesson.organisation}" in page
    assert "It is not a lesson or notable practice" in page
    for entry in LessonMove.objects.filter(lesson=lesson):
        assert entry.by.name not in page
        assert entry.by.email not in page


def test_my_own_moves_are_by_you() -> None:
    lesson = LessonFactory()
    move_lesson(lesson=lesson, move=Move.SUBMIT, by=lesson.author, at=timezone.now())

    assert "by you" in record_of(lesson.author, lesson).content.decode()


def test_the_record_shows_what_was_submitted_and_the_draft_as_it_is() -> None:
    lesson = LessonFactory(status=Status.CHANGES_REQUESTED, what_happened="As it was submitted")
    save_lesson(
        lesson=lesson, by=lesson.author, at=timezone.now(), row_version=0, what_happened="As it is being changed"
    )
    open_now = record_of(lesson.author, lesson).content.decode()
    move_lesson(lesson=lesson, move=Move.WITHDRAW, by=lesson.author, at=timezone.now(), note=NOTE)

    closed = record_of(lesson.author, lesson).content.decode()

    assert "As it is being changed" in open_now
    assert "As it was submitted" in closed
    assert "As it is being changed" not in closed


def test_the_published_version_and_suspension_are_linked_for_those_who_may() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)
    published = reverse("lesson", args=[lesson.reference])
    suspend = reverse("suspend", args=[lesson.reference])

    author = record_of(lesson.author, lesson).content.decode()
    lead = record_of(person(Role.JOL_SPOC, lesson.organisation), lesson).content.decode()

    assert published in author
    assert suspend not in author
    assert suspend in lead


@pytest.mark.parametrize("status", list(Status))
def test_the_record_can_be_read_in_every_status(status: Status) -> None:
    lesson = LessonFactory(status=status, brag="red", marking="official_sensitive")

    answer = record_of(lesson.author, lesson)

    assert answer.status_code == 200
    assert "What happens next" in answer.content.decode()


def test_a_record_that_is_not_visible_is_not_found() -> None:
    draft, submitted = LessonFactory(), LessonFactory(status=Status.SUBMITTED)
    for viewer in (person(Role.READER), person(Role.CONTRIBUTOR), person(Role.ANALYST), person(Role.BOARD_MEMBER)):
        for lesson in (draft, submitted):
            assert record_of(viewer, lesson).status_code == 404


def test_the_record_takes_as_many_queries_for_a_long_history_as_for_a_short() -> None:
    short = LessonFactory(status=Status.SUBMITTED)
    long = LessonFactory(author=short.author, status=Status.ARCHIVED)
    client = sign_in(short.author)

    counts = []
    for lesson in (short, long):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("lesson_record", args=[lesson.pk]))
        counts.append(len(queries))

    assert counts[1] <= counts[0] + 2  # what suspension asks
    assert max(counts) <= 16


# -- moves of the owner ----------------------------------------------------------------------------
def press(user: User, name: str, lesson: Lesson, **values: str) -> Any:
    return sign_in(user).post(reverse(name, args=[lesson.pk]), values)


def test_a_draft_is_withdrawn_without_a_reason_and_reopened() -> None:
    lesson = LessonFactory()
    page = sign_in(lesson.author).get(reverse("withdraw", args=[lesson.pk]))

    assert "note" not in page.context["form"].fields
    assert press(lesson.author, "withdraw", lesson).status_code == 302
    lesson.refresh_from_db()
    withdrawn = lesson.status
    assert press(lesson.author, "reopen", lesson).status_code == 302
    lesson.refresh_from_db()
    assert [withdrawn, lesson.status] == [Status.WITHDRAWN, Status.DRAFT]


def test_a_submitted_lesson_is_withdrawn_with_a_reason_only() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)

    refused = press(lesson.author, "withdraw", lesson, note="  ")
    done = press(lesson.author, "withdraw", lesson, note=NOTE)

    lesson.refresh_from_db()
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert done.status_code == 302
    assert lesson.status == Status.WITHDRAWN
    assert NOTE in record_of(lesson.author, lesson).content.decode()


def test_what_is_published_cannot_be_withdrawn() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)

    assert sign_in(lesson.author).get(reverse("withdraw", args=[lesson.pk])).status_code == 409
    refused = press(lesson.author, "withdraw", lesson, note=NOTE)
    assert refused.status_code == 409
    assert NOTE in refused.text  # what was typed is not lost
    assert lesson.get_absolute_url() in refused.text


def test_a_lead_signs_off_and_the_author_cannot() -> None:
    organisation = OrganisationFactory(wants_sign_off=True)
    lead = person(Role.JOL_SPOC, organisation)
    lesson = LessonFactory(organisation=organisation, status=Status.AWAITING_SIGN_OFF)

    assert press(lesson.author, "sign_off", lesson).status_code == 403
    assert reverse("sign_off", args=[lesson.pk]) in record_of(lead, lesson).content.decode()
    assert press(lead, "sign_off", lesson).status_code == 302
    lesson.refresh_from_db()
    assert lesson.status == Status.SUBMITTED


def test_a_lead_sends_back_to_the_author() -> None:
    organisation = OrganisationFactory(wants_sign_off=True)
    lead = person(Role.JOL_SPOC, organisation)
    lesson = LessonFactory(organisation=organisation, status=Status.AWAITING_SIGN_OFF)

    assert press(lead, "send_back", lesson, note="Leave the site out, please.").status_code == 302
    lesson.refresh_from_db()
    assert lesson.status == Status.CHANGES_REQUESTED
    assert "Leave the site out, please." in record_of(lesson.author, lesson).content.decode()


def test_the_page_to_send_back_is_no_way_to_decide_as_a_moderator() -> None:
    lesson = LessonFactory(status=Status.IN_REVIEW)
    lead = person(Role.JOL_SPOC, lesson.organisation)

    assert press(lead, "send_back", lesson, note=NOTE).status_code == 409


def test_a_declined_lesson_is_appealed_once() -> None:
    now = timezone.now()
    lesson = LessonFactory(status=Status.DECLINED, at=now - timedelta(days=1))

    assert reverse("appeal", args=[lesson.pk]) in record_of(lesson.author, lesson).content.decode()
    assert press(lesson.author, "appeal", lesson, note="It happened twice since.").status_code == 302
    lesson.refresh_from_db()
    assert (lesson.status, lesson.tier) == (Status.SUBMITTED, "national")


@pytest.mark.parametrize("name", ["withdraw", "reopen", "appeal", "sign_off", "send_back"])
def test_moves_of_somebody_elses_lesson_are_not_found_or_forbidden(name: str) -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)
    moderator = person(Role.LRF_MODERATOR, area=lesson.area)

    assert press(person(Role.CONTRIBUTOR), name, lesson, note=NOTE).status_code == 404
    assert press(moderator, name, lesson, note=NOTE).status_code == 403
    lesson.refresh_from_db()
    assert lesson.status == Status.SUBMITTED


@pytest.mark.parametrize("note", ["x" * 2001, "a\0b"])
def test_a_note_that_cannot_be_stored_is_refused(note: str) -> None:
    lesson = LessonFactory(status=Status.SUBMITTED)

    assert press(lesson.author, "withdraw", lesson, note=note).status_code == 422
