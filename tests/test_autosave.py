"""Saving a draft by the key of its form: while somebody types, and after the session ended."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.roles import Role
from accounts.sessions import end_sessions
from lessons.actions.writing import save_lesson
from lessons.draft_keys import SALT, key_for
from lessons.models import Lesson, Status
from tests.factories import NOON, PASSWORD, EventFactory, LessonFactory, person

pytestmark = pytest.mark.django_db

TYPED = "The rendezvous point was given twice, with two names."


@pytest.fixture
def author() -> User:
    return person(Role.CONTRIBUTOR)


@pytest.fixture
def draft(author: User) -> Lesson:
    return LessonFactory(author=author, status=Status.DRAFT, what_happened="")


def autosave(
    lesson: Lesson, key: str, *, step: str = "what-happened", client: Client | None = None, **sent: Any
) -> Any:
    url = reverse("submit_autosave", args=[lesson.pk, step])
    first = {"title": lesson.title} if step == "what-happened" else {}
    version = Lesson.objects.get(pk=lesson.pk).row_version
    return (client or Client()).post(url, {"draft_key": key, "row_version": version} | first | sent)


def stored(lesson: Lesson) -> str:
    return Lesson.objects.get(pk=lesson.pk).what_happened


class Earlier(signing.TimestampSigner):
    """Signs as some time ago."""

    ago = timedelta(hours=24, minutes=1)

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time() - self.ago.total_seconds()))


def old_key(lesson: Lesson, user: User, ago: timedelta) -> str:
    signer = Earlier(salt=SALT)
    signer.ago = ago
    return signer.sign_object(signing.loads(key_for(lesson, user), salt=SALT), compress=False)


def test_what_is_typed_is_saved_by_the_key_alone(draft: Lesson, author: User) -> None:
    answer = autosave(draft, key_for(draft, author), what_happened=TYPED)

    assert answer.status_code == 200
    assert stored(draft) == TYPED
    told = answer.json()
    assert told["row_version"] == Lesson.objects.get(pk=draft.pk).row_version
    assert told["signed_in"] is False
    assert TYPED not in answer.text


def test_the_answer_says_who_is_signed_in(draft: Lesson, author: User) -> None:
    client = Client()
    client.force_login(author)

    assert autosave(draft, key_for(draft, author), client=client, what_happened=TYPED).json()["signed_in"] is True


@pytest.mark.parametrize("what", ["none", "nonsense", "of another draft", "too old", "other salt", "of nobody"])
def test_a_wrong_key_stores_nothing(draft: Lesson, author: User, what: str) -> None:
    other = LessonFactory(author=author, status=Status.DRAFT)
    key = {
        "none": "",
        "nonsense": "a:b:c",
        "of another draft": key_for(other, author),
        "too old": old_key(draft, author, timedelta(hours=24, minutes=1)),
        "other salt": signing.dumps({"lesson": draft.pk, "user": author.pk}, salt="something.else"),
        "of nobody": signing.dumps({"lesson": draft.pk, "user": 0}, salt=SALT),
    }[what]

    answer = autosave(draft, key, what_happened=TYPED)

    assert answer.status_code == 403
    assert stored(draft) == ""


def test_a_key_is_good_for_a_day(draft: Lesson, author: User) -> None:
    key = old_key(draft, author, timedelta(hours=23, minutes=59))

    assert autosave(draft, key, what_happened=TYPED).status_code == 200
    assert stored(draft) == TYPED


def test_a_key_writes_no_more_than_its_holder_may(draft: Lesson, author: User) -> None:
    key = key_for(draft, author)
    author.memberships.update(ends_on=date.today() - timedelta(days=1))  # noqa: DTZ011 - the database asks its own clock

    assert autosave(draft, key, what_happened=TYPED).status_code == 403
    assert stored(draft) == ""


def test_the_key_of_a_closed_account_writes_nothing(draft: Lesson, author: User) -> None:
    key = key_for(draft, author)
    author.is_active = False
    author.save()

    assert autosave(draft, key, what_happened=TYPED).status_code == 403


def test_a_key_ends_with_all_sessions_of_its_person_and_their_next_session_writes(draft: Lesson, author: User) -> None:
    key = key_for(draft, author)
    end_sessions(user=author, by=author, at=NOON, reason="asked for")

    assert autosave(draft, key, what_happened=TYPED).status_code == 403
    assert stored(draft) == ""
    client = Client()
    client.force_login(author, backend="accounts.backends.SignInBackend")
    assert autosave(draft, key, client=client, what_happened=TYPED).status_code == 200
    assert stored(draft) == TYPED


def test_a_submitted_lesson_is_not_written_by_a_key(author: User) -> None:
    submitted = LessonFactory(author=author, status=Status.SUBMITTED)

    answer = autosave(submitted, key_for(submitted, author), what_happened=TYPED)

    assert answer.status_code == 409
    assert stored(submitted) != TYPED


def test_only_post_saves(draft: Lesson) -> None:
    url = reverse("submit_autosave", args=[draft.pk, "what-happened"])

    assert Client().get(url).status_code == 405


def test_what_cannot_be_right_yet_keeps_its_stored_value(draft: Lesson, author: User) -> None:
    title = draft.title

    answer = autosave(draft, key_for(draft, author), title="", what_happened=TYPED)

    assert answer.json()["left_out"] == "a title"
    assert stored(draft) == TYPED
    assert Lesson.objects.get(pk=draft.pk).title == title


def test_half_a_date_does_not_stop_the_rest_of_the_event(author: User) -> None:
    day = date(2026, 1, 14)
    organisation = author.memberships.get().organisation
    event = EventFactory(organisation=organisation, name="Old name", started_on=day, ended_on=day, precision="day")
    draft = LessonFactory(author=author, status=Status.DRAFT, event=event)
    client = Client()
    client.force_login(author)
    form = client.get(reverse("submit_step", args=[draft.pk, "event"])).context["form"]
    dates = {"event_date-day": "31", "event_date-month": "2", "event_date-year": "2026"}

    answer = autosave(
        draft,
        key_for(draft, author),
        step="event",
        event_version=form.initial["event_version"],
        event_name="Exercise Rising Tide",
        **dates,
    )

    event.refresh_from_db()
    assert answer.status_code == 200
    assert (str(event.name), event.started_on, event.ended_on) == ("Exercise Rising Tide", day, day)
    assert answer.json()["event_version"] != form.initial["event_version"]


def test_somebody_elses_save_is_not_overwritten_and_not_told(draft: Lesson, author: User) -> None:
    key, version = key_for(draft, author), draft.row_version
    save_lesson(lesson=draft, by=author, at=NOON, row_version=version, what_happened="Theirs, and secret")

    answer = autosave(draft, key, row_version=version, what_happened=TYPED)

    assert answer.status_code == 409
    assert stored(draft) == "Theirs, and secret"
    assert "secret" not in answer.text


def test_a_save_whose_answer_was_lost_can_be_sent_again(draft: Lesson, author: User) -> None:
    key, version = key_for(draft, author), draft.row_version
    autosave(draft, key, row_version=version, what_happened=TYPED)

    answer = autosave(draft, key, row_version=version, what_happened=TYPED)

    assert answer.status_code == 200
    assert answer.json()["row_version"] == Lesson.objects.get(pk=draft.pk).row_version


def test_saves_of_a_page_by_itself_leave_one_row_in_the_audit_trail(draft: Lesson, author: User) -> None:
    for words in ("One", "One two", "One two three"):
        autosave(draft, key_for(draft, author), what_happened=words)

    assert AuditEvent.objects.filter(action="lesson.change", object_id=str(draft.pk)).count() == 1


# -- the button, after the session ended ---------------------------------------------------------------
def post_step(client: Client, draft: Lesson, key: str, **sent: Any) -> Any:
    url = reverse("submit_step", args=[draft.pk, "what-happened"])
    return client.post(url, {"draft_key": key, "row_version": draft.row_version, "title": draft.title} | sent)


def test_a_step_sent_after_the_session_ended_is_kept_and_shown_after_signing_in(draft: Lesson, author: User) -> None:
    client = Client()

    answer = post_step(client, draft, key_for(draft, author), what_happened=TYPED)

    assert stored(draft) == TYPED
    after = reverse("submit_step", args=[draft.pk, "learning"])
    assert answer.url == f"{reverse('account_login')}?next={after}"
    assert "What you wrote is saved" in client.get(answer.url).text
    signed_in = client.post(answer.url, {"login": author.email, "password": PASSWORD})
    assert signed_in.url == after
    assert TYPED in client.get(reverse("submit_step", args=[draft.pk, "what-happened"])).text


def test_a_step_with_an_old_key_is_shown_again_to_be_saved_after_signing_in(draft: Lesson, author: User) -> None:
    key = old_key(draft, author, timedelta(hours=25))
    client = Client()

    answer = post_step(client, draft, key, what_happened=TYPED)

    assert answer.status_code == 401
    assert stored(draft) == ""
    assert f'name="what_happened" value="{TYPED}"' in answer.text
    client.force_login(author)
    assert post_step(client, draft, "", what_happened=TYPED).status_code == 302
    assert stored(draft) == TYPED


def test_a_stale_step_without_a_session_shows_only_what_was_typed(draft: Lesson, author: User) -> None:
    save_lesson(lesson=draft, by=author, at=NOON, row_version=draft.row_version, what_happened="Theirs, and secret")

    answer = post_step(Client(), draft, key_for(draft, author), what_happened=TYPED)

    assert answer.status_code == 409
    assert TYPED in answer.text
    assert "secret" not in answer.text


def test_without_a_key_the_token_against_forged_requests_is_asked_for(draft: Lesson, author: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(author)

    assert post_step(client, draft, "", what_happened=TYPED).status_code == 403
    assert stored(draft) == ""
    assert post_step(client, draft, key_for(draft, author), what_happened=TYPED).status_code == 302
    assert stored(draft) == TYPED


def test_a_page_opened_without_a_session_leads_to_signing_in(draft: Lesson) -> None:
    url = reverse("submit_step", args=[draft.pk, "what-happened"])

    assert Client().get(url).url == f"{reverse('account_login')}?next={url}"


def test_the_key_of_somebody_else_saves_for_them_and_shows_nothing(draft: Lesson, author: User) -> None:
    client = Client()
    client.force_login(person(Role.READER))

    answer = post_step(client, draft, key_for(draft, author), what_happened=TYPED)

    assert stored(draft) == TYPED
    assert answer.url == reverse("home")


# -- many at once ------------------------------------------------------------------------------------------
@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(10) as workers:
        yield workers


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_hundred_stale_saves_at_once_lose_nothing(pool: ThreadPoolExecutor) -> None:
    author = person(Role.CONTRIBUTOR)
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened="")
    client = Client()
    client.force_login(author)
    key, cookies = key_for(draft, author), client.cookies

    def save(number: int) -> tuple[int, str]:
        one = Client()
        one.cookies = cookies.copy()
        try:
            for _ in range(20):
                answer = post_step(one, draft, key, what_happened=f"Text of window {number}.")
                if answer.status_code != 503:  # that page asks to send it again: others had the row for 3 seconds
                    break
            return answer.status_code, answer.text
        finally:
            connections.close_all()

    answers = list(pool.map(save, range(100)))

    kept = stored(draft)
    saved = [number for number, (status, _) in enumerate(answers) if status == 302]
    assert len(saved) == 1
    assert kept == f"Text of window {saved[0]}."
    for number, (status, page) in enumerate(answers):
        if number not in saved:
            assert status == 409
            assert f"Text of window {number}." in page
            assert kept in page
    assert Lesson.objects.get(pk=draft.pk).row_version == draft.row_version + 1
