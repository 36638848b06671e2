"""Warnings about personal data and markings, answered by the owner before a lesson is submitted."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from lessons.actions.moves import move_lesson
from lessons.errors import NotReady
from lessons.models import Lesson, Move, Status, TextWarning
from lessons.readiness import missing_to_submit
from lessons.warnings.answers import warnings_in
from tests.factories import NOON, LessonFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

PHONE = "The desk on 07700 900123 was not answered for an hour."


@pytest.fixture
def author() -> User:
    area = ResilienceAreaFactory(code="cumbria")
    person(Role.LRF_MODERATOR, area=area)
    return person(Role.CONTRIBUTOR, area=area)


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(lesson: Lesson) -> str:
    return reverse("submit_warnings", args=[lesson.pk])


def answers(lesson: Lesson, answer: str, because: str = "") -> dict[str, Any]:
    codes = [warned.code for warned in warnings_in(lesson)]
    return {f"answer-{code}": answer for code in codes} | {f"because-{code}": because for code in codes}


def test_a_draft_with_a_phone_number_is_saved_but_not_submitted(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened="")
    client = sign_in(author)
    sent = {"row_version": draft.row_version, "title": draft.title, "what_happened": PHONE}

    saved = client.post(reverse("submit_step", args=[draft.pk, "what-happened"]), sent)
    refused = client.post(reverse("submit_check", args=[draft.pk]))

    assert saved.status_code == 302
    assert refused.status_code == 422
    assert page(draft) in refused.text
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT
    with pytest.raises(NotReady) as error:
        move_lesson(lesson=draft, move=Move.SUBMIT, by=author, at=NOON)
    assert list(error.value.problems) == ["warnings"]


def test_the_page_shows_what_was_found_and_where(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)

    shown = sign_in(author).get(page(draft)).text

    assert "<mark>07700 900123</mark>" in shown
    assert "What happened: this may be a telephone number" in shown
    assert f"{reverse('submit_step', args=[draft.pk, 'what-happened'])}?back=check#id_what_happened" in shown


def test_a_false_alarm_lets_the_lesson_be_submitted(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)
    client = sign_in(author)

    answered = client.post(page(draft), answers(draft, "false_alarm"))
    submitted = client.post(reverse("submit_check", args=[draft.pk]))

    assert answered.url == reverse("submit_check", args=[draft.pk])
    assert submitted.url == reverse("submit_done", args=[draft.pk])


def test_what_is_needed_has_to_say_why(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)
    client = sign_in(author)

    assert client.post(page(draft), answers(draft, "needed")).status_code == 422
    assert not TextWarning.objects.filter(lesson=draft).exclude(answer="").exists()

    client.post(page(draft), answers(draft, "needed", "It is the public line."))
    assert TextWarning.objects.get(lesson=draft).because == "It is the public line."
    assert "warnings" not in missing_to_submit(draft)


def test_a_marking_above_official_sensitive_cannot_be_called_needed(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened="Marked TOP SECRET on its cover.")
    client = sign_in(author)

    assert client.post(page(draft), answers(draft, "needed", "Because")).status_code == 422
    assert "warnings" in missing_to_submit(draft)


def test_some_answers_are_kept_and_the_rest_is_asked_for_again(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE, why="Mail desk@town.example first.")
    phone, email = warnings_in(draft)
    client = sign_in(author)

    answer = client.post(page(draft), {f"answer-{phone.code}": "false_alarm"})

    assert answer.url == page(draft)
    assert [warned.is_open for warned in warnings_in(draft)] == [False, True]
    assert email.is_open


def test_an_answer_holds_for_these_words_only(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)
    client = sign_in(author)
    client.post(page(draft), answers(draft, "false_alarm"))

    Lesson.objects.filter(pk=draft.pk).update(what_happened="Ring 07700 900999 instead.")
    draft.refresh_from_db()

    assert "warnings" in missing_to_submit(draft)


def test_words_taken_out_need_no_answer(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)
    Lesson.objects.filter(pk=draft.pk).update(what_happened="The desk was not answered for an hour.")
    draft.refresh_from_db()

    assert "warnings" not in missing_to_submit(draft)
    assert "There are none." in sign_in(author).get(page(draft)).text


def test_others_neither_see_nor_answer_the_warnings(author: User) -> None:
    draft = LessonFactory(author=author, status=Status.DRAFT, what_happened=PHONE)

    assert sign_in(person(Role.READER)).get(page(draft)).status_code == 404
    submitted = LessonFactory(author=author, status=Status.SUBMITTED)
    assert sign_in(author).get(page(submitted)).status_code in {302, 403}
