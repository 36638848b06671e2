"""The pages of moderators: claiming, writing the text to be published, deciding, suspending."""

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
from lessons.models import Lesson, Move, Publication, Status, Tier
from lessons.models.lessons import CLAIM_LASTS
from tests.factories import (
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    person,
)
from tests.reviewing import as_sent, decide, in_review, later, review_url, shown, sign_in, ticked, words_of

pytestmark = pytest.mark.django_db


def text_of(lesson: Lesson) -> Publication:
    return lesson.publications.working().get()


# -- claiming --------------------------------------------------------------------------------------
def test_a_moderator_claims_from_the_page_of_a_waiting_lesson() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(area=area, status=Status.SUBMITTED)
    client = sign_in(person(Role.LRF_MODERATOR, area=area))

    page = client.get(review_url(lesson))
    answer = client.post(reverse("claim", args=[lesson.pk]), follow=True)

    assert "Claim it for review" in page.content.decode()
    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW
    assert answer.context["form"].initial["title"] == lesson.title


def test_a_lesson_that_another_holds_is_shown_and_cannot_be_claimed() -> None:
    lesson, _ = in_review()
    client = sign_in(person(Role.LRF_MODERATOR, area=lesson.area))

    page = client.get(review_url(lesson))
    answer = client.post(reverse("claim", args=[lesson.pk]))

    assert "has claimed this lesson" in page.content.decode()
    assert answer.status_code == 409
    assert "Another moderator has claimed this lesson" in answer.content.decode()


def test_a_lapsed_claim_is_taken_over_with_the_text_that_was_prepared() -> None:
    lesson, first = in_review()
    decide(sign_in(first), lesson, title="One list of rest centres for everybody")
    later(lesson, timezone.now() - CLAIM_LASTS)
    client = sign_in(person(Role.LRF_MODERATOR, area=lesson.area))

    answer = client.post(reverse("claim", args=[lesson.pk]), follow=True)

    assert answer.context["form"].initial["title"] == "One list of rest centres for everybody"


def test_the_author_is_told_why_they_cannot_claim() -> None:
    area = ResilienceAreaFactory()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lesson = LessonFactory(author=moderator, area=area, status=Status.SUBMITTED)

    answer = sign_in(moderator).post(reverse("claim", args=[lesson.pk]))

    assert answer.status_code == 409
    assert "You wrote this lesson" in answer.content.decode()


# -- writing ---------------------------------------------------------------------------------------
def test_saving_keeps_everything_typed_and_stays_on_the_page() -> None:
    lesson, moderator = in_review()
    NationalRiskFactory(code="heatwave")
    client = sign_in(moderator)
    typed = {
        "title": "One list of rest centres",
        "event_name": "A regional exercise",
        "context": "Line one\r\nLine two",
        "recommendation_0_text": "Keep one list",
        "recommendation_0_by_whom": "Every forum",
        "recommendation_1_text": "Test it",
        "recommendation_1_by_whom": "Control rooms",
        "risks": ["heatwave"],
        "audience": "category_1",
        "attribution": "sector",
        "checklist": ["acronyms"],
    }

    answer = decide(client, lesson, **typed)

    assert (answer.status_code, answer.url) == (302, review_url(lesson))
    text = text_of(lesson)
    assert (text.title, text.event_name, text.context) == (
        "One list of rest centres",
        "A regional exercise",
        "Line one\nLine two",
    )
    assert [one["text"] for one in text.recommendations] == ["Keep one list", "Test it"]
    assert text.codes_of("risk") == ["heatwave"]
    assert (text.audience, text.attribution) == ("category_1", "sector")
    assert [code for code, is_ticked in text.checklist.items() if is_ticked] == ["acronyms"]
    lesson.refresh_from_db()
    assert lesson.title != text.title


def test_saving_what_is_shown_changes_nothing() -> None:
    lesson, moderator = in_review(
        context="One.\n\nTwo.",
        audience="areas",
        audience_areas=["area-of-test"],
        area=ResilienceAreaFactory(code="area-of-test"),
        recommendations=[{"text": "Keep one list", "by_whom": "All"}, {"text": "Test it", "by_whom": "Control rooms"}],
    )
    before = text_of(lesson)

    assert decide(sign_in(moderator), lesson).status_code == 302

    after = text_of(lesson)
    assert after.wording() == before.wording()
    assert sorted(after.terms) == sorted(before.terms)
    assert after.checklist == before.checklist


def test_saving_counts_the_claim_anew() -> None:
    lesson, moderator = in_review()
    later(lesson, timezone.now() - timedelta(hours=1))

    decide(sign_in(moderator), lesson)

    assert Lesson.objects.filter(pk=lesson.pk, claimed_at__gt=timezone.now() - timedelta(minutes=10)).exists()


# -- deciding --------------------------------------------------------------------------------------
def test_publishing_takes_the_text_as_typed_and_leads_back_to_the_queue() -> None:
    lesson, moderator = in_review()

    answer = decide(sign_in(moderator), lesson, "publish", title="One list of rest centres", **ticked())

    assert (answer.status_code, answer.url) == (302, reverse("queue"))
    assert lesson.publications.current().get().title == "One list of rest centres"


def test_asking_for_changes_tells_the_owner_what_and_where() -> None:
    lesson, moderator = in_review()
    said = {"changes_note": "Say which control rooms.", "changes_fields": ["what_happened", "why"]}

    answer = decide(sign_in(moderator), lesson, "ask_for_changes", title="Kept for later, as typed", **said)

    assert answer.status_code == 302
    asked = lesson.moves.get(move=Move.ASK_FOR_CHANGES)
    assert (asked.note, asked.fields) == ("Say which control rooms.", ["what_happened", "why"])
    assert text_of(lesson).title == "Kept for later, as typed"


def test_declining_gives_a_reason_and_words() -> None:
    lesson, moderator = in_review()

    decide(sign_in(moderator), lesson, "decline", decline_reason="known", decline_note="See the exercise of last year.")

    declined = lesson.moves.get(move=Move.DECLINE)
    assert (declined.reason, declined.note) == ("known", "See the exercise of last year.")


def test_giving_back_keeps_what_was_typed() -> None:
    lesson, moderator = in_review()

    decide(sign_in(moderator), lesson, "give_back", title="Kept for whoever is next")

    lesson.refresh_from_db()
    assert (lesson.status, lesson.claimed_by) == (Status.SUBMITTED, None)
    assert text_of(lesson).title == "Kept for whoever is next"


@pytest.mark.parametrize(
    ("decision", "values", "message"),
    [
        ("ask_for_changes", {"changes_note": "  "}, "Enter what the owner should change"),
        ("decline", {"decline_note": "No."}, "Select why it is declined"),
        ("decline", {"decline_reason": "known"}, "Enter an explanation for the owner"),
        ("decline", {"decline_reason": "boring", "decline_note": "No."}, "from the list"),
        ("ask_for_changes", {"changes_note": "More.", "changes_fields": ["author"]}, "from the list"),
    ],
)
def test_a_decision_without_its_words_is_not_made(decision: str, values: dict[str, Any], message: str) -> None:
    lesson, moderator = in_review()

    answer = decide(sign_in(moderator), lesson, decision, title="Typed before the button", **values)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert "Typed before the button" in page
    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW


def test_what_is_not_ready_is_said_beside_the_fields_and_the_text_is_saved() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)

    answer = decide(client, lesson, "publish", title="Short", statement="", brag="", checklist=["acronyms"])

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"title", "statement", "brag", "checklist"}
    assert 'href="#id_statement"' in answer.content.decode()
    assert (text_of(lesson).title, text_of(lesson).statement) == ("Short", "")
    # The page can be sent again as it is, without being taken for stale.
    again = as_sent(answer)
    mended = {"title": "One list of rest centres", "statement": "Keep one list.", "brag": "green", **ticked()}
    assert client.post(review_url(lesson), again | mended | {"decision": "publish"}).status_code == 302


def test_a_second_person_that_is_missing_is_said_and_the_page_can_be_sent_again() -> None:
    lesson, moderator = in_review(
        person(Role.SECRETARIAT), tier=Tier.NATIONAL, event=EventFactory(legal_contexts=["inquest"])
    )
    client = sign_in(moderator)

    answer = decide(client, lesson, "publish", title="One list of rest centres", **ticked())

    assert answer.status_code == 409
    assert "Another moderator has to approve exactly this text first" in answer.content.decode()
    assert text_of(lesson).title == "One list of rest centres"
    again = as_sent(answer)
    assert client.post(review_url(lesson), again | {"decision": "approve"}).status_code == 302


# -- somebody else was quicker ------------------------------------------------------------------------
def test_a_stale_save_shows_both_texts_and_loses_neither() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    older = shown(client, lesson)
    decide(client, lesson, title="Saved in the other window", recommendation_0_text="Meanwhile")

    typed = {"title": "Typed in this window", "recommendation_0_text": "Mine", "risks": []}
    answer = client.post(review_url(lesson), older | typed)

    page = words_of(answer)
    assert answer.status_code == 409
    assert "Saved in the other window" in page
    assert "Typed in this window" in page
    assert "{&#x27;" not in page, "no Python in sight"
    assert {label for label, _, _ in answer.context["conflicts"]} == {"Title", "Recommendations", "National Risks"}
    assert text_of(lesson).title == "Saved in the other window"
    again = as_sent(answer)
    assert client.post(review_url(lesson), again).status_code == 302
    assert text_of(lesson).title == "Typed in this window"


def test_a_stale_decision_is_not_made() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    older = shown(client, lesson)
    decide(client, lesson, title="Saved in the other window")

    answer = client.post(review_url(lesson), older | ticked() | {"decision": "publish"})

    assert answer.status_code == 409
    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW


@pytest.mark.parametrize("status", [Status.IN_REVIEW, Status.SUBMITTED, Status.PUBLISHED, Status.WITHDRAWN])
def test_text_typed_under_a_lost_claim_is_shown_again(status: Status) -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    typed = shown(client, lesson) | {"title": "Typed before the claim was lost"} | ticked()
    another = person(Role.SECRETARIAT)
    now = timezone.now()
    if status == Status.WITHDRAWN:
        move_lesson(lesson=lesson, move=Move.WITHDRAW, by=lesson.author, at=now, note="By mistake.")
    else:
        move_lesson(lesson=lesson, move=Move.GIVE_BACK, by=another, at=now)
    if status in {Status.IN_REVIEW, Status.PUBLISHED}:
        move_lesson(lesson=lesson, move=Move.CLAIM, by=another, at=now)
    if status == Status.PUBLISHED:
        move_lesson(lesson=lesson, move=Move.PUBLISH, by=another, at=now)

    answer = client.post(review_url(lesson), typed | {"decision": "publish"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Typed before the claim was lost" in page
    assert not Publication.objects.filter(title="Typed before the claim was lost").exists()
    lesson.refresh_from_db()
    assert lesson.status == status
    assert lesson.publications.working().count() == (status != Status.PUBLISHED)


def test_a_claim_that_lapsed_and_that_nobody_took_still_saves() -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)
    typed = shown(client, lesson) | {"title": "Typed over a long lunch"}
    later(lesson, timezone.now() - timedelta(hours=5))

    assert client.post(review_url(lesson), typed).status_code == 302
    assert text_of(lesson).title == "Typed over a long lunch"


# -- bad input -------------------------------------------------------------------------------------
BAD: list[tuple[dict[str, Any], str]] = [
    ({"title": "x" * 121}, "Title must be 120 characters or fewer"),
    ({"what_happened": "x" * 10_001}, "What happened must be 10000 characters or fewer"),
    ({"what_happened": "a\0b"}, "has a character that cannot be read"),
    ({"event_name": "x" * 151}, "must be 150 characters or fewer"),
    ({"handling": "x" * 501}, "must be 500 characters or fewer"),
    ({"recommendation_0_text": "a\0b"}, "has a character that cannot be read"),
    ({"recommendation_0_by_whom": "x" * 301}, "must be 300 characters or fewer"),
    ({"brag": "purple"}, "Select a BRAG rating from the list"),
    ({"marking": "secret"}, "Select a marking from the list"),
    ({"audience": "everybody"}, "Select who may read it from the list"),
    ({"attribution": ""}, "Select who is named"),
    ({"attribution": "person"}, "from the list"),
    ({"risks": ["no-such-risk"]}, "Select National Risks from the list"),
    ({"risks": ["a\0b"]}, "Select National Risks from the list"),
    ({"audience_areas": ["atlantis"]}, "from the list"),
    ({"checklist": ["everything"]}, "from the list"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("values", "message"), BAD)
@pytest.mark.parametrize("decision", ["save", "publish"])
def test_what_cannot_be_right_is_refused_in_plain_words(decision: str, values: dict[str, Any], message: str) -> None:
    lesson, moderator = in_review()
    lesson.refresh_from_db()
    before = lesson.row_version, text_of(lesson).wording()

    answer = decide(sign_in(moderator), lesson, decision, **values)

    assert answer.status_code == 422
    assert message in words_of(answer)
    lesson.refresh_from_db()
    assert (lesson.row_version, text_of(lesson).wording()) == before
    assert lesson.status == Status.IN_REVIEW


@pytest.mark.parametrize("sent", ["many", "", "-1", "99999999999999999999", "1.5", "a\0b"])
def test_a_forged_row_version_saves_nothing_and_can_be_mended_by_sending_again(sent: str) -> None:
    lesson, moderator = in_review()
    client = sign_in(moderator)

    answer = decide(client, lesson, title="Typed all the same", row_version=sent)

    assert answer.status_code == 409
    assert text_of(lesson).title == lesson.title
    again = as_sent(answer)
    assert client.post(review_url(lesson), again).status_code == 302
    assert text_of(lesson).title == "Typed all the same"


def test_half_a_character_is_refused() -> None:
    lesson, moderator = in_review()
    body = f"row_version={lesson.row_version}&title=Long+enough&why=before%ED%A0%80after".encode()

    answer = sign_in(moderator).post(review_url(lesson), body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 422
    assert "has a character that cannot be read" in words_of(answer)


@pytest.mark.parametrize("decision", ["", "claim", "suspend", "a\0b", "x" * 1000])
def test_a_button_that_does_not_exist_saves_and_decides_nothing(decision: str) -> None:
    lesson, moderator = in_review()

    assert decide(sign_in(moderator), lesson, decision).status_code == 302

    lesson.refresh_from_db()
    assert lesson.status == Status.IN_REVIEW


def test_scripts_in_a_text_are_shown_as_text() -> None:
    odd = 'Café \U0001f692 <script>alert(1)</script> {{ 7*7 }} "> =1+1'
    lesson, moderator = in_review(what_happened=odd, title="<b>Bold</b> enough")

    page = sign_in(moderator).get(review_url(lesson)).content.decode()

    assert "<script>alert" not in page
    assert "<b>Bold" not in page


def test_a_forged_token_is_refused() -> None:
    lesson, moderator = in_review()
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator)

    answer = client.post(review_url(lesson), {"title": "Forged title", "csrfmiddlewaretoken": "x" * 64})

    assert answer.status_code == 403
    assert text_of(lesson).title == lesson.title


# -- others ----------------------------------------------------------------------------------------
PAGES = ["review", "claim"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("outsider", 404),
        ("moderator_elsewhere", 404),
        ("board", 404),
        ("reader_of_owner", 404),
        ("author", 403),
        ("spoc", 403),
        ("auditor", 403),
    ],
)
def test_others_get_no_page_of_moderators(page: str, part: str, status: int) -> None:
    lesson, _ = in_review()
    people: dict[str, User] = {
        "outsider": person(),
        "moderator_elsewhere": person(Role.LRF_MODERATOR),
        "board": person(Role.BOARD_MEMBER),
        "reader_of_owner": person(Role.READER, lesson.organisation),
        "author": lesson.author,
        "spoc": person(Role.JOL_SPOC, lesson.organisation),
        "auditor": person(Role.AUDITOR),
    }
    client = sign_in(people[part])

    assert client.post(reverse(page, args=[lesson.pk]), {"decision": "publish"}).status_code == status
    if page == "review":
        assert client.get(reverse(page, args=[lesson.pk])).status_code == status


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR, Role.JOL_SPOC, Role.BOARD_MEMBER, Role.AUDITOR])
def test_who_moderates_nothing_has_no_queue(role: Role) -> None:
    client = sign_in(person(role))

    assert client.get(reverse("queue")).status_code == 403
    assert client.post(reverse("take_next")).status_code == 403


def test_a_stranger_is_asked_to_sign_in() -> None:
    lesson, _ = in_review()

    for url in (reverse("queue"), review_url(lesson)):
        assert Client().get(url).url.startswith(reverse("account_login"))


def test_a_national_lesson_is_seen_by_the_moderator_of_its_area_who_cannot_claim_it() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(area=area, status=Status.SUBMITTED, tier=Tier.NATIONAL)
    client = sign_in(person(Role.LRF_MODERATOR, area=area))

    page = client.get(review_url(lesson))

    assert page.status_code == 200
    assert "decided by the JOL Secretariat" in words_of(page)
    assert "Claim it" not in page.content.decode()
    assert client.post(reverse("claim", args=[lesson.pk])).status_code == 409


# -- suspending ------------------------------------------------------------------------------------
def suspend_url(lesson: Lesson) -> str:
    return reverse("suspend", args=[lesson.reference])


def test_suspending_asks_why_and_takes_the_publication_away() -> None:
    area = ResilienceAreaFactory()
    lesson = LessonFactory(area=area, status=Status.PUBLISHED)
    client = sign_in(person(Role.LRF_MODERATOR, area=area))

    assert client.get(suspend_url(lesson)).status_code == 200
    refused = client.post(suspend_url(lesson), {"note": " "})
    done = client.post(suspend_url(lesson), {"note": "A name slipped through."})

    assert refused.status_code == 422
    assert "Enter why it must not be used" in refused.content.decode()
    assert (done.status_code, done.url) == (302, lesson.get_absolute_url())
    assert client.get(reverse("lesson", args=[lesson.reference])).status_code == 410
    assert client.get(suspend_url(lesson)).status_code == 410


@pytest.mark.parametrize("note", ["a\0b", "x" * 10_001])
def test_a_bad_reason_suspends_nothing(note: str) -> None:
    lesson = LessonFactory(status=Status.PUBLISHED)

    answer = sign_in(person(Role.SECRETARIAT)).post(suspend_url(lesson), {"note": note})

    assert answer.status_code == 422
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED


def test_who_may_read_but_not_suspend_is_refused_and_others_find_nothing() -> None:
    lesson = LessonFactory(status=Status.PUBLISHED, audience="own_area", publication={"audience": "own_area"})
    reader = person(Role.READER, OrganisationFactory(areas=[lesson.area]))

    assert sign_in(reader).get(suspend_url(lesson)).status_code == 403
    assert sign_in(reader).post(suspend_url(lesson), {"note": "Why not."}).status_code == 403
    assert sign_in(person()).get(suspend_url(lesson)).status_code == 404
    assert sign_in(person(Role.AUDITOR)).get(suspend_url(lesson)).status_code == 200
    assert sign_in(person(Role.JOL_LEAD, lesson.organisation)).get(suspend_url(lesson)).status_code == 200


# -- the work of the page ------------------------------------------------------------------------------
def test_the_review_page_takes_as_many_queries_for_a_long_lesson_as_for_a_short_one() -> None:
    short, moderator = in_review()
    risks = [NationalRiskFactory() for _ in range(30)]
    long, _ = in_review(
        moderator,
        area=short.area,
        risks=risks,
        recommendations=[{"text": f"Do {n}", "by_whom": "All"} for n in range(19)],
    )
    client = sign_in(moderator)

    counts = []
    for lesson in (short, long):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(review_url(lesson)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 24
