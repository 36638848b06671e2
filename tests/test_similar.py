"""Lessons that are like a text."""

import pytest

from accounts.roles import Role
from lessons.search.counting import count_words
from lessons.search.similar import similar
from tests.factories import NOON, LessonFactory, person

pytestmark = pytest.mark.django_db


def publish(title: str, **values: object) -> None:
    LessonFactory(status="published", at=NOON, title=title, what_happened="It was a quiet night.", **values)


def test_the_lesson_that_shares_rare_words_comes_first() -> None:
    publish("Pumps arrived late at the flood")
    publish("Radio channels were overloaded at night")
    count_words()

    found = similar("At night our radio failed: all channels were overloaded, unlike anything before", person(), 5)

    assert found[0].publication.title == "Radio channels were overloaded at night"
    assert found[0].score > 0


def test_nobody_gets_what_they_may_not_read() -> None:
    publish("Radio channels were overloaded", audience="national_team")

    assert similar("radio channels overloaded", person(), 5) == []
    assert len(similar("radio channels overloaded", person(Role.SECRETARIAT), 5)) == 1


@pytest.mark.parametrize("text", ["", "the of and", "\0\ud800", "word " * 50_000], ids=range(4))
def test_any_text_has_an_answer(text: str) -> None:
    assert similar(text, person(), 5) == []
