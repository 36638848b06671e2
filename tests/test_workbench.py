"""Working on a text: warnings answered, words taken out, comments for the owner, new versions, the preview."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.actions.comments import add_comment, comments_for_owner
from lessons.actions.moves import move_lesson
from lessons.differences import MOST_COMPARISONS, differences
from lessons.errors import NotYourClaim
from lessons.models import Answer, Comment, Lesson, Move, Publication, Status, Tier
from lessons.preview import mailings, people_in_all, who_could_read
from lessons.publishing import complete, text_in_hand
from lessons.warnings.answers import warnings_in
from tests.factories import (
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    person,
)
from tests.reviewing import as_sent, decide, in_review, review_url, shown, sign_in, ticked, words_of

pytestmark = pytest.mark.django_db

PHONE = "Ring 07700 900123 at night."


def text_of(lesson: Lesson) -> Publication:
    return lesson.publications.working().get()


def published(**values: Any) -> tuple[Lesson, User]:
    area = values.pop("area", None) or ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    values = {"organisation": OrganisationFactory(areas=[area]), "status": Status.PUBLISHED} | values
    return LessonFactory(area=area, moderator=moderator, **values), moderator


# -- differences ---------------------------------------------------------------------------------------
def test_a_difference_holds_both_texts_whole() -> None:
    before, after = "Two control rooms\nworked from lists.", "Three control rooms worked\n\nfrom one list."

    pieces = differences(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert {piece.kind for piece in pieces} == {"same", "added", "removed"}


def test_texts_that_would_take_too_long_to_compare_count_as_replaced() -> None:
    words = int(MOST_COMPARISONS**0.5) + 1
    before, after = "a " * words, "a " * words + "b"

    assert [(piece.kind, piece.text) for piece in differences(before, after)] == [("removed", before), ("added", after)]


def test_changes_are_marked_in_the_page_and_scripts_in_them_are_text() -> None:
    lesson, moderator = in_review(what_happened="Two rooms <b>worked</b> apart.")
    client = sign_in(moderator)
    decide(client, lesson, what_happened="Three rooms <b>worked</b> <script>apart</script>.")

    page = words_of(client.get(review_url(lesson)))

    assert "<del><span" in page
    assert "<ins><span" in page
    assert "<script>apart" not in page
    assert "&lt;script&gt;apart" in page


# -- warnings ------------------------------------------------------------------------------------------
def press(client: Any, lesson: Lesson, button: str, **values: Any) -> Any:
    (warned,) = [one for one in warnings_in(text_of(lesson)) if one.is_open]
    values = {name.replace("because", f"because_{warned.code}"): value for name, value in values.items()}
    return decide(client, lesson, f"{button}:{warned.code}", **values)


def test_a_warning_shows_what_was_found_and_where_and_blocks_no_save() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)

    answer = decide(client, lesson, why=PHONE)

    assert answer.status_code == 302
    page = words_of(client.get(review_url(lesson)))
    assert "This may be a telephone number" in page
    assert "<mark>07700 900123</mark>" in page
    assert "1 warning to answer first" in page


def test_publishing_with_an_open_warning_says_so_beside_the_field() -> None:
    lesson, moderator = in_review()

    answer = decide(sign_in(moderator), lesson, "publish", why=PHONE, **ticked())

    assert answer.status_code == 422
    assert answer.context["form"].errors["why"] == ["Answer the warning: this may be a telephone number."]
    assert text_of(lesson).why == PHONE


def test_a_false_alarm_is_one_press_and_then_it_can_be_published() -> None:
    lesson, moderator = in_review(why=PHONE)
    client = sign_in(moderator)

    answer = press(client, lesson, "false_alarm", title="Typed before the button")

    assert answer.url.endswith("#row-why")
    assert text_of(lesson).title == "Typed before the button"
    assert text_of(lesson).warnings.get().answer == Answer.FALSE_ALARM
    assert decide(client, lesson, "publish", **ticked()).url == reverse("queue")


def test_words_that_are_needed_need_a_reason() -> None:
    lesson, moderator = in_review(why=PHONE)
    client = sign_in(moderator)

    refused = press(client, lesson, "needed", because=" ")
    done = press(client, lesson, "needed", because="It is the public line.")

    assert refused.status_code == 409
    assert "Say why the words are needed" in refused.content.decode()
    assert done.status_code == 302
    assert text_of(lesson).warnings.get().because == "It is the public line."


def test_taking_it_out_leaves_a_typed_marker_and_what_was_submitted() -> None:
    lesson, moderator = in_review(why=PHONE)

    press(sign_in(moderator), lesson, "take_out")

    text = text_of(lesson)
    assert text.why == "Ring [removed: personal data] at night."
    assert text.removals == [{"field": "why", "type": "personal_data"}]
    assert text.warnings.get().answer == Answer.REMOVED
    lesson.refresh_from_db()
    assert lesson.why == PHONE


def test_a_marking_goes_as_security_and_is_never_needed() -> None:
    lesson, moderator = in_review(why="The annex is marked TOP SECRET.")
    client = sign_in(moderator)

    assert press(client, lesson, "needed", because="It is.").status_code == 409
    press(client, lesson, "take_out")

    assert text_of(lesson).why == "The annex is marked [removed: security]."


@pytest.mark.parametrize(
    "button", ["false_alarm:", "needed:why-phone-x", "take_out:a\0b", "uncomment:x", "uncomment:99"]
)
def test_buttons_of_what_is_not_there_do_no_harm(button: str) -> None:
    lesson, moderator = in_review()

    answer = decide(sign_in(moderator), lesson, button, title="Typed all the same")

    assert answer.status_code in {302, 409}
    assert text_of(lesson).title == "Typed all the same"


# -- taking words out by hand --------------------------------------------------------------------------
def test_words_are_taken_out_without_scripts() -> None:
    lesson, moderator = in_review(what_happened="Unit 7 cut the fence at Unit 7’s gate.")
    removal = {"remove_field": "what_happened", "remove_words": "Unit 7", "remove_type": "security"}

    answer = decide(sign_in(moderator), lesson, "remove", **removal)

    assert answer.status_code == 302
    assert text_of(lesson).what_happened == "[removed: security] cut the fence at [removed: security]’s gate."


def test_words_are_taken_out_of_recommendations_too() -> None:
    lesson, moderator = in_review(recommendations=[{"text": "Pay Acme for it", "by_whom": "Acme"}])
    removal = {"remove_field": "recommendations", "remove_words": "Acme", "remove_type": "commercial"}

    decide(sign_in(moderator), lesson, "remove", **removal)

    assert text_of(lesson).recommendations == [
        {"text": "Pay [removed: commercial] for it", "by_whom": "[removed: commercial]"}
    ]


@pytest.mark.parametrize(
    ("removal", "status", "words"),
    [
        ({"remove_words": ""}, 422, "Enter the words to take out"),
        ({"remove_words": "not there"}, 409, "These words are not in that field"),
        ({"remove_field": "author"}, 422, "from the list"),
        ({"remove_type": "whim"}, 422, "from the list"),
        ({"remove_words": "a\0b"}, 422, "cannot be read"),
        ({"remove_field": "title", "remove_words": "and"}, 409, "it would be longer than 120"),
    ],
)
def test_what_cannot_be_taken_out_is_said(removal: dict[str, str], status: int, words: str) -> None:
    lesson, moderator = in_review(title="T" * 99 + " and twenty more", what_happened="Unit 7 was there.")
    sent = {"remove_field": "what_happened", "remove_words": "Unit 7", "remove_type": "security"} | removal

    answer = decide(sign_in(moderator), lesson, "remove", **sent)

    assert answer.status_code == status
    assert words in words_of(answer)
    assert text_of(lesson).removals == []


# -- comments ------------------------------------------------------------------------------------------
def test_comments_on_fields_are_what_the_owner_is_asked_to_change() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    decide(client, lesson, comment_why="Who decided that?")
    assert list(comments_for_owner(lesson)) == []

    decide(client, lesson, "ask_for_changes", comment_impact="How many people?")

    lesson.refresh_from_db()
    assert [(one.field, one.text) for one in comments_for_owner(lesson)] == [
        ("why", "Who decided that?"),
        ("impact", "How many people?"),
    ]
    asked = lesson.moves.get(move=Move.ASK_FOR_CHANGES)
    assert (asked.note, asked.fields) == ("Please see the comments on the fields.", ["impact", "why"])


def test_comments_of_an_earlier_round_are_not_shown_again() -> None:
    lesson, moderator = in_review()
    decide(sign_in(moderator), lesson, "ask_for_changes", comment_why="Who decided that?")
    lesson.refresh_from_db()
    move_lesson(lesson=lesson, move=Move.RESUBMIT, by=lesson.author, at=timezone.now())

    decide(sign_in(moderator), lesson, "ask_for_changes", changes_note="Once more, please.")

    lesson.refresh_from_db()
    assert list(comments_for_owner(lesson)) == []
    assert Comment.objects.count() == 1


def test_a_comment_is_deleted_before_the_owner_sees_it() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    decide(client, lesson, comment_why="Who decided that?")
    assert "Who decided that?" in words_of(client.get(review_url(lesson)))

    decide(client, lesson, f"uncomment:{Comment.objects.get().pk}")

    assert not Comment.objects.exists()


def test_only_who_has_the_lesson_comments() -> None:
    lesson, _ = in_review()

    other = person(Role.LRF_MODERATOR, area=lesson.area)

    with pytest.raises(NotYourClaim):
        add_comment(lesson=lesson, field="why", text="Mine", by=other, at=timezone.now())


def test_a_comment_typed_under_a_lost_claim_is_shown_again_and_not_stored() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    typed = shown(client, lesson) | {"comment_why": "Who decided that?"}
    move_lesson(lesson=lesson, move=Move.GIVE_BACK, by=person(Role.SECRETARIAT), at=timezone.now())

    answer = client.post(review_url(lesson), typed)

    assert answer.status_code == 409
    assert "Who decided that?" in words_of(answer)
    assert "The status of this lesson is “Submitted” now" in words_of(answer)
    assert "Nothing was saved. What you typed is below." in words_of(answer)
    assert not Comment.objects.exists()


# -- the checklist -------------------------------------------------------------------------------------
def test_a_clean_lesson_is_published_in_four_presses() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(area=area, status=Status.SUBMITTED)
    client = sign_in(person(Role.LRF_MODERATOR, area=area))
    client.get(reverse("queue"))

    client.post(reverse("take_next"))  # one
    answer = decide(client, lesson, "publish", all_checked="on")  # two: the tick, three: the button

    assert answer.url == reverse("queue")
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


def test_one_tick_for_all_is_offered_only_where_nothing_was_found() -> None:
    clean, moderator = in_review()
    found, _ = in_review(moderator, area=clean.area, why=PHONE)
    client = sign_in(moderator)

    assert 'name="all_checked"' in client.get(review_url(clean)).content.decode()
    assert 'name="all_checked"' not in client.get(review_url(found)).content.decode()


# -- new versions --------------------------------------------------------------------------------------
def version_url(lesson: Lesson) -> str:
    return reverse("new_version", args=[lesson.pk])


def write(client: Any, lesson: Lesson, decision: str = "save", **values: Any) -> Any:
    page = client.get(version_url(lesson))
    assert page.status_code == 200
    return client.post(version_url(lesson), as_sent(page) | values | {"decision": decision})


def test_a_new_version_begins_from_the_one_in_force_and_is_published_with_what_changed() -> None:
    lesson, moderator = published(publication={"title": "As it is in force now"})
    client = sign_in(moderator)
    page = client.get(version_url(lesson))
    assert page.context["form"].initial["title"] == "As it is in force now"
    assert not lesson.publications.working().exists()

    refused = write(client, lesson, "publish_again", title="As it will be from now on", **ticked())
    said = {"change": "substantive", "note": "The list moved."}
    done = write(client, lesson, "publish_again", title="As it will be from now on", **said, **ticked())

    assert refused.status_code == 422
    assert "Enter what changed" in words_of(refused)
    assert "Select how much it changes" in words_of(refused)
    assert done.url == reverse("lesson", args=[lesson.reference])
    current = lesson.publications.current().get()
    assert (current.version, current.title, current.change, current.note) == (
        2,
        "As it will be from now on",
        "substantive",
        "The list moved.",
    )


def test_readers_see_nothing_of_a_version_that_is_being_prepared_and_it_can_be_given_up() -> None:
    lesson, moderator = published()
    client = sign_in(moderator)
    write(client, lesson, title="Not to be seen by anybody yet")
    reader = sign_in(person())

    assert "Not to be seen" not in reader.get(reverse("lesson", args=[lesson.reference])).content.decode()
    done = write(client, lesson, "discard")

    assert done.url == review_url(lesson)
    assert not lesson.publications.working().exists()


def test_a_version_that_was_approved_is_set_back_and_not_deleted() -> None:
    lesson, _ = published(tier=Tier.NATIONAL, event=EventFactory(legal_contexts=["inquest"]))
    client = sign_in(person(Role.SECRETARIAT))
    write(client, lesson, "approve", title="As it was approved by one", **ticked())
    assert lesson.moves.filter(move=Move.APPROVE).exists()

    write(client, lesson, "discard")

    assert text_of(lesson).title == lesson.publications.current().get().title


def test_two_people_publish_a_new_version_where_two_are_asked_for() -> None:
    lesson, _ = published(tier=Tier.NATIONAL, event=EventFactory(legal_contexts=["inquest"]))
    first, second = sign_in(person(Role.SECRETARIAT)), sign_in(person(Role.SECRETARIAT))
    said = {"change": "minor", "note": "A clearer word."}

    alone = write(first, lesson, "publish_again", title="As both want it to be", **said, **ticked())
    for_the_first = words_of(first.get(version_url(lesson)))
    write(first, lesson, "approve")
    for_the_second = words_of(second.get(version_url(lesson)))
    both = write(second, lesson, "publish_again", **said)

    assert alone.status_code == 409
    assert both.status_code == 302
    assert "Approve this text" in for_the_first
    assert "Publish this version" not in for_the_first, "it would be refused"
    assert "You can publish it as it is." in for_the_second
    assert "Approve this text" not in for_the_second
    assert lesson.publications.current().get().title == "As both want it to be"


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.IN_REVIEW, Status.DECLINED])
def test_only_what_was_published_gets_a_new_version(status: Status) -> None:
    lesson, moderator = published(status=status)

    assert sign_in(moderator).get(version_url(lesson)).status_code == 409
    assert not lesson.publications.working().exclude(lesson__status=Status.IN_REVIEW).exists()


def test_the_author_prepares_no_version_of_their_own() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lesson = LessonFactory(author=moderator, area=area, status=Status.PUBLISHED)

    assert sign_in(moderator).get(version_url(lesson)).status_code == 409


# -- preview -------------------------------------------------------------------------------------------
def test_the_preview_says_who_could_read_it_and_counts_them() -> None:
    lesson, moderator = in_review(audience="own_area")
    neighbour = person(Role.READER, OrganisationFactory(areas=[lesson.area]))
    text = text_in_hand(lesson)
    complete(text)

    readers = {one.words: one.people for one in who_could_read(text)}

    assert readers[f"Responders of {lesson.area}"] >= 2
    assert readers["Its author"] == 1
    assert people_in_all(text) == len({moderator, neighbour, lesson.author})
    assert set(readers) == {
        f"Responders of {lesson.area}",
        f"Those who lead for {lesson.organisation}",
        f"LRF moderators of {lesson.area}",
        "Its author",
        "The JOL Secretariat, the Board and the auditor",
    }


def test_the_preview_shows_the_text_the_readers_and_the_mail_and_stores_nothing() -> None:
    lesson, moderator = in_review(marking="official_sensitive", audience="category_1")
    SubscriptionFactory(person=person(Role.JOL_LEAD))
    SubscriptionFactory(person=person(Role.READER))  # not entitled
    before = Publication.objects.filter(lesson=lesson).values().get()

    page = sign_in(moderator).get(reverse("preview", args=[lesson.pk]))

    words = words_of(page)
    assert page.status_code == 200
    assert "Category 1 responders, if they are entitled to OFFICIAL-SENSITIVE" in words
    assert "Anybody who is not entitled to OFFICIAL-SENSITIVE" in words
    assert "1 address would get it at once" in words
    assert "[OFFICIAL-SENSITIVE]" in words
    assert Publication.objects.filter(lesson=lesson).values().get() == before


def test_the_reach_is_what_the_fan_out_would_reach() -> None:
    lesson, _ = in_review(title="Share the list of rest centres", statement="Partners share one list.")
    SubscriptionFactory()
    SubscriptionFactory(words="rest centres")
    SubscriptionFactory(words="earthquakes")
    SubscriptionFactory(kinds=["notable_practice"])
    SubscriptionFactory(frequency="weekly")
    text = text_of(lesson)
    complete(text)

    (mailing,) = mailings(text)

    assert (mailing.at_once, mailing.later) == (2, 1)
    assert "Share the list of rest centres" in mailing.subject


def test_a_preview_without_readers_asks_for_them() -> None:
    lesson, moderator = in_review(audience="")

    page = sign_in(moderator).get(reverse("preview", args=[lesson.pk]))

    assert page.status_code == 200
    assert "Choose who may read it" in words_of(page)


def test_the_preview_is_for_moderators() -> None:
    lesson, _ = in_review()

    assert sign_in(lesson.author).get(reverse("preview", args=[lesson.pk])).status_code == 403
    assert sign_in(person()).get(reverse("preview", args=[lesson.pk])).status_code == 404


# -- the work of the pages -----------------------------------------------------------------------------
def test_the_review_page_takes_no_more_queries_for_more_warnings_and_comments() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    decide(client, lesson, why=PHONE, comment_why="One")

    counts = []
    for number in (1, 9):
        if number > 1:
            decide(client, lesson, context=" ".join(f"0770090010{n}," for n in range(number)), comment_context="Two")
        client.get(review_url(lesson))  # it shows that all was saved, and forgets it
        with CaptureQueriesContext(connection) as queries:
            assert client.get(review_url(lesson)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 24
