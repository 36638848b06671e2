"""What a search finds, in which order, and what it never tells."""

import pytest

from accounts.roles import Role
from lessons.models import Marking, Publication, Word
from lessons.search.counting import count_words
from lessons.search.finding import search
from lessons.search.spelling import mistakes, suggestion
from lessons.search.words import take_apart
from tests.factories import NOON, LessonFactory, person

pytestmark = pytest.mark.django_db


def publish(title: str, what_happened: str = "It was a quiet night.", **values: object) -> Publication:
    lesson = LessonFactory(status="published", at=NOON, title=title, what_happened=what_happened, **values)
    return lesson.publications.get()


def titles(words: str, reader=None) -> list[str]:
    readable = Publication.objects.readable_by(reader or person())
    found = search(readable, words)
    named = dict(readable.values_list("pk", "title"))
    return [named[one.pk] for one in found.best(readable)]


@pytest.fixture
def _three_lessons() -> None:
    publish("Rendezvous point was not shared", "Crews waited at two gates.")
    publish("Pumps arrived late at the flood", "The flood wall held for a night.")
    publish("Radio channels were overloaded", "Nobody could speak on the radio.")
    count_words()


@pytest.mark.usefixtures("_three_lessons")
class TestWords:
    def test_a_question_finds_lessons_that_lack_one_of_its_words(self) -> None:
        assert (
            titles("why did the pumps arrive so late at our unprecedented flood")[0]
            == "Pumps arrived late at the flood"
        )

    def test_an_abbreviation_finds_what_it_stands_for(self) -> None:
        assert titles("RVP") == ["Rendezvous point was not shared"]

    def test_quotes_ask_for_the_words_in_a_row(self) -> None:
        assert titles('"flood wall"') == ["Pumps arrived late at the flood"]
        assert titles('"wall flood"') == []

    def test_a_minus_leaves_out(self) -> None:
        assert titles("late radio") != titles("late -radio")
        assert titles("late -radio") == ["Pumps arrived late at the flood"]

    def test_or_takes_either(self) -> None:
        assert set(titles("pumps OR radio")) == {"Pumps arrived late at the flood", "Radio channels were overloaded"}

    def test_stop_words_alone_find_nothing(self) -> None:
        assert titles("the of and") == []

    def test_a_misspelt_word_is_put_right(self) -> None:
        readable = Publication.objects.readable_by(person())

        assert suggestion("rendezvus point", readable) == "rendezvous point"
        assert suggestion("rendezvous point", readable) is None

    @pytest.mark.parametrize(
        "words",
        [
            "flood " * 5_000,
            " ".join(f"word{n}" for n in range(5_000)),
            "a" * 50_000,
            "'flood' & !( | <-> :* \\ ''",
            "flood\0wall",
            "flood \ud800 wall",
            '"' * 301,
            "OR OR - -- OR",
            "-" * 50_000,
        ],
        ids=range(9),
    )
    def test_no_text_breaks_it(self, words: str) -> None:
        titles(words)
        suggestion(words, Publication.objects.readable_by(person()))


def test_words_of_what_not_everybody_may_read_are_not_counted_nor_offered() -> None:
    publish("Zeppelin hangar", marking=Marking.SENSITIVE)
    publish("Airship mast", audience="national_team")
    publish("Balloon basket")

    count_words()

    assert Word.objects.filter(word="balloon").exists()
    assert not Word.objects.filter(word__in=["zeppelin", "hangar", "airship", "mast"]).exists()
    assert suggestion("zepelin", Publication.objects.readable_by(person(Role.SECRETARIAT))) is None


def test_words_of_a_suspended_lesson_are_forgotten() -> None:
    text = publish("Balloon basket")
    count_words()
    Publication.objects.filter(pk=text.pk).update(suspended_at=NOON)

    changed = count_words()

    assert changed == 1
    assert not Word.objects.filter(word="balloon").exists()
    assert count_words() == 0


def test_a_search_finds_only_what_the_reader_may_read() -> None:
    publish("Balloon basket", audience="national_team")

    assert titles("balloon") == []
    assert titles("balloon", person(Role.SECRETARIAT)) == ["Balloon basket"]


def test_in_prose_quotes_give_no_orders() -> None:
    prose = take_apart('The driver said that it was "not possible" to reach the far side of the bridge')

    assert not any(piece.quoted for piece in prose.wanted)
    assert take_apart('"not possible"').wanted[0].quoted


@pytest.mark.parametrize("words", ["according to “Fireline Handbook", 'a 3" hose and a 5" pipe', 'said" get out "'])
def test_half_a_quote_gives_no_orders(words: str) -> None:
    assert not any(piece.quoted for piece in take_apart(words).wanted)


@pytest.mark.parametrize(
    ("word", "other", "number"), [("flood", "flood", 0), ("flod", "flood", 1), ("folod", "flood", 1), ("", "ab", 2)]
)
def test_mistakes_are_counted(word: str, other: str, number: int) -> None:
    assert mistakes(word, other) == number
