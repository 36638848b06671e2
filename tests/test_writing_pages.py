"""The pages of those who write: a draft step by step, checked, submitted and sent back."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.roles import Role
from lessons.actions.comments import add_comment
from lessons.actions.moves import move_lesson
from lessons.actions.sharing import share_lesson
from lessons.actions.writing import save_lesson
from lessons.models import Event, Lesson, LessonMove, Move, Status, Theme
from tests.factories import (
    CapabilityFactory,
    EventFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)

pytestmark = pytest.mark.django_db

STEPS = ["event", "what-happened", "learning", "about", "sharing"]


@pytest.fixture
def contributor() -> User:
    """Somebody who writes for an organisation of one area, which has a moderator."""
    area = ResilienceAreaFactory(code="cumbria")
    person(Role.LRF_MODERATOR, area=area)
    return person(Role.CONTRIBUTOR, area=area)


@pytest.fixture
def tags() -> None:
    NationalRiskFactory(code="surface-water-flooding")
    ThemeFactory(code="communicate")
    ThemeFactory(code="mutual-aid", group="support")
    CapabilityFactory(code="flooding")


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step_url(lesson: Lesson, step: str) -> str:
    return reverse("submit_step", args=[lesson.pk, step])


def shown(client: Client, lesson: Lesson, step: str) -> dict[str, Any]:
    """Return what a browser would send back from the step as it is shown."""
    form = client.get(step_url(lesson, step)).context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if isinstance(value, dict):
            sent |= {f"{field.html_name}-{part}": text for part, text in value.items()}
        elif value is not None and value is not False:
            sent[field.html_name] = value
    return sent


def save(client: Client, lesson: Lesson, step: str, **values: Any) -> Any:
    return client.post(step_url(lesson, step), shown(client, lesson, step) | values)


ANSWERS: dict[str, dict[str, Any]] = {
    "event": {
        "event_name": "Exercise Rising Tide",
        "event_kind": "exercise",
        "event_date-month": "January",
        "event_date-year": "2026",
    },
    "what-happened": {"what_happened": "Two control rooms worked from different lists of rest centres."},
    "learning": {
        "statement": "Keep one list of rest centres for all services.",
        "what_1": "Keep one list",
        "by_whom_1": "Local resilience forum",
    },
    "about": {"risks": ["surface-water-flooding"], "principles": ["communicate"], "brag": "green"},
    "sharing": {"marking": "official", "audience": "all_responders"},
}


def fill_in(client: Client, lesson: Lesson, **changes: dict[str, Any]) -> None:
    for step in STEPS:
        answer = save(client, lesson, step, **(ANSWERS[step] | changes.get(step.replace("-", "_"), {})))
        assert answer.status_code == 302, answer.context["form"].errors


def begin(client: Client, **values: Any) -> Lesson:
    title = "One list of rest centres for all services"
    answer = client.post(reverse("submit"), {"kind": "lesson_identified", "title": title} | values)
    assert answer.status_code == 302, answer.context["form"].errors
    return Lesson.objects.order_by("-pk")[0]


# -- the journey -----------------------------------------------------------------------------------
@pytest.mark.usefixtures("tags")
def test_a_lesson_goes_from_a_title_to_a_reference(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)

    fill_in(client, lesson)
    check = client.get(reverse("submit_check", args=[lesson.pk]))
    answer = client.post(reverse("submit_check", args=[lesson.pk]), follow=True)

    lesson.refresh_from_db()
    assert "Check your answers" in check.content.decode()
    assert check.context["missing"] == []
    assert lesson.status == Status.SUBMITTED
    assert str(lesson.reference) in answer.content.decode()
    assert lesson.due_on.strftime("%-d %B %Y") in answer.content.decode()
    assert (lesson.event.name, lesson.event.when) == ("Exercise Rising Tide", "January 2026")
    assert lesson.area.code == "cumbria"
    assert lesson.recommendations == [{"text": "Keep one list", "by_whom": "Local resilience forum"}]


@pytest.mark.usefixtures("tags")
def test_notable_practice_is_asked_for_in_its_own_words(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client, kind="notable_practice")

    learning = client.get(step_url(lesson, "learning")).content.decode()
    fill_in(client, lesson, learning={"benefit": "Rest centres opened an hour earlier", "what_1": "", "by_whom_1": ""})
    client.post(reverse("submit_check", args=[lesson.pk]))

    lesson.refresh_from_db()
    assert "What was the benefit?" in learning
    assert "If there is nothing to recommend" not in learning
    assert "What was done" in client.get(reverse("lesson_record", args=[lesson.pk])).content.decode()
    assert lesson.reference.startswith("NP-")


def test_a_draft_needs_a_title_only(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)

    answers = [save(client, lesson, step) for step in STEPS]

    assert [answer.status_code for answer in answers] == [302] * 5
    lesson.refresh_from_db()
    assert lesson.status == Status.DRAFT


def test_without_a_title_no_draft_and_no_event_is_stored(contributor: User) -> None:
    answer = sign_in(contributor).post(reverse("submit"), {"kind": "lesson_identified", "title": " "})

    assert answer.status_code == 422
    assert "Enter a title" in answer.content.decode()
    assert not Lesson.objects.exists()
    assert not Event.objects.exists()


def test_what_is_missing_is_listed_with_links_to_the_fields(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)

    page = client.get(reverse("submit_check", args=[lesson.pk]))
    answer = client.post(reverse("submit_check", args=[lesson.pk]))

    lesson.refresh_from_db()
    urls = [one.url for one in page.context["missing"]]
    assert urls[0] == f"{step_url(lesson, 'event')}?back=check#id_event_name"
    assert f"{step_url(lesson, 'about')}?back=check#id_risks-group" in urls
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert lesson.status == Status.DRAFT


@pytest.mark.usefixtures("tags")
def test_every_link_to_what_is_missing_leads_to_an_input_that_is_there(contributor: User) -> None:
    client = sign_in(contributor)
    for kind in ("lesson_identified", "notable_practice"):
        lesson = begin(client, kind=kind)

        missing = client.get(reverse("submit_check", args=[lesson.pk])).context["missing"]

        assert len(missing) > 8
        for one in missing:
            address, target = one.url.split("#")
            assert f'id="{target}"' in client.get(address).content.decode(), one


def test_change_links_lead_back_to_the_check(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)
    url = f"{step_url(lesson, 'what-happened')}?back=check"

    answer = client.post(url, shown(client, lesson, "what-happened"))

    assert answer.url == reverse("submit_check", args=[lesson.pk])


def test_save_and_come_back_later_saves(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)

    answer = save(client, lesson, "what-happened", what_happened="Half a sent", then="later")

    lesson.refresh_from_db()
    assert answer.url == reverse("lesson_record", args=[lesson.pk])
    assert lesson.what_happened == "Half a sent"


def test_open_drafts_are_offered_to_carry_on_with(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client, title="Half of a lesson about rest centres")

    page = client.get(reverse("submit")).content.decode()

    assert "Half of a lesson about rest centres" in page
    assert reverse("submit_check", args=[lesson.pk]) in page


def test_a_second_lesson_shares_the_event(contributor: User) -> None:
    client = sign_in(contributor)
    event: Event = EventFactory(organisation=contributor.active_memberships[0].organisation)

    page = client.get(reverse("submit"), {"event": event.pk})
    lesson = begin(client, event=event.pk)

    assert f'<option value="{event.pk}" selected>' in page.content.decode()
    assert lesson.event == event
    assert Event.objects.count() == 1


@pytest.mark.parametrize("step", STEPS)
def test_the_enter_key_saves_and_goes_on(contributor: User, step: str) -> None:
    client = sign_in(contributor)

    page = client.get(step_url(begin(client), step)).content.decode().split("<main", 1)[1]

    first = re.search(r'<(?:button|input)[^>]*type="submit"[^>]*>', page)
    assert first
    assert "name=" not in first[0]


# -- recommendations, tags, sharing ----------------------------------------------------------------
def test_another_recommendation_is_a_row_more_and_nothing_is_lost(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)

    answer = save(client, lesson, "learning", what_1="First", by_whom_1="All", what_3="Third", then="add")

    lesson.refresh_from_db()
    assert [one["text"] for one in lesson.recommendations] == ["First", "Third"]
    page = client.get(answer.url.split("#")[0]).context["form"]
    assert len(page.pairs()) == 4
    assert answer.url.endswith("#id_what_4")


def test_an_organisation_that_was_added_is_shown_where_the_next_is_added(contributor: User) -> None:
    client = sign_in(contributor)
    lesson = begin(client)
    partner = OrganisationFactory(code="fire-service", name="A fire service")
    sent = shown(client, lesson, "event") | {"add_organisation": partner.code, "then": "organisation"}

    answer = client.post(f"{step_url(lesson, 'event')}?back=check", sent)
    page = client.get(answer.url).content.decode()

    assert answer.url == f"{step_url(lesson, 'event')}?more=open&back=check#more"
    assert 'id="more" open' in page
    assert 'value="fire-service" checked' in page


def test_more_recommendations_than_a_form_has_are_kept(contributor: User) -> None:
    many = [{"text": f"Change {n}", "by_whom": "All"} for n in range(25)]
    lesson: Lesson = LessonFactory(author=contributor, recommendations=many)
    client = sign_in(contributor)

    save(client, lesson, "learning", statement="Another sentence")

    lesson.refresh_from_db()
    assert lesson.recommendations == many


@pytest.mark.usefixtures("tags")
def test_a_risk_to_life_is_rated_red(contributor: User) -> None:
    lesson = LessonFactory(author=contributor, brag="green")

    save(sign_in(contributor), lesson, "about", risk_to_life="on")

    lesson.refresh_from_db()
    assert lesson.brag == "red"


@pytest.mark.usefixtures("tags")
def test_tags_are_replaced_by_what_is_ticked(contributor: User) -> None:
    lesson = LessonFactory(author=contributor, risks=[], themes=[])

    save(
        sign_in(contributor),
        lesson,
        "about",
        risks=["surface-water-flooding"],
        principles=["communicate"],
        topics=["mutual-aid"],
        capabilities=["flooding"],
    )

    assert [risk.code for risk in lesson.risks.all()] == ["surface-water-flooding"]
    assert sorted(theme.code for theme in lesson.themes.all()) == ["communicate", "mutual-aid"]
    assert [capability.code for capability in lesson.capabilities.all()] == ["flooding"]


def test_a_risk_of_an_older_edition_is_offered_once_and_stays(contributor: User) -> None:
    old = NationalRiskFactory(code="storms", edition="2023")
    new = NationalRiskFactory(code="storms", edition="2025")
    lesson = LessonFactory(author=contributor, risks=[old])
    client = sign_in(contributor)

    page = client.get(step_url(lesson, "about")).content.decode()
    save(client, lesson, "about")

    assert page.count('value="storms" checked') == 1
    assert list(lesson.risks.all()) == [new]


def test_areas_and_sectors_of_the_audience_are_stored(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    ResilienceAreaFactory(code="lancashire")
    client = sign_in(contributor)

    save(client, lesson, "sharing", audience="areas", audience_areas=["cumbria", "lancashire"])

    lesson.refresh_from_db()
    assert (lesson.audience, lesson.audience_areas) == ("areas", ["cumbria", "lancashire"])


# -- the event -------------------------------------------------------------------------------------
def test_the_event_is_changed_with_its_areas_and_organisations(contributor: User) -> None:
    lesson = begin(sign_in(contributor))
    partner = OrganisationFactory(code="fire-service")
    own = lesson.organisation
    values = ANSWERS["event"] | {
        "event_date-day": "3",
        "event_ended-day": "4",
        "event_ended-month": "1",
        "event_ended-year": "2026",
        "event_areas": ["cumbria"],
        "event_organisations": [own.code],
        "add_organisation": partner.code,
        "legal_contexts": ["inquest"],
        "major_incident": "yes",
        "scale": "regional",
    }

    answer = save(sign_in(contributor), lesson, "event", **values)

    event = Event.objects.get(pk=lesson.event_id)
    assert answer.status_code == 302
    assert (event.started_on, event.ended_on, event.precision) == (date(2026, 1, 3), date(2026, 1, 4), "day")
    assert set(event.organisations.all()) == {own, partner}
    assert (event.legal_contexts, event.major_incident, event.scale) == (["inquest"], True, "regional")


def test_an_event_of_a_submitted_lesson_stays_and_the_area_can_still_change(contributor: User) -> None:
    first = LessonFactory(author=contributor, status=Status.SUBMITTED)
    lesson = LessonFactory(author=contributor, event=first.event)
    other = ResilienceAreaFactory(code="lancashire")
    client = sign_in(contributor)

    page = client.get(step_url(lesson, "event")).content.decode()
    answer = save(client, lesson, "event", area="lancashire", event_name="Renamed")

    lesson.refresh_from_db()
    assert "cannot be changed here" in page
    assert answer.status_code == 302
    assert lesson.area == other
    assert lesson.event.name == first.event.name


# -- bad input -------------------------------------------------------------------------------------
TOMORROW = timezone.localdate() + timedelta(days=1)
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("what-happened", {"title": "x" * 121}, "Title must be 120 characters or fewer"),
    ("what-happened", {"title": ""}, "Enter a title"),
    ("what-happened", {"what_happened": "x" * 10_001}, "What happened must be 10000 characters or fewer"),
    ("what-happened", {"what_happened": "a\0b"}, "has a character that cannot be read"),
    ("what-happened", {"row_version": "many"}, "whole number"),
    ("learning", {"what_2": "x" * 2001}, "must be 2000 characters or fewer"),
    ("about", {"risks": ["no-such-risk"]}, "Select a National Risk from the list"),
    ("about", {"risks": ["a\0b"]}, "Select a National Risk from the list"),
    ("about", {"principles": ["mutual-aid"]}, "Select a JESIP principle from the list"),
    ("about", {"brag": "purple"}, "Select a BRAG rating from the list"),
    ("about", {"risks": ["surface-water-flooding"], "not_a_national_risk": "on"}, "Untick this"),
    ("sharing", {"marking": "secret"}, "Select a marking from the list"),
    ("sharing", {"audience": "everybody"}, "Select who may read it from the list"),
    ("sharing", {"audience_areas": ["atlantis"]}, "Select"),
    ("sharing", {"attribution": ""}, "Select who may be named"),
    ("sharing", {"contact": "not an address"}, "Enter an email address in the correct format"),
    ("event", {"area": "atlantis"}, "Select a resilience area from the list"),
    ("event", {"event_kind": "party"}, "Select what kind of event it was from the list"),
    ("event", {"event_name": "x" * 151}, "must be 150 characters or fewer"),
    ("event", {"event_date-day": "31", "event_date-month": "2", "event_date-year": "2025"}, "must be a real date"),
    ("event", {"event_date-day": "1", "event_date-month": "", "event_date-year": "2025"}, "must include a month"),
    ("event", {"event_date-day": "1", "event_date-month": "1", "event_date-year": "9999"}, "Year must be between"),
    (
        "event",
        {
            "event_date-day": str(TOMORROW.day),
            "event_date-month": str(TOMORROW.month),
            "event_date-year": str(TOMORROW.year),
        },
        "must be today or in the past",
    ),
    (
        "event",
        {"event_date-year": "2025", "event_date-month": "3", "event_date-day": "2"}
        | {"event_ended-year": "2025", "event_ended-month": "3", "event_ended-day": "1"},
        "must be the same as or after",
    ),
    (
        "event",
        {"event_date-year": "2025", "event_date-month": "3", "event_date-day": "2"}
        | {"event_ended-year": "2025", "event_ended-month": "", "event_ended-day": ""},
        "Enter the end to the day",
    ),
    ("event", {"event_organisations": ["no-such-body"]}, "Select"),
    ("event", {"add_organisation": "no-such-body"}, "Select"),
]


@pytest.mark.usefixtures("tags")
@pytest.mark.parametrize(("step", "values", "message"), BAD)
def test_what_cannot_be_right_is_refused_in_plain_words(
    contributor: User, step: str, values: dict[str, Any], message: str
) -> None:
    client = sign_in(contributor)
    lesson = begin(client)
    sent = shown(client, lesson, step) | values

    answer = client.post(step_url(lesson, step), sent)

    page = answer.content.decode()
    assert answer.status_code == 422, page
    assert message in page
    assert page.count('<ul class="govuk-list govuk-error-summary__list">') == 1
    assert len([problem for problem in answer.context["form"].errors.values() for _ in problem]) == 1
    after = Lesson.objects.get(pk=lesson.pk)
    assert (after.row_version, after.title, after.event.name) == (lesson.row_version, lesson.title, "")


def test_half_a_character_is_refused(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    body = b"row_version=0&title=Long+enough+a+title&what_happened=before%ED%A0%80after"

    answer = sign_in(contributor).post(
        step_url(lesson, "what-happened"), body, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 422
    assert "has a character that cannot be read" in answer.content.decode()


def test_odd_but_readable_text_is_stored_as_it_is(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    odd = "Café \U0001f692 \u202eabc\u200b <script>alert(1)</script> {{ 7*7 }} =1+1"

    save(sign_in(contributor), lesson, "what-happened", what_happened=odd)

    lesson.refresh_from_db()
    assert lesson.what_happened == odd
    record = sign_in(contributor).get(reverse("lesson_record", args=[lesson.pk])).content.decode()
    assert "<script>alert" not in record


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "rumour"},
        {"organisation": "somebody-else"},
        {"event": "999999999999999999999"},
        {"event": "a\0b"},
        {"title": "x" * 121},
        {"title": "a\0b"},
    ],
)
def test_a_wrong_start_stores_nothing(values: dict[str, str]) -> None:
    contributor = person(Role.CONTRIBUTOR)
    OrganisationFactory(code="somebody-else")
    EventFactory(organisation=contributor.active_memberships[0].organisation)
    second = OrganisationFactory()
    contributor.memberships.create(organisation=second, role=Role.CONTRIBUTOR, starts_on=date(2020, 1, 1))
    sent = {"kind": "lesson_identified", "title": "Long enough a title", "organisation": second.code} | values

    answer = sign_in(contributor).post(reverse("submit"), sent)

    assert answer.status_code == 422
    assert not Lesson.objects.exists()
    assert Event.objects.count() == 1


def test_the_event_of_another_organisation_is_not_offered(contributor: User) -> None:
    own: Event = EventFactory(organisation=contributor.active_memberships[0].organisation)
    other = EventFactory(name="Somebody else's exercise")
    client = sign_in(contributor)

    page = client.get(reverse("submit")).content.decode()
    answer = client.post(
        reverse("submit"), {"kind": "lesson_identified", "title": "Long enough a title", "event": other.pk}
    )

    assert own.name in page
    assert "Somebody else" not in page
    assert answer.status_code == 422


def test_the_secretariat_writes_for_any_organisation() -> None:
    secretariat = person(Role.SECRETARIAT)
    fire: Organisation = OrganisationFactory(code="fire-service")

    lesson = begin(sign_in(secretariat), organisation="fire-service")

    assert lesson.organisation == fire
    assert sign_in(secretariat).get(step_url(lesson, "event")).status_code == 200


# -- two at once -----------------------------------------------------------------------------------
def test_a_stale_save_shows_both_texts_and_loses_neither(contributor: User) -> None:
    lesson = LessonFactory(author=contributor, what_happened="As it was")
    client = sign_in(contributor)
    mine = shown(client, lesson, "what-happened") | {"what_happened": "What I typed"}
    lead = person(Role.JOL_SPOC, lesson.organisation)
    save_lesson(lesson=lesson, by=lead, at=timezone.now(), row_version=0, what_happened="What the lead typed")

    answer = client.post(step_url(lesson, "what-happened"), mine)

    page = answer.content.decode()
    lesson.refresh_from_db()
    assert answer.status_code == 409
    assert "What the lead typed" in page
    assert page.count("What I typed") == 2  # compared, and in the form
    assert lesson.what_happened == "What the lead typed"

    again = mine | {"row_version": answer.context["form"].data["row_version"]}
    assert client.post(step_url(lesson, "what-happened"), again).status_code == 302
    lesson.refresh_from_db()
    assert lesson.what_happened == "What I typed"


def test_a_stale_save_of_the_same_text_is_no_conflict(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    client = sign_in(contributor)
    mine = shown(client, lesson, "what-happened") | {"what_happened": "The same"}
    client.post(step_url(lesson, "what-happened"), mine)

    answer = client.post(step_url(lesson, "what-happened"), mine)

    assert answer.status_code == 302


@pytest.mark.usefixtures("tags")
@pytest.mark.parametrize("step", STEPS)
def test_every_step_refuses_a_stale_save(contributor: User, step: str) -> None:
    client = sign_in(contributor)
    lesson = begin(client)
    mine = shown(client, lesson, step)
    save(client, lesson, step, **ANSWERS[step])

    answer = client.post(step_url(lesson, step), mine | {"row_version": "0"})

    assert answer.status_code == 409
    assert answer.context["stale"]


def test_an_event_saved_through_another_lesson_is_not_overwritten(contributor: User) -> None:
    first = LessonFactory(author=contributor)
    second = LessonFactory(author=contributor, event=first.event)
    client = sign_in(contributor)
    mine = shown(client, second, "event") | {"event_name": "My name for it"}
    save(client, first, "event", event_name="Their name for it")

    answer = client.post(step_url(second, "event"), mine)

    assert answer.status_code == 409
    assert "Their name for it" in answer.content.decode()
    assert Event.objects.get(pk=first.event_id).name == "Their name for it"
    again = mine | {name: answer.context["form"].data[name] for name in ("row_version", "event_version")}
    assert client.post(step_url(second, "event"), again).status_code == 302
    assert Event.objects.get(pk=first.event_id).name == "My name for it"


def test_text_typed_while_it_was_submitted_is_shown_again(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    client = sign_in(contributor)
    mine = shown(client, lesson, "what-happened") | {"what_happened": "Typed too late"}
    move_lesson(lesson=lesson, move=Move.SUBMIT, by=contributor, at=timezone.now())

    answer = client.post(step_url(lesson, "what-happened"), mine)

    assert answer.status_code == 409
    assert "Typed too late" in answer.content.decode()
    assert "not open to changes now" in answer.content.decode()


# -- sent back -------------------------------------------------------------------------------------
def test_what_was_asked_stands_above_each_step_and_the_lesson_goes_back(contributor: User) -> None:
    area = contributor.active_memberships[0].organisation.areas.get()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lesson = LessonFactory(
        author=contributor, area=area, status=Status.IN_REVIEW, claimed_by=moderator, at=timezone.now()
    )
    move_lesson(
        lesson=lesson,
        move=Move.ASK_FOR_CHANGES,
        by=moderator,
        at=timezone.now(),
        note="Say who should keep the list.",
        fields=["recommendations"],
    )
    client = sign_in(contributor)

    for step in STEPS:
        page = client.get(step_url(lesson, step)).content.decode()
        assert "Say who should keep the list." in page
        assert f"{step_url(lesson, 'learning')}?back=check#id_what_1" in page
    save(client, lesson, "learning", by_whom_1="The local resilience forum")
    answer = client.post(reverse("submit_check", args=[lesson.pk]), follow=True)

    lesson.refresh_from_db()
    assert "sent back" in answer.content.decode()
    assert (lesson.status, lesson.claimed_by) == (Status.IN_REVIEW, moderator)
    assert LessonMove.objects.filter(lesson=lesson, move=Move.RESUBMIT).count() == 1


def test_what_a_moderator_said_of_a_field_stands_above_it(contributor: User) -> None:
    area = contributor.active_memberships[0].organisation.areas.get()
    moderator = person(Role.LRF_MODERATOR, area=area)
    lesson = LessonFactory(
        author=contributor, area=area, status=Status.IN_REVIEW, claimed_by=moderator, at=timezone.now()
    )
    for field, words in (("statement", "Whose list?"), ("recommendations", "Name a <group>.")):
        add_comment(lesson=lesson, field=field, text=words, by=moderator, at=timezone.now())
    client = sign_in(contributor)
    ask = {"lesson": lesson, "move": Move.ASK_FOR_CHANGES, "by": moderator, "note": "Please see the comments."}
    move_lesson(at=timezone.now(), fields=["statement"], **ask)

    learning = client.get(step_url(lesson, "learning")).text
    check = client.get(reverse("submit_check", args=[lesson.pk])).text
    record = client.get(reverse("lesson_record", args=[lesson.pk])).text
    read_only = sign_in(moderator).get(reverse("lesson_record", args=[lesson.pk])).text
    sharing = client.get(step_url(lesson, "sharing")).text
    refused = save(client, lesson, "learning", statement="x" * 2001).text

    for page in (learning, refused):
        assert re.search(r'id="id_statement-notes"[^>]*><strong>To change:</strong><p>Whose list\?</p>', page)
        assert re.search(r'id="id_what_1-notes"[^>]*><strong>To change:</strong><p>Name a &lt;group&gt;.</p>', page)
        assert re.search(r'<textarea name="statement"[^>]*aria-describedby="[^"]*id_statement-notes', page)
    for page in (check, record, read_only):
        assert "<p>Whose list?</p>" in page
    assert (f"{step_url(lesson, 'learning')}?" in record, f"{step_url(lesson, 'learning')}?" in read_only) == (
        True,
        False,
    )
    assert "Name a &lt;group&gt;." in sharing
    assert "-notes" not in sharing

    client.post(reverse("submit_check", args=[lesson.pk]))
    assert Lesson.objects.get(pk=lesson.pk).status == Status.IN_REVIEW
    move_lesson(at=timezone.now(), **ask)
    assert "Whose list?" not in client.get(step_url(lesson, "learning")).text


def test_submitting_twice_is_refused_with_words(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    client = sign_in(contributor)
    client.post(reverse("submit_check", args=[lesson.pk]))

    answer = client.post(reverse("submit_check", args=[lesson.pk]))

    assert answer.status_code == 409
    assert LessonMove.objects.filter(lesson=lesson, move=Move.SUBMIT).count() == 1


def test_an_organisation_that_wants_sign_off_gets_the_lesson_first(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    lesson.organisation.wants_sign_off = True
    lesson.organisation.save()
    client = sign_in(contributor)

    check = client.get(reverse("submit_check", args=[lesson.pk])).content.decode()
    answer = client.post(reverse("submit_check", args=[lesson.pk]), follow=True)

    lesson.refresh_from_db()
    assert "signs it off first" in check
    assert lesson.status == Status.AWAITING_SIGN_OFF
    assert "signs it off" in answer.content.decode()


# -- who may ---------------------------------------------------------------------------------------
def test_a_draft_of_somebody_else_is_not_found(contributor: User) -> None:
    lesson = LessonFactory()
    client = sign_in(contributor)

    for url in (*(step_url(lesson, step) for step in STEPS), reverse("submit_check", args=[lesson.pk])):
        assert client.get(url).status_code == 404
        assert client.post(url, {}).status_code == 404


@pytest.mark.parametrize("role", [Role.READER, Role.ANALYST, Role.AUDITOR, Role.ORGANISATION_ADMIN])
def test_who_does_not_write_cannot_begin(role: Role) -> None:
    client = sign_in(person(role))

    assert client.get(reverse("submit")).status_code == 403
    assert client.post(reverse("submit"), {}).status_code == 403


def test_a_strategic_lead_may_check_and_submit_but_not_write() -> None:
    lesson = LessonFactory()
    client = sign_in(person(Role.STRATEGIC_LEAD, lesson.organisation))

    assert client.get(step_url(lesson, "learning")).status_code == 403
    check = client.get(reverse("submit_check", args=[lesson.pk]))
    assert "Change<" not in check.content.decode()
    assert client.post(reverse("submit_check", args=[lesson.pk])).status_code == 302


def test_a_partner_who_was_let_in_writes_but_does_not_submit() -> None:
    lesson = LessonFactory()
    partner = person(Role.CONTRIBUTOR)
    organisation = partner.active_memberships[0].organisation
    share_lesson(lesson=lesson, organisation=organisation, may_write=True, by=lesson.author, at=timezone.now())
    client = sign_in(partner)

    saved = save(client, lesson, "what-happened", what_happened="Seen from the other service")
    check = client.get(reverse("submit_check", args=[lesson.pk]))

    assert saved.status_code == 302
    assert "submits this lesson" in check.content.decode()
    assert client.post(reverse("submit_check", args=[lesson.pk])).status_code == 403


def test_a_partner_who_may_only_read_cannot_write() -> None:
    lesson = LessonFactory()
    partner = person(Role.CONTRIBUTOR)
    organisation = partner.active_memberships[0].organisation
    share_lesson(lesson=lesson, organisation=organisation, may_write=False, by=lesson.author, at=timezone.now())
    client = sign_in(partner)

    assert client.get(step_url(lesson, "event")).status_code == 403
    assert client.get(reverse("submit_check", args=[lesson.pk])).status_code == 403


def test_steps_of_a_submitted_lesson_lead_to_its_record(contributor: User) -> None:
    lesson = LessonFactory(author=contributor, status=Status.SUBMITTED)

    answer = sign_in(contributor).get(step_url(lesson, "event"))

    assert answer.url == reverse("lesson_record", args=[lesson.pk])


@pytest.mark.parametrize(
    "address", ["/submit/99999999999999999999999/event/", "/submit/1/no-such-step/", "/submit/0/check/"]
)
def test_addresses_that_lead_nowhere_are_not_found(contributor: User, address: str) -> None:
    assert sign_in(contributor).get(address).status_code == 404


def test_a_forged_token_is_refused(contributor: User) -> None:
    lesson = LessonFactory(author=contributor)
    client = Client(enforce_csrf_checks=True)
    client.force_login(contributor)

    answer = client.post(step_url(lesson, "event"), {"csrfmiddlewaretoken": "x" * 64})

    assert answer.status_code == 403


def test_principles_are_in_the_order_of_the_doctrine(contributor: User) -> None:
    for code in ("co-locate", "communicate", "co-ordinate"):
        ThemeFactory(code=code, group=Theme.PRINCIPLE)
    lesson = LessonFactory(author=contributor, themes=[])

    form = sign_in(contributor).get(step_url(lesson, "about")).context["form"]

    assert [code for code, _ in form.fields["principles"].choices] == ["co-locate", "communicate", "co-ordinate"]
