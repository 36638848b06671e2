"""Keys against the formula of who may read: the same answer both ways, for invented people and publications."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership, Organisation, ResilienceArea, Sponsorship, User
from accounts.roles import Role
from lessons import publishing
from lessons.models import Audience, Lesson, Marking, Publication
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    ResponderTypeFactory,
    SponsorshipFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db

AREAS = ("avon", "borders", "clyde")
#: Kinds of responder: code, category for audiences, sector.
TYPES = {"fire": ("1", "fire"), "water": ("2", "utilities"), "boats": ("sponsored", "voluntary")}
SECTORS = ("fire", "utilities", "voluntary")
OWNER_LEADS = {"jol_spoc", "jol_lead", "strategic_lead"}
NATIONAL = {"secretariat", "board_member", "auditor"}
CLEARED = OWNER_LEADS | NATIONAL | {"lrf_moderator"}


# -- what is drawn ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Span:
    """Days from today, both included; no end is for ever."""

    first: int
    last: int | None

    @property
    def is_now(self) -> bool:
        return self.first <= 0 and (self.last is None or self.last >= 0)


@dataclass(frozen=True)
class Body:
    kind: str
    areas: frozenset[str]
    ended: bool
    sponsored: tuple[Span, ...]
    mailbox_cleared: bool


@dataclass(frozen=True)
class Post:
    organisation: int
    role: str
    area: str | None
    cleared: bool
    span: Span


@dataclass(frozen=True)
class Somebody:
    active: bool
    dormant: bool
    posts: tuple[Post, ...]


@dataclass(frozen=True)
class Text:
    organisation: int
    area: str | None
    author: int
    marking: str
    audience: str
    sectors: frozenset[str]
    areas: frozenset[str]
    state: str  # live, suspended, superseded, working


days = st.sampled_from([-2, -1, 0, 1, 2])
spans = st.builds(
    lambda first, length: Span(first, None if length is None else first + length),
    days,
    st.sampled_from([None, 0, 1, 2, 3]),
)
#: Mostly in force: what is over hides everything else.
mostly_now = st.one_of(st.just(Span(-1, None)), st.just(Span(0, 0)), spans)
bodies = st.builds(
    Body,
    st.sampled_from(sorted(TYPES)),
    st.frozensets(st.sampled_from(AREAS)),
    st.sampled_from([False, False, False, True]),
    st.one_of(
        st.just(()),
        st.lists(spans.filter(lambda span: span.last is not None), max_size=2).map(tuple),
    ),
    st.booleans(),
)
posts = st.builds(
    lambda organisation, role, area, cleared, span: Post(
        organisation, role, area if role == "lrf_moderator" else None, cleared, span
    ),
    st.integers(0, 2),
    st.sampled_from([role.value for role in Role]),
    st.sampled_from(AREAS),
    st.booleans(),
    mostly_now,
)
people = st.builds(
    Somebody,
    st.sampled_from([True] * 7 + [False]),
    st.sampled_from([False] * 7 + [True]),
    st.lists(posts, max_size=3, unique_by=lambda post: (post.organisation, post.role, post.area)).map(tuple),
)
texts = st.builds(
    Text,
    st.integers(0, 2),
    st.sampled_from([None, *AREAS]),
    st.integers(0, 5),
    st.sampled_from(["official", "official_sensitive"]),
    st.sampled_from(["all_responders", "category_1", "sectors", "areas", "own_area", "national_team"]),
    st.frozensets(st.sampled_from(SECTORS), min_size=1),
    st.frozensets(st.sampled_from(AREAS), min_size=1),
    st.sampled_from(["live", "live", "live", "suspended", "superseded", "working"]),
).filter(lambda text: text.audience != "own_area" or text.area)


# -- the formula (MODEL, section 4), in plain Python ----------------------------------------------------------
def works(body: Body) -> bool:
    return not body.ended and (not body.sponsored or any(span.is_now for span in body.sponsored))


def stands_in_audience(body: Body, area: str | None, text: Text) -> bool:
    category, sector = TYPES[body.kind]
    areas = body.areas | ({area} if area else set())
    return {
        "all_responders": True,
        "category_1": category == "1",
        "sectors": sector in text.sectors,
        "areas": bool(areas & text.areas),
        "own_area": text.area in areas,
        "national_team": False,
    }[text.audience]


def opens(somebody: Somebody, number: int, text: Text, bodies_: list[Body]) -> bool:
    """Whether the person may read the text, if it is live."""

    def by(post: Post) -> bool:
        body = bodies_[post.organisation]
        owns = post.organisation == text.organisation and (text.author == number or post.role in OWNER_LEADS)
        moderates = post.role == "lrf_moderator" and post.area == text.area
        cleared = post.cleared or post.role in CLEARED
        in_audience = (
            post.role != "system_admin"
            and (text.marking == "official" or cleared)
            and stands_in_audience(body, post.area, text)
        )
        return post.span.is_now and works(body) and (owns or moderates or post.role in NATIONAL or in_audience)

    return somebody.active and not somebody.dormant and any(by(post) for post in somebody.posts)


def reaches(body: Body, text: Text) -> bool:
    """Whether the mailbox of the organisation may be told of the text."""
    if not works(body) or (text.marking != "official" and not body.mailbox_cleared):
        return False
    return stands_in_audience(body, None, text)


# -- the same in rows ---------------------------------------------------------------------------------------------
@dataclass
class World:
    organisations: list[Organisation]
    people: list[User]
    publications: list[Publication]


@pytest.fixture
def ground() -> dict[str, object]:
    """Rows that all examples share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Europe/London')::date")
        [today] = cursor.fetchone()
    return {
        "today": today,
        "areas": {code: ResilienceAreaFactory(code=code) for code in AREAS},
        "types": {
            code: ResponderTypeFactory(code=code, category=category, sector=sector)
            for code, (category, sector) in TYPES.items()
        },
        "sponsor": OrganisationFactory(),
        "event": EventFactory(),
    }


def settle(ground: dict, bodies_: list[Body], people_: list[Somebody], texts_: list[Text]) -> World:
    today: date = ground["today"]
    areas: dict[str, ResilienceArea] = ground["areas"]

    def day(offset: int | None) -> date | None:
        return None if offset is None else today + timedelta(days=offset)

    organisations = []
    for number, body in enumerate(bodies_):
        organisation = Organisation.objects.create(
            code=f"body-{number}",
            name=f"Body {number}",
            type=ground["types"][body.kind],
            nation="England",
            ended_at=NOON if body.ended else None,
            mailbox_cleared=body.mailbox_cleared,
        )
        organisation.areas.set([areas[code] for code in body.areas])
        Sponsorship.objects.bulk_create(
            Sponsorship(
                organisation=organisation,
                sponsor=ground["sponsor"],
                reason="Takes part",
                starts_on=day(span.first),
                ends_on=day(span.last),
            )
            for span in body.sponsored
        )
        organisations.append(organisation)
    users = User.objects.bulk_create(
        User(
            email=f"{number}@responder.example",
            is_active=one.active,
            dormant_at=NOON if one.dormant else None,
        )
        for number, one in enumerate(people_)
    )
    Membership.objects.bulk_create(
        Membership(
            user=user,
            organisation=organisations[post.organisation],
            role=post.role,
            area=areas[post.area] if post.area else None,
            cleared=post.cleared,
            starts_on=day(post.span.first),
            ends_on=day(post.span.last),
        )
        for user, one in zip(users, people_, strict=True)
        for post in one.posts
    )
    lessons = Lesson.objects.bulk_create(
        Lesson(
            kind="lesson_identified",
            event=ground["event"],
            organisation=organisations[text.organisation],
            area=areas[text.area] if text.area else None,
            author=users[text.author],
        )
        for text in texts_
    )
    publications = [_publication(lesson, text) for lesson, text in zip(lessons, texts_, strict=True)]
    return World(organisations, users, Publication.objects.bulk_create(publications))


def _publication(lesson: Lesson, text: Text) -> Publication:
    is_published = text.state != "working"
    publication = Publication(
        lesson=lesson,
        title="A title",
        what_happened="Something",
        statement="A lesson",
        brag="green",
        marking=text.marking,
        handling="Within your organisation only",
        audience=text.audience,
        audience_sectors=sorted(text.sectors) if text.audience == "sectors" else [],
        audience_areas=sorted(text.areas) if text.audience == "areas" else [],
        event_kind="exercise",
        version=1 if is_published else None,
        published_at=NOON if is_published else None,
        suspended_at=NOON if text.state == "suspended" else None,
        superseded_at=NOON if text.state == "superseded" else None,
    )
    publication.readers = publishing.readers_of(publication)
    publication.terms = publishing.terms_of(publication)
    if publication.audience == Audience.OWN_AREA:
        publication.audience, publication.audience_areas = Audience.AREAS, [text.area]
    return publication


def holders(view: str, column: str, publication: Publication) -> set[int]:
    """Ask the other way round: whose keys open the publication, as the fan-out does."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {view} WHERE key = ANY(%s)", [publication.readers])  # noqa: S608
        return {pk for (pk,) in cursor.fetchall()}


three_bodies = st.lists(bodies, min_size=3, max_size=3)
many_people = st.lists(people, min_size=6, max_size=6)
many_texts = st.lists(texts, min_size=12, max_size=12)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bodies_=three_bodies, people_=many_people, texts_=many_texts)
def test_keys_open_what_the_formula_says_and_nothing_else(
    ground: dict, bodies_: list[Body], people_: list[Somebody], texts_: list[Text]
) -> None:
    with transaction.atomic():
        world = settle(ground, bodies_, people_, texts_)

        for number, user in enumerate(world.people):
            may = {
                publication.pk: opens(people_[number], number, text, bodies_)
                for publication, text in zip(world.publications, texts_, strict=True)
            }
            assert_reading(user, may, dict(zip(may, texts_, strict=True)))
        for publication, text in zip(world.publications, texts_, strict=True):
            assert holders("reader_key", "user_id", publication) == {
                user.pk for number, user in enumerate(world.people) if opens(people_[number], number, text, bodies_)
            }
            assert holders("mailbox_key", "organisation_id", publication) & {o.pk for o in world.organisations} == {
                organisation.pk
                for organisation, body in zip(world.organisations, bodies_, strict=True)
                if reaches(body, text)
            }
        transaction.set_rollback(True)


def assert_reading(user: User, may: dict[int, bool], texts_: dict[int, Text]) -> None:
    def ids(publications: object) -> set[int]:
        return {publication.pk for publication in publications}

    live = {pk for pk, text in texts_.items() if text.state == "live"}
    allowed = {pk for pk, yes in may.items() if yes}
    assert ids(Publication.objects.readable_by(user)) == allowed & live
    assert ids(Publication.objects.opened_by(user)) == allowed, "a suspended one answers 410 to these"
    user.without_sensitive = True
    assert user.keys == [key for key in user.all_keys if not key.startswith("sensitive/")]
    assert ids(Publication.objects.readable_by(user)) == {
        pk for pk in allowed & live if texts_[pk].marking == "official"
    }
    user.without_sensitive = False


# -- cases that a reader of the table asks about ------------------------------------------------------------------
def readers() -> set[str]:
    return set(Publication.objects.get().readers)


def test_keys_are_written_as_agreed() -> None:
    area = ResilienceAreaFactory(code="cumbria")
    organisation = OrganisationFactory(code="cumbria-fire", areas=[area])
    author = person(Role.CONTRIBUTOR, organisation)
    LessonFactory(status="published", author=author, marking="official_sensitive", audience="category_1")

    assert readers() == {
        "sensitive/category:1",
        f"author:{author.pk}@cumbria-fire",
        "owner:cumbria-fire",
        "moderates:cumbria",
        "national",
    }
    assert set(person(Role.LRF_MODERATOR, organisation, area).keys) >= {
        "official/all",
        "sensitive/all",
        "official/category:1",
        "official/sector:fire",
        "sensitive/area:cumbria",
        "moderates:cumbria",
    }


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.BOARD_MEMBER, Role.AUDITOR, Role.JOL_SPOC])
def test_a_token_without_the_scope_opens_nothing_sensitive_even_for_those_who_read_all(role: Role) -> None:
    lesson = LessonFactory(status="published", marking="official_sensitive", audience="national_team")
    reader = person(role, lesson.organisation)
    assert Publication.objects.readable_by(reader).exists()

    reader.without_sensitive = True

    assert not Publication.objects.readable_by(reader).exists()


def test_clearance_in_one_organisation_does_not_count_in_another() -> None:
    area = ResilienceAreaFactory()
    PublicationFactory(marking="official_sensitive", audience="areas", audience_areas=[area.code])
    reader = person(Role.READER, area=area)
    elsewhere = person(Role.READER, cleared=True).memberships.get()

    elsewhere.user = reader
    elsewhere.save()

    assert not Publication.objects.readable_by(reader).exists()


def test_an_author_who_moved_to_another_organisation_loses_the_key() -> None:
    lesson = LessonFactory(status="published", audience="national_team")
    author = lesson.author
    assert Publication.objects.readable_by(author).exists()

    author.memberships.update(organisation=OrganisationFactory())
    author = User.objects.get(pk=author.pk)

    assert not Publication.objects.readable_by(author).exists()


def test_a_lapsed_sponsorship_closes_everything_at_once() -> None:
    PublicationFactory()
    sponsorship = SponsorshipFactory()
    reader = person(Role.READER, sponsorship.organisation)
    assert Publication.objects.readable_by(reader).exists()

    yesterday = timezone.localdate() - timedelta(days=1)
    Sponsorship.objects.update(ends_on=yesterday)
    reader.forget_rights()

    assert not Publication.objects.readable_by(reader).exists()


def test_a_change_of_area_or_owner_rewrites_the_keys() -> None:
    lesson = LessonFactory(status="published", marking=Marking.SENSITIVE, audience="own_area", attribution="area")
    text = lesson.publications.get()
    before = lesson.area
    moved = ResilienceAreaFactory()
    lesson.area, lesson.organisation = moved, OrganisationFactory(code="new-owner")
    lesson.save()

    publishing.rewrite_keys(lesson)

    text.refresh_from_db()
    assert f"moderates:{moved.code}" in text.readers
    assert "owner:new-owner" in text.readers
    assert f"area:{moved.code}" in text.terms
    assert f"moderates:{before.code}" not in text.readers
    assert UserFactory().keys == []
