"""Warnings: what the rules find in a text, how it is answered, and that nothing is published before."""

from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.roles import Role
from benchmarks.personal_data import known_answers
from lessons.actions.moves import move_lesson
from lessons.actions.review import save_working_text
from lessons.actions.warnings import answer_all, answer_warning, look_again
from lessons.errors import NotReady, ReasonMissing, WrongStatus
from lessons.models import Answer, Lesson, Move, Publication, Status, TextWarning, WarningKind
from lessons.removals import take_out
from lessons.warnings.answers import unanswered, warnings_in
from lessons.warnings.check import look_through
from lessons.warnings.numbers import has_nhs_check_digit
from lessons.warnings.recommendations import hint_on
from tests.factories import NOON, LessonFactory, person, working_text
from tests.reviewing import in_review

PHONE = "Ring 07700 900123 at night."


def kinds_in(text: str) -> list[str]:
    return [found.kind.value for found in look_through(text)]


# -- the rules ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["phone", "email", "postcode", "plate", "nhs_number", "ni_number", "date_of_birth"])
def test_of_a_hundred_identifiers_at_least_ninety_five_are_found(kind: str) -> None:
    there = found = 0
    for sentence, expected in known_answers():
        wanted = Counter({pair: count for pair, count in expected.items() if pair[0] == kind})
        seen = Counter((one.kind.value, one.words) for one in look_through(sentence))
        there += wanted.total()
        found += (wanted & seen).total()

    assert there >= 8
    assert found / there >= 0.95


def test_there_are_two_hundred_sentences_and_most_that_hold_nothing_raise_no_alarm() -> None:
    answers = known_answers()
    clean = [sentence for sentence, expected in answers if not expected]

    false_alarms = [sentence for sentence in clean if look_through(sentence)]

    assert len(answers) == 200
    assert len(clean) >= 30
    assert len(false_alarms) <= 0.05 * len(clean), false_alarms


@pytest.mark.parametrize(
    "text",
    [
        "The Incident Commander Type 3 left.",
        "It was told to the Captain. After that",
        "Use a PC. There is one",
        "Firefighter Time",
    ],
)
def test_a_rank_before_a_role_or_at_the_end_of_a_sentence_is_no_name(text: str) -> None:
    assert not look_through(text)
    assert look_through("Supt. Naylor and Firefighter Adeyemi met.")


def test_a_north_american_number_is_found_where_its_area_is_set_apart() -> None:
    assert kinds_in("Call 530/555-0142 or (530) 555-0143 for the report.") == ["phone", "phone"]
    assert kinds_in("Blocks 212/555-0142-7 and ratio 3/555-0142, page 530/84, order (53) 555-0142.") == []


def test_names_are_found_where_a_title_or_a_common_given_name_says_so() -> None:
    assert kinds_in("We thank Dr Oyelaran.") == ["name"]
    assert kinds_in("Ask David Penhallowe for the key.") == ["name"]
    assert kinds_in("Matt Penhallowe and Jo Tregarth have it.") == ["name", "name"]
    assert kinds_in("St James Park and Victoria Station were closed.") == []
    assert kinds_in("Charlotte Street was closed; Duncan Road too.") == []


@pytest.mark.parametrize("number", ["9990000018", "999 000 0018", "999-000-0018"])
def test_a_number_is_an_nhs_number_only_with_its_check_digit(number: str) -> None:
    assert kinds_in(f"Patient {number} was moved.") == ["nhs_number"]
    assert kinds_in(f"Patient {number[:-1]}9 was moved.") == []


def test_a_check_digit_of_ten_belongs_to_no_number() -> None:
    assert has_nhs_check_digit("9434765919")
    assert not has_nhs_check_digit("1111111111")
    assert [digit for digit in range(10) if has_nhs_check_digit(f"99900000{digit}0")] != list(range(10))


@pytest.mark.parametrize("prefix", ["BG", "GB", "NK", "KN", "TN", "NT", "ZZ", "DA", "FA", "IA", "QA", "UA", "VA", "AO"])
def test_prefixes_that_are_never_given_make_no_national_insurance_number(prefix: str) -> None:
    assert kinds_in(f"Ref {prefix} 12 34 56 C") == []
    assert kinds_in("Ref AB 12 34 56 C") == ["ni_number"]
    assert kinds_in("Ref AB 12 34 56 E") == []


def test_a_part_of_an_address_is_not_found_twice() -> None:
    assert kinds_in("Write to david.smithson07700900123@mail.example") == ["email"]


def test_where_it_was_found_is_where_it_stands() -> None:
    text = "First line.\nRing 07700 900123 or SW1W 0NY."

    assert [text[found.start : found.end] for found in look_through(text)] == ["07700 900123", "SW1W 0NY"]


@pytest.mark.parametrize("text", ["", " ", "0" * 9_000, "07" * 5_000, "a@" * 5_000, "Dr " * 3_000, "A1 " * 3_000, "\0"])
def test_odd_texts_are_looked_through_in_time(text: str) -> None:
    look_through(text)


@pytest.mark.parametrize(
    ("text", "by_whom", "begins"),
    [
        ("Improve communication", "All partners", "It says neither"),
        ("Improve communication", "Control room managers", "It names a direction"),
        ("Open the shared talk group on every major incident card", "everyone", "It names nobody"),
        ("Open the shared talk group on every major incident card", "Control room managers", ""),
        ("Consider opening the shared talk group as soon as a major incident is declared", "Duty officer", ""),
        ("", "", ""),
    ],
)
def test_a_recommendation_that_says_neither_who_nor_what_gets_a_hint(text: str, by_whom: str, begins: str) -> None:
    hint = hint_on(text, by_whom)

    assert hint.startswith(begins)
    assert bool(hint) == bool(begins)


# -- removals ------------------------------------------------------------------------------------------
def test_words_are_taken_out_wherever_they_stand_by_themselves() -> None:
    text = "Ann rang. Planned by Ann;\nAnn\nsaid so."

    assert take_out(text, "Ann", "personal_data") == (
        "[removed: personal data] rang. Planned by [removed: personal data];\n[removed: personal data]\nsaid so."
    )
    assert take_out("07700\n900123!", "07700 900123", "security") == "[removed: security]!"
    assert take_out("Cost (£1.5m)", "£1.5m", "commercial") == "Cost ([removed: commercial])"
    assert take_out("unchanged", "absent", "legal") == "unchanged"


@pytest.mark.django_db
def test_each_removal_is_recorded_by_field_and_type() -> None:
    lesson, moderator = in_review()
    values = {
        "what_happened": "[removed: personal data] drove; [removed: security].",
        "recommendations": [{"text": "Ask [removed: commercial]", "by_whom": "All [removed: everything]"}],
    }
    save(lesson, moderator, **values)

    assert Publication.objects.get(lesson=lesson).removals == [
        {"field": "what_happened", "type": "personal_data"},
        {"field": "what_happened", "type": "security"},
        {"field": "recommendations", "type": "commercial"},
    ]


# -- answers -------------------------------------------------------------------------------------------
def save(lesson: Lesson, by: User, **values: Any) -> Publication:
    lesson.refresh_from_db()
    return save_working_text(lesson=lesson, by=by, at=NOON, row_version=lesson.row_version, values=values)


def publish(lesson: Lesson, by: User) -> Lesson:
    return move_lesson(lesson=lesson, move=Move.PUBLISH, by=by, at=NOON)


def answer(text: Lesson | Publication, by: User, said: str, because: str = "") -> TextWarning:
    (open_one,) = [one for one in warnings_in(text) if one.is_open]
    return answer_warning(text=text, code=open_one.code, answer=said, because=because, by=by, at=NOON)


@pytest.mark.django_db
def test_nothing_is_published_while_a_warning_is_unanswered() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE, context="Born 12/03/2014 and 07700 900456.")

    with pytest.raises(NotReady) as refused:
        publish(lesson, moderator)

    assert refused.value.problems == {
        "why": "Answer the warning: this may be a telephone number.",
        "context": "Answer the warning: this may be a date of birth and a telephone number.",
    }
    assert unanswered(text) == refused.value.problems


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "because"), [(Answer.FALSE_ALARM, ""), (Answer.NEEDED, "It is the public line.")])
def test_an_answer_lets_the_words_stay(said: str, because: str) -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE)

    kept = answer(text, moderator, said, because)

    assert (kept.answer, kept.because, kept.by, kept.field) == (said, because, moderator, "why")
    assert publish(lesson, moderator).status == Status.PUBLISHED


@pytest.mark.django_db
def test_an_answer_outlives_edits_elsewhere_and_ends_with_its_words() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE)
    answer(text, moderator, Answer.FALSE_ALARM)

    text = save(lesson, moderator, why=f"At first: {PHONE}")
    assert unanswered(text) == {}
    assert text.warnings.get().start == PHONE.index("07700") + len("At first: ")

    text = save(lesson, moderator, why="Ring 07700 900124 at night.")
    assert set(unanswered(text)) == {"why"}
    assert text.warnings.open().count() == 1


@pytest.mark.django_db
def test_words_that_are_gone_leave_no_open_warning() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE)
    assert text.warnings.open().count() == 1

    text = save(lesson, moderator, why="Ring the duty line at night.")

    assert not text.warnings.exists()


@pytest.mark.django_db
def test_looking_twice_changes_nothing() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE, impact=PHONE)
    before = list(text.warnings.order_by("pk").values())

    look_again(text)

    assert list(text.warnings.order_by("pk").values()) == before
    assert len(before) == 2


@pytest.mark.django_db
def test_a_need_says_why_and_a_marking_is_never_needed() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE)
    with pytest.raises(ReasonMissing):
        answer(text, moderator, Answer.NEEDED, "  ")
    with pytest.raises(ReasonMissing):
        answer(text, moderator, "maybe")

    text = save(lesson, moderator, why="The annex is marked TOP SECRET.")
    with pytest.raises(WrongStatus):
        answer(text, moderator, Answer.NEEDED, "It says so.")
    assert answer(text, moderator, Answer.FALSE_ALARM).kind == WarningKind.MARKING


@pytest.mark.django_db
def test_words_that_are_not_there_cannot_be_answered() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE)

    with pytest.raises(WrongStatus):
        answer_warning(text=text, code="why-phone-0", answer=Answer.FALSE_ALARM, by=moderator, at=NOON)


@pytest.mark.django_db
def test_only_who_may_write_the_text_answers() -> None:
    lesson, _ = in_review(why=PHONE)
    text = lesson.publications.get()

    for somebody in (person(Role.LRF_MODERATOR), person(Role.AUDITOR), lesson.author):
        with pytest.raises(PermissionDenied):
            answer(text, somebody, Answer.FALSE_ALARM)


@pytest.mark.django_db
def test_the_owner_answers_for_the_draft_and_the_moderator_sees_it_and_answers_again() -> None:
    lesson = LessonFactory(why=PHONE)
    answer(lesson, lesson.author, Answer.NEEDED, "It is the public line.")
    assert unanswered(lesson) == {}

    lesson.refresh_from_db()
    text = working_text(lesson)

    (warned,) = warnings_in(text)
    assert warned.is_open
    assert warned.earlier.because == "It is the public line."
    assert set(unanswered(text)) == {"why"}


@pytest.mark.django_db
def test_submitting_and_claiming_look_through_the_text() -> None:
    lesson = LessonFactory(why=PHONE)
    moderator = person(Role.LRF_MODERATOR, area=lesson.area)
    answer_all(text=lesson, because="It is the public line.", by=lesson.author, at=NOON)

    move_lesson(lesson=lesson, move=Move.SUBMIT, by=lesson.author, at=NOON)
    assert TextWarning.objects.get(lesson=lesson).kind == WarningKind.PHONE

    move_lesson(lesson=lesson, move=Move.CLAIM, by=moderator, at=NOON)
    assert TextWarning.objects.get(publication__lesson=lesson).answer == ""


@pytest.mark.django_db
def test_whoever_vouches_for_an_import_answers_all_at_once() -> None:
    lesson, moderator = in_review()
    text = save(lesson, moderator, why=PHONE, context="Mrs Quillfeather of LA1 4XX")

    assert answer_all(text=text, because="Checked before the import.", by=moderator, at=NOON) == 3
    assert answer_all(text=text, because="Again.", by=moderator, at=NOON) == 0
    assert publish(lesson, moderator).status == Status.PUBLISHED
