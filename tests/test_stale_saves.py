"""Very many people who save the same text at the same moment: one goes first, and nobody loses a word."""

from collections import Counter
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from lessons.models import Publication
from tests.reviewing import in_review, review_url, shown, sign_in
from tests.test_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WINDOWS, SAVES_OF_EACH = 4, 25


def save(by: int, url: str, forms: list[dict[str, Any]]) -> list[tuple[int, bool]]:
    """Save each form; return the answers, and whether the page holds what was typed."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=by))
    answers = [(client.post(url, form), form["impact"]) for form in forms]
    return [(one.status_code, words in one.content.decode()) for one, words in answers]


def test_of_a_hundred_stale_saves_one_is_stored_and_the_others_get_their_words_back() -> None:
    lesson, moderator = in_review()
    form = shown(sign_in(moderator), lesson) | {"decision": "save"}
    typed = [[f"Typed in window {w}, time {n}." for n in range(SAVES_OF_EACH)] for w in range(WINDOWS)]
    calls = [(moderator.pk, review_url(lesson), [form | {"impact": words} for words in each]) for each in typed]

    answers = [answer for each in at_once(save, *calls) for answer in each]

    assert Counter(status for status, _ in answers) == {302: 1, 409: WINDOWS * SAVES_OF_EACH - 1}
    assert all(is_shown for status, is_shown in answers if status == 409)
    stored = Publication.objects.get(lesson=lesson).impact
    assert stored in {words for each in typed for words in each}
    assert lesson.moves.count() == 2, "submitted and claimed"
