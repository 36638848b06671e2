"""Objects for tests.  Every argument has a valid default; a test names only what it is about.

Rows are written as the workflow would have left them, without running it: no signal, no mail.
Times are `NOON` unless `at` says otherwise; a page compares a claim with the clock, so its test passes `at`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Membership, Organisation, ResilienceArea, ResponderType, Sponsorship, User
from accounts.roles import Role
from lessons import publishing
from lessons.checklist import all_ticked
from lessons.models import (
    Capability,
    Event,
    Lesson,
    LessonMove,
    Marking,
    Move,
    NationalRisk,
    Publication,
    Status,
    Theme,
    Tier,
)
from lessons.models.wording import REFERENCE_PREFIX, WORDING_FIELDS
from lessons.readiness import Tags
from notifications.actions import as_query
from notifications.backend import content_from
from notifications.models import Announcement, Delivery, Priority, Subscription

#: A Monday without a bank holiday near it, winter time.
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
PASSWORD = "seven quiet otters swim"
UNSET: Any = object()
#: Everything in these states was submitted.
SUBMITTED_ONCE = set(Status) - {Status.DRAFT}
HAS_PUBLICATION = {Status.PUBLISHED, Status.SUSPENDED, Status.ARCHIVED, Status.MERGED}


# -- accounts ------------------------------------------------------------------------------------
class ResilienceAreaFactory(DjangoModelFactory):
    class Meta:
        model = ResilienceArea
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"area-{n}")
    name = factory.LazyAttribute(lambda area: area.code.replace("-", " ").capitalize())
    kind = "LRF"
    nation = "England"
    region = "North West"
    tile_row = factory.Sequence(lambda n: 100 + n // 100)
    tile_col = factory.Sequence(lambda n: n % 100)


class ResponderTypeFactory(DjangoModelFactory):
    class Meta:
        model = ResponderType
        django_get_or_create = ("code",)

    code = "fire-and-rescue-service"
    name = factory.LazyAttribute(lambda kind: kind.code.replace("-", " ").capitalize())
    category = "1"
    audience_category = factory.SelfAttribute("category")
    sector = "fire"


class OrganisationFactory(DjangoModelFactory):
    """An organisation of one area; `areas=[]` for none."""

    class Meta:
        model = Organisation
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"organisation-{n}")
    name = factory.LazyAttribute(lambda organisation: organisation.code.replace("-", " ").capitalize())
    type = factory.SubFactory(ResponderTypeFactory)
    nation = "England"

    @factory.post_generation
    def areas(self: Organisation, create: bool, given: Any) -> None:
        self.areas.set([ResilienceAreaFactory()] if given is None else given)


class SponsorshipFactory(DjangoModelFactory):
    """In force for a year around the real today: the database asks its own clock."""

    class Meta:
        model = Sponsorship

    organisation = factory.SubFactory(
        OrganisationFactory,
        type=factory.SubFactory(
            ResponderTypeFactory, code="voluntary-organisation", category="sponsored", sector="voluntary"
        ),
    )
    sponsor = factory.SubFactory(OrganisationFactory)
    reason = "Takes part in exercises of the area"
    starts_on = factory.LazyFunction(lambda: date.today() - timedelta(days=100))  # noqa: DTZ011 - a day, not a time
    ends_on = factory.LazyAttribute(lambda sponsorship: sponsorship.starts_on + timedelta(days=364))


class UserFactory(DjangoModelFactory):
    """An account without any membership: see `person`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person-{n}@responder.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password(PASSWORD)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.READER
    starts_on = LONG_AGO

    @factory.lazy_attribute
    def area(self) -> ResilienceArea | None:
        if self.role != Role.LRF_MODERATOR:
            return None
        return self.organisation.areas.first() or ResilienceAreaFactory()


def person(
    role: Role = Role.READER,
    organisation: Organisation | None = None,
    area: ResilienceArea | None = None,
    *,
    cleared: bool = False,
    **user: Any,
) -> User:
    """Return somebody with one membership.

    :param area: what an LRF moderator moderates; else the area of the organisation, if none is given
    :param user: fields of the account, such as `email`
    """
    organisation = organisation or OrganisationFactory(areas=[area] if area else None)
    somebody: User = UserFactory(**user)
    membership = {"area": area} if area and role == Role.LRF_MODERATOR else {}
    MembershipFactory(user=somebody, organisation=organisation, role=role, cleared=cleared, **membership)
    return somebody


# -- lessons ----------------------------------------------------------------------------------------
class NationalRiskFactory(DjangoModelFactory):
    class Meta:
        model = NationalRisk
        django_get_or_create = ("edition", "code")

    edition = "2025"
    code = factory.Sequence(lambda n: f"risk-{n}")
    name = factory.LazyAttribute(lambda risk: risk.code.replace("-", " ").capitalize())
    theme_code = "natural-and-environmental-hazards"
    theme = "Natural and environmental hazards"


class ThemeFactory(DjangoModelFactory):
    """A JESIP principle."""

    class Meta:
        model = Theme
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"principle-{n}")
    name = factory.LazyAttribute(lambda theme: theme.code.replace("-", " ").capitalize())
    group = Theme.PRINCIPLE


class CapabilityFactory(DjangoModelFactory):
    class Meta:
        model = Capability
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"capability-{n}")
    name = factory.LazyAttribute(lambda capability: capability.code.replace("-", " ").capitalize())


class EventFactory(DjangoModelFactory):
    class Meta:
        model = Event
        skip_postgeneration_save = True

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Exercise Rising Tide {n}")
    kind = "exercise"
    started_on = date(2026, 1, 14)

    @factory.post_generation
    def areas(self: Event, create: bool, given: Any) -> None:
        self.areas.set(self.organisation.areas.all()[:1] if given is None else given)


class LessonFactory(DjangoModelFactory):
    """A lesson in any state, with all that the state needs: reference, claim, texts, moves.

    `author` is a contributor of `organisation`; either follows from the other.  `area=None` is no area.
    `moderator` made the moves of moderators (default: somebody new who may).
    `publication` holds fields of the publication that differ from the lesson's; None makes no publication.
    `history` is False to leave the moves out.
    """

    class Meta:
        model = Lesson

    kind = "lesson_identified"
    title = factory.Sequence(lambda n: f"Share the shelter list before the first call {n}")
    what_happened = "Two control rooms worked from different lists of rest centres for an hour."
    statement = "Partners share one list of rest centres before an exercise begins."
    recommendations = factory.LazyFunction(
        lambda: [{"text": "Keep one list of rest centres", "by_whom": "Local resilience forum"}]
    )
    brag = "green"
    marking = Marking.OFFICIAL
    handling = factory.LazyAttribute(
        lambda lesson: "Share within your organisation only" if lesson.marking == Marking.SENSITIVE else ""
    )
    audience = "all_responders"
    status = Status.DRAFT
    tier = Tier.AREA

    @classmethod
    def _create(cls, model_class: type[Lesson], *args: Any, **given: Any) -> Lesson:
        at: datetime = given.pop("at", NOON)
        history: bool = given.pop("history", True)
        moderator: User | None = given.pop("moderator", None)
        publication: dict[str, Any] | None = given.pop("publication", {})
        tags = {name: given.pop(name, None) for name in ("risks", "themes", "capabilities")}
        editors = given.pop("editors", [])
        _owner(given)
        _place(given)
        status = given["status"]
        if status in SUBMITTED_ONCE:
            given.setdefault("reference", _reference(given["kind"], at))
            given.setdefault("submitted_at", at)
        if status == Status.IN_REVIEW and not given.get("claimed_by"):
            given["claimed_by"] = moderator or moderator_of(given["area"], given["tier"])
        if status == Status.IN_REVIEW:
            given.setdefault("claimed_at", at)
            moderator = moderator or given["claimed_by"]
        if status in {Status.SUBMITTED, Status.IN_REVIEW}:
            given.setdefault("due_on", (at + timedelta(days=14)).date())
        if status == Status.MERGED and not given.get("merged_into"):
            given["merged_into"] = LessonFactory(status=Status.PUBLISHED, at=at, area=given["area"])
        lesson: Lesson = super()._create(model_class, *args, **given)
        lesson.editors.set([lesson.author, *editors])
        _tag(lesson, tags)
        _write_texts(lesson, status, at, publication, moderator)
        if history:
            _write_moves(lesson, at, moderator)
        return lesson


def moderator_of(area: ResilienceArea | None, tier: str = Tier.AREA) -> User:
    """Return somebody new who may decide on items of `area` at `tier`."""
    return person(Role.SECRETARIAT) if tier == Tier.NATIONAL or area is None else person(Role.LRF_MODERATOR, area=area)


def _owner(given: dict[str, Any]) -> None:
    author, organisation = given.get("author"), given.get("organisation")
    if organisation is None:
        membership = author and author.memberships.first()
        given["organisation"] = organisation = membership.organisation if membership else OrganisationFactory()
    if author is None:
        given["author"] = person(Role.CONTRIBUTOR, organisation)


def _place(given: dict[str, Any]) -> None:
    organisation = given["organisation"]
    if given.get("area", UNSET) is UNSET:
        given["area"] = organisation.areas.first()
    if given.get("event") is None:
        given["event"] = EventFactory(organisation=organisation, areas=[given["area"]] if given["area"] else [])


_last_reference = iter(range(90_000, 100_000))


def _reference(kind: str, at: datetime) -> str:
    return f"{REFERENCE_PREFIX[kind]}-{at.year}-{next(_last_reference):05d}"  # type: ignore[index]


def _tag(lesson: Lesson, tags: dict[str, Any]) -> None:
    risks, themes, capabilities = tags["risks"], tags["themes"], tags["capabilities"]
    lesson.risks.set([NationalRiskFactory(code="surface-water-flooding")] if risks is None else risks)
    lesson.themes.set([ThemeFactory(code="communicate")] if themes is None else themes)
    lesson.capabilities.set(capabilities or [])


def _write_texts(
    lesson: Lesson, status: str, at: datetime, publication: dict[str, Any] | None, moderator: User | None
) -> None:
    if status == Status.IN_REVIEW:
        text = publishing.working_text_of(lesson)
        Publication.objects.filter(pk=text.pk).update(checklist=all_ticked(), **(publication or {}))
    if status in HAS_PUBLICATION and publication is not None:
        PublicationFactory(
            **{
                "lesson": lesson,
                "published_at": at,
                "published_by": moderator or lesson.author,
                "suspended_at": at if status == Status.SUSPENDED else None,
                "archived_at": at if status == Status.ARCHIVED else None,
                "superseded_at": at if status == Status.MERGED else None,
            }
            | publication
        )


#: How a lesson came to where it is: moves, with the state each led to.
HISTORY: dict[str, list[tuple[Move, Status]]] = {
    Status.AWAITING_SIGN_OFF: [(Move.SUBMIT, Status.AWAITING_SIGN_OFF)],
    Status.SUBMITTED: [(Move.SUBMIT, Status.SUBMITTED)],
    Status.WITHDRAWN: [(Move.SUBMIT, Status.SUBMITTED), (Move.WITHDRAW, Status.WITHDRAWN)],
}
HISTORY[Status.IN_REVIEW] = [*HISTORY[Status.SUBMITTED], (Move.CLAIM, Status.IN_REVIEW)]
HISTORY |= {
    status: [*HISTORY[Status.IN_REVIEW], (move, status)]
    for status, move in (
        (Status.CHANGES_REQUESTED, Move.ASK_FOR_CHANGES),
        (Status.DECLINED, Move.DECLINE),
        (Status.PUBLISHED, Move.PUBLISH),
    )
}
HISTORY |= {
    status: [*HISTORY[Status.PUBLISHED], (move, status)]
    for status, move in (
        (Status.SUSPENDED, Move.SUSPEND),
        (Status.ARCHIVED, Move.ARCHIVE),
        (Status.MERGED, Move.MERGE),
    )
}
OWNERS_MOVES = {Move.SUBMIT, Move.WITHDRAW}
REASONS = {Move.DECLINE: "not_a_lesson", Move.ARCHIVE: "out_of_date"}


def _write_moves(lesson: Lesson, at: datetime, moderator: User | None) -> None:
    before: str = Status.DRAFT
    for move, after in HISTORY.get(lesson.status, []):
        if move not in OWNERS_MOVES and moderator is None:
            moderator = moderator_of(lesson.area, lesson.tier)
        wording = lesson.wording() | {"tags": Tags.of(lesson).as_terms(), "event_name": lesson.event.name}
        LessonMove.objects.create(
            lesson=lesson,
            move=move,
            from_status=before,
            to_status=after,
            by=lesson.author if move in OWNERS_MOVES else moderator,
            at=at,
            note="" if move in {Move.SUBMIT, Move.CLAIM, Move.PUBLISH} else "Because of what was agreed.",
            reason=REASONS.get(move, ""),
            publication=lesson.publications.current().first() if move == Move.PUBLISH else None,
            snapshot=wording if move == Move.SUBMIT else None,
        )
        before = after


class PublicationFactory(DjangoModelFactory):
    """A published version, with the terms, readers and index words of `lessons.publishing`.

    Words not given are those of `lesson`, a published one by default.  `terms` and `readers` replace what is
    derived; `tags` is a `lessons.readiness.Tags`.
    """

    class Meta:
        model = Publication

    lesson = factory.SubFactory(LessonFactory, status=Status.PUBLISHED, publication=None)
    published_at = NOON

    @classmethod
    def _create(cls, model_class: type[Publication], *args: Any, **given: Any) -> Publication:  # noqa: ARG003
        lesson: Lesson = given.pop("lesson")
        by = given.pop("published_by", None) or lesson.author
        at, change, note = given.pop("published_at"), given.pop("change", "first"), given.pop("note", "")
        tags: Tags = given.pop("tags", None) or Tags.of(lesson)
        later = {
            name: given.pop(name)
            for name in ("terms", "readers", "superseded_at", "suspended_at", "archived_at")
            if name in given
        }
        values = lesson.wording() | {"event_name": lesson.event.name, "checklist": all_ticked()} | given
        if values["marking"] == Marking.SENSITIVE and not values["handling"]:
            values["handling"] = "Share within your organisation only"
        values = publishing._event_as_published(lesson.event) | values
        text = Publication.objects.create(lesson=lesson, terms=tags.as_terms(), **values)
        publishing.seal(text, by=by, at=at, change=change, note=note)
        if later:
            Publication.objects.filter(pk=text.pk).update(**later)
        text.refresh_from_db()
        return text


def working_text(lesson: Lesson, **values: Any) -> Publication:
    """Return the working text of `lesson`, begun if there is none, every point of the checklist ticked."""
    assert set(values) <= {*WORDING_FIELDS, "event_name", "terms", "checklist"}
    text = publishing.working_text_of(lesson)
    for name, value in ({"checklist": all_ticked()} | values).items():
        setattr(text, name, value)
    text.save()
    return text


# -- notifications ------------------------------------------------------------------------------------
class SubscriptionFactory(DjangoModelFactory):
    """Of a new reader, to everything, at once; `organisation=…` for its mailbox instead."""

    class Meta:
        model = Subscription

    person = factory.Maybe("organisation", yes_declaration=None, no_declaration=factory.LazyFunction(person))
    organisation = None
    created_at = NOON
    confirmed_at = NOON
    query = factory.LazyAttribute(lambda subscription: as_query(subscription.words) if subscription.words else None)
    words = ""


class AnnouncementFactory(DjangoModelFactory):
    """The news that `publication` is published."""

    class Meta:
        model = Announcement

    publication = factory.SubFactory(PublicationFactory)
    move = factory.LazyAttribute(lambda news: move_of(news.publication))
    kind = "published"
    at = NOON


def move_of(publication: Publication, move: Move = Move.PUBLISH) -> LessonMove:
    """Return a new entry of the history of the publication's lesson."""
    return LessonMove.objects.create(
        lesson=publication.lesson,
        move=move,
        from_status=publication.lesson.status,
        to_status=publication.lesson.status,
        by=publication.lesson.author,
        at=NOON,
        publication=publication,
    )


class DeliveryFactory(DjangoModelFactory):
    """A sign-in mail that is due."""

    class Meta:
        model = Delivery

    address = factory.Sequence(lambda n: f"reader-{n}@responder.example")
    kind = "transactional"
    priority = Priority.TRANSACTIONAL
    due_at = NOON
    date = NOON

    @factory.lazy_attribute
    def body(self) -> dict[str, Any] | None:
        if self.kind != "transactional":
            return None
        return content_from("Your sign-in link", "Use this link:\n\nhttps://testserver/once")
