"""What the database itself refuses, whoever writes: every constraint and trigger is violated once."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction
from django.db.models import CheckConstraint, F, Model, UniqueConstraint

from accounts import audit
from accounts.models import (
    AccessRequest,
    ApiToken,
    AuditEvent,
    LegalHold,
    Membership,
    Organisation,
    RecoveryCode,
    ResilienceArea,
    RetentionRule,
    Sponsorship,
    User,
)
from accounts.sponsorships import a_year_after
from lessons.models import (
    Attachment,
    Collection,
    Debrief,
    Event,
    FoiConsultee,
    FoiRequest,
    LessonLink,
    LessonMove,
    Observation,
    OpenPage,
    Publication,
    PublicationView,
    ReferenceCounter,
    Status,
)
from lessons.models.exports import IdempotencyKey
from lessons.models.warnings import TextWarning
from tests.factories import (
    LONG_AGO,
    NOON,
    EventFactory,
    LessonFactory,
    MembershipFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Write = Callable[[], object]


def change(make: Callable[[], Model], **columns: object) -> Write:
    """Return a write past the model: an UPDATE of a valid row."""

    def write() -> None:
        row = make()
        type(row)._base_manager.filter(pk=row.pk).update(**columns)

    return write


def twice(make: Callable[[], Model], **columns: object) -> Write:
    """Return a write that stores the same row again."""

    def write() -> None:
        row = make()
        row.pk, row._state.adding = None, True
        for name, value in columns.items():
            setattr(row, name, value)
        type(row)._base_manager.bulk_create([row])

    return write


def token(days: int) -> ApiToken:
    return ApiToken.objects.bulk_create(
        [
            ApiToken(
                digest="d" * 64,
                token_key="k" * 15,
                user=UserFactory(),
                name="Nightly",
                scopes=["read:published"],
                created=NOON,
                expiry=NOON + timedelta(days=days),
            )
        ]
    )[0]


def access_request() -> AccessRequest:
    return AccessRequest.objects.create(
        organisation=OrganisationFactory(), email="new@responder.example", name="N", reason="R", asked_at=NOON
    )


def recovery_code() -> RecoveryCode:
    return RecoveryCode.objects.create(user=UserFactory(), digest="d" * 64)


def counter() -> ReferenceCounter:
    return ReferenceCounter.objects.create(kind="lesson_identified", year=2026)


def link() -> LessonLink:
    return LessonLink.objects.create(source=LessonFactory(), target=LessonFactory(), at=NOON)


def view() -> PublicationView:
    return PublicationView.objects.create(
        publication=PublicationFactory(), organisation=OrganisationFactory(), first_at=NOON
    )


def debrief() -> Debrief:
    event = EventFactory()
    return Debrief.objects.create(
        event=event,
        organisation=event.organisation,
        opened_by=UserFactory(),
        opened_at=NOON,
        kind="hot",
        held_on=NOON.date(),
        code="otters",
        closes_at=NOON + timedelta(days=1),
    )


def point() -> Observation:
    return Observation.objects.create(
        debrief=debrief(), kind="to_improve", text="The lists differed.", given_on=NOON.date()
    )


def open_page() -> OpenPage:
    return OpenPage.objects.create(lesson=LessonFactory(), user=UserFactory(), at=NOON)


def warning() -> TextWarning:
    return TextWarning.objects.create(lesson=LessonFactory(), field="why", kind="postcode", start=0, end=4, digest="d")


def asked_once() -> IdempotencyKey:
    return IdempotencyKey.objects.create(user=UserFactory(), key="k", digest="d", created_at=NOON)


def attachment() -> Attachment:
    return Attachment.objects.create(
        lesson=LessonFactory(),
        key="k",
        name="plan.pdf",
        type="pdf",
        size=1,
        sha256="d",
        added_by=UserFactory(),
        added_at=NOON,
        check_at=NOON,
    )


def foi_request() -> FoiRequest:
    return FoiRequest.objects.create(
        lesson=LessonFactory(),
        reference="FOI 7",
        requester="public",
        received_on=NOON.date(),
        due_on=NOON.date(),
        opened_by=UserFactory(),
        opened_at=NOON,
    )


def foi_consultee() -> FoiConsultee:
    return FoiConsultee.objects.create(request=foi_request(), organisation=OrganisationFactory(), asked_on=NOON.date())


def legal_hold() -> LegalHold:
    return LegalHold.objects.create(
        object_type="lessons.event", object_id=7, reason="An inquest", by=UserFactory(), at=NOON
    )


def working() -> Publication:
    return LessonFactory(status=Status.IN_REVIEW).publications.get()


def merged_into_itself(make: Callable[[], Model]) -> Write:
    def write() -> None:
        row = make()
        type(row)._base_manager.filter(pk=row.pk).update(merged_into=F("pk"))

    return write


def same_event_and_import() -> None:
    lesson = LessonFactory(external_id="row-7")
    LessonFactory(external_id="row-7", organisation=lesson.organisation)


def two_links_of_one() -> None:
    one = link()
    LessonLink.objects.filter(pk=one.pk).update(target=F("source"))


def published(**columns: object) -> Write:
    """Return a write that publishes a working text by hand, with a fault in it."""
    whole = {"version": 1, "published_at": NOON, "readers": ["national"], "event_kind": "exercise"}
    return change(working, **whole | columns)


VIOLATIONS: dict[str, list[Write]] = {
    # -- accounts --
    "area_has_a_tile_of_its_own": [twice(ResilienceAreaFactory, code="other", name="Other")],
    "organisation_is_not_merged_into_itself": [merged_into_itself(OrganisationFactory)],
    "sponsorship_lasts_a_year_at_most": [
        change(SponsorshipFactory, starts_on="2026-06-01", ends_on="2027-06-02"),
        change(SponsorshipFactory, starts_on="2028-02-29", ends_on="2029-03-01"),
    ],
    "sponsorship_ends_after_it_starts": [change(SponsorshipFactory, ends_on=F("starts_on") - timedelta(days=1))],
    "sponsorship_is_by_another": [change(SponsorshipFactory, sponsor=F("organisation"))],
    "user_email_is_unique": [
        lambda: User.objects.bulk_create([User(email="One@responder.example"), User(email="oNE@RESPONDER.example")])
    ],
    "membership_of_a_moderator_names_the_area": [
        change(lambda: MembershipFactory(role="lrf_moderator"), area=None),
        change(lambda: MembershipFactory(role="lrf_moderator"), role="reader"),
    ],
    "membership_ends_after_it_starts": [change(MembershipFactory, ends_on=LONG_AGO - timedelta(days=1))],
    "membership_is_held_once": [
        twice(MembershipFactory),  # its area is null: nulls are not distinct
        twice(lambda: MembershipFactory(role="lrf_moderator")),
    ],
    "token_lasts_a_year_at_most": [lambda: token(367)],
    # -- lessons --
    "event_ends_after_it_starts": [change(EventFactory, ended_on=date(2026, 1, 13))],
    "risk_is_once_in_an_edition": [twice(NationalRiskFactory)],
    "risk_likelihood_is_1_to_5": [change(NationalRiskFactory, likelihood=n) for n in (0, 6)],
    "risk_impact_is_1_to_5": [change(NationalRiskFactory, impact=n) for n in (0, 6)],
    "lesson_submitted_has_a_reference": [
        change(LessonFactory, status=status)
        for status in set(Status) - {Status.DRAFT, Status.WITHDRAWN, Status.IN_REVIEW, Status.MERGED}
    ],
    "lesson_in_review_is_claimed": [
        change(lambda: LessonFactory(status=Status.IN_REVIEW), claimed_by=None),
        change(lambda: LessonFactory(status=Status.IN_REVIEW), status=Status.SUBMITTED),
        change(LessonFactory, claimed_by=F("author")),
    ],
    "lesson_merged_has_a_target": [
        change(lambda: LessonFactory(status=Status.MERGED), merged_into=None),
        change(lambda: LessonFactory(status=Status.MERGED), status=Status.PUBLISHED),
    ],
    "lesson_is_not_merged_into_itself": [merged_into_itself(lambda: LessonFactory(status=Status.MERGED))],
    "lesson_is_imported_once": [same_event_and_import],
    "counter_of_kind_and_year": [twice(counter)],
    "link_is_made_once": [twice(link)],
    "link_is_between_two": [two_links_of_one],
    "publication_version_is_used_once": [twice(lambda: PublicationFactory(superseded_at=NOON))],
    "publication_with_a_version_has_a_date": [
        change(working, version=1),
        change(working, published_at=NOON, readers=["national"]),
    ],
    "publication_sensitive_says_how_to_handle_it": [published(marking="official_sensitive", handling="")],
    "publication_audience_names_its_sectors_or_areas": [
        published(audience="sectors"),
        published(audience="areas"),
        published(audience="own_area"),
    ],
    "publication_is_complete": [
        published(**{name: empty})
        for name, empty in {
            "readers": [],
            "terms": [],
            "title": "",
            "what_happened": "",
            "statement": "",
            "brag": "",
            "marking": "",
            "audience": "",
        }.items()
    ],
    "publication_one_working_text": [twice(working)],
    "publication_one_current": [twice(PublicationFactory, version=2)],
    "publication_view_is_counted_once": [twice(view)],
    # -- debriefs --
    "debrief_closes_after_it_opens": [change(debrief, closes_at=NOON - timedelta(days=1))],
    "debrief_has_a_code": [change(debrief, code="")],
    "observation_says_something": [change(point, text="")],
    "observation_promoted_has_a_lesson": [
        change(point, disposition="promoted"),
        lambda: Observation.objects.filter(pk=point().pk).update(lesson=LessonFactory()),
    ],
    "observation_passed_on_names_the_system": [
        change(point, disposition="single_service", system="nol"),
        change(point, system_reference="NOL-7"),
    ],
    "observation_duplicate_names_the_other": [change(point, disposition="duplicate")],
    "observation_does_not_repeat_itself": [change(point, disposition="duplicate", same_as=F("pk"))],
    # -- attachments --
    "attachment_published_is_clean": [change(attachment, published=True)],
    "attachment_refused_says_why": [change(attachment, scan="refused"), change(attachment, reason="It holds macros")],
    "attachment_is_of_twenty_megabytes_at_most": [change(attachment, size=size) for size in (0, 20 * 1024 * 1024 + 1)],
    # -- warnings, search, programs --
    "warning_is_of_a_lesson_or_a_publication": [change(warning, lesson=None)],
    "warning_answered_names_who_and_when": [change(warning, answer="removed")],
    "warning_needed_says_why": [
        lambda: TextWarning.objects.filter(pk=warning().pk).update(answer="needed", by=UserFactory(), at=NOON)
    ],
    "warning_is_given_once": [twice(warning)],
    "open_page_is_noted_once": [twice(open_page)],
    "collection_is_one_row": [lambda: Collection.objects.create(pk=2, documents=0, length=0)],
    "idempotency_key_is_used_once": [twice(asked_once)],
    # -- records --
    "foi_request_is_recorded_once": [twice(foi_request)],
    "foi_request_is_closed_with_an_outcome": [
        change(foi_request, closed_at=NOON),
        change(foi_request, outcome="partly"),
    ],
    "foi_consultee_is_asked_once": [twice(foi_consultee)],
    "foi_answer_has_a_day": [change(foi_consultee, answer="release"), change(foi_consultee, answered_on=NOON.date())],
    "retention_lasts_a_while": [lambda: RetentionRule.objects.create(code="drafts", number=0, unit="month")],
    "hold_is_lifted_by_somebody": [change(legal_hold, lifted_at=NOON)],
    # -- people and places --
    "area_is_not_merged_into_itself": [change(ResilienceAreaFactory, merged_into=F("pk"))],
    "access_request_one_open": [twice(access_request)],
    "recovery_code_is_unique": [twice(recovery_code)],
}
#: Models whose constraints are violated in other modules, by the subject.
ELSEWHERE: set[str] = set()


@pytest.mark.parametrize(("name", "write"), [(name, write) for name, writes in VIOLATIONS.items() for write in writes])
def test_the_database_refuses(name: str, write: Write) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write()

    assert refusal.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_violated_once() -> None:
    named = {
        constraint.name
        for app in ("accounts", "lessons")
        for model in apps.get_app_config(app).get_models()
        if model._meta.label not in ELSEWHERE
        for constraint in model._meta.constraints
        if isinstance(constraint, (CheckConstraint, UniqueConstraint))
    }

    assert named == set(VIOLATIONS)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (ResilienceAreaFactory, "code"),
        (ResilienceAreaFactory, "name"),
        (OrganisationFactory, "code"),
        (OrganisationFactory, "name"),
        (lambda: LessonFactory(status=Status.SUBMITTED), "reference"),
    ],
)
def test_codes_names_and_references_are_used_once(make: Callable[[], Model], field: str) -> None:
    first, second = make(), make()

    with pytest.raises(IntegrityError), transaction.atomic():
        type(second)._base_manager.filter(pk=second.pk).update(**{field: getattr(first, field)})


# -- append-only ------------------------------------------------------------------------------------------------
def a_move() -> LessonMove:
    return LessonFactory(status=Status.SUBMITTED).moves.get()


def an_audit_row() -> AuditEvent:
    return audit.record(action="lesson.claim", subject=LessonFactory(), by=UserFactory(), at=NOON)


ATTACKS: dict[str, Callable[[Model], object]] = {
    "save": lambda row: row.save(),
    "update": lambda row: type(row).objects.filter(pk=row.pk).update(at=NOON + timedelta(days=1)),
    "bulk_update": lambda row: type(row).objects.bulk_update([row], ["at"]),
    "delete": lambda row: row.delete(),
    "delete of many": lambda row: type(row).objects.all().delete(),
    "raw update": lambda row: run(f"UPDATE {row._meta.db_table} SET reason = 'other'"),  # noqa: S608 - names of tables
    "raw delete": lambda row: run(f"DELETE FROM {row._meta.db_table}"),  # noqa: S608 - names of tables
    "truncate": lambda row: run(f"TRUNCATE {row._meta.db_table} CASCADE"),
    "upsert": lambda row: run(
        f"INSERT INTO {row._meta.db_table} SELECT * FROM {row._meta.db_table} "  # noqa: S608 - names of tables
        "ON CONFLICT (id) DO UPDATE SET reason = 'other'"
    ),
}


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("make", [a_move, an_audit_row])
def test_moves_and_audit_rows_are_never_changed_or_removed(make: Callable[[], Model], attack: str) -> None:
    row = make()
    before = type(row).objects.values().get(pk=row.pk)

    with pytest.raises((InternalError, DatabaseError)), transaction.atomic():
        ATTACKS[attack](row)

    assert type(row).objects.values().get(pk=row.pk) == before


# -- sealed ----------------------------------------------------------------------------------------------------------
#: The length of a text belongs to the index.
CHANGES_ONCE_PUBLISHED = {"superseded_at", "suspended_at", "archived_at", "readers", "terms", "search", "length"}
OTHER_VALUES = {
    "BooleanField": True,
    "DateTimeField": NOON + timedelta(days=3),
    "DateField": date(2020, 1, 1),
    "PositiveIntegerField": 7,
    "JSONField": [{"other": "value"}],
    "ArrayField": ["other"],
}


def sealed_columns() -> list[str]:
    return [
        field.name
        for field in Publication._meta.local_fields
        if field.name not in CHANGES_ONCE_PUBLISHED | {"id", "lesson", "published_by"}
    ]


@pytest.mark.parametrize("column", [*sealed_columns(), "lesson", "published_by"])
def test_a_published_version_is_sealed(column: str) -> None:
    text = PublicationFactory()
    other: object = OTHER_VALUES.get(Publication._meta.get_field(column).get_internal_type(), "other")
    if column == "lesson":
        other = LessonFactory()
    elif column == "published_by":
        other = UserFactory()

    with pytest.raises(DatabaseError, match="is sealed"), transaction.atomic():
        Publication.objects.filter(pk=text.pk).update(**{column: other})


def test_a_published_version_is_never_taken_back_or_removed() -> None:
    text = PublicationFactory()

    for write in (
        lambda: Publication.objects.filter(pk=text.pk).update(published_at=None, version=None),
        lambda: run(f"DELETE FROM lessons_publication WHERE id = {text.pk}"),  # noqa: S608 - names of tables
        lambda: Publication.objects.filter(pk=text.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()

    assert Publication.objects.get(pk=text.pk).published_at == NOON


@pytest.mark.parametrize("column", sorted(CHANGES_ONCE_PUBLISHED))
def test_what_may_change_once_published_may(column: str) -> None:
    text = PublicationFactory()
    value: object = NOON if column.endswith("_at") else ["national"]
    if column in {"search", "length"}:
        value = {"search": "'word':1", "length": 7}[column]

    assert Publication.objects.filter(pk=text.pk).update(**{column: value}) == 1


@pytest.mark.parametrize(
    "starts_on", [date(2026, 6, 1), date(2027, 3, 1), date(2028, 2, 28), date(2028, 2, 29)], ids=str
)
def test_a_sponsorship_ends_on_the_same_day_of_the_next_year_at_the_latest(starts_on: date) -> None:
    row = Sponsorship.objects.filter(pk=SponsorshipFactory().pk)
    latest = a_year_after(starts_on)

    row.update(starts_on=starts_on, ends_on=latest)
    with pytest.raises(IntegrityError, match="sponsorship_lasts_a_year_at_most"), transaction.atomic():
        row.update(ends_on=latest + timedelta(days=1))


def test_a_text_that_is_not_published_changes_and_goes() -> None:
    text = working()

    assert Publication.objects.filter(pk=text.pk).update(title="Another title for it") == 1
    assert Publication.objects.filter(pk=text.pk).delete()[0] == 1


def test_what_others_point_at_stays() -> None:
    membership = MembershipFactory()
    lesson = LessonFactory()

    for row in (membership.organisation, lesson.area, lesson.event, lesson.author):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(f"SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM {row._meta.db_table} WHERE id = {row.pk}")  # noqa: S608 - names of tables

    assert Organisation.objects.filter(pk=membership.organisation.pk).exists()
    assert Event.objects.filter(pk=lesson.event.pk).exists()
    assert ResilienceArea.objects.filter(pk=lesson.area.pk).exists()
    assert Membership.objects.filter(pk=membership.pk).exists()
