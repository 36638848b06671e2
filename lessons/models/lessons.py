"""Lessons, as their owners write them and moderators work on them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, ResilienceArea, User
from accounts.roles import Role
from lessons.models.events import Event
from lessons.models.stamps import stamp_of_lessons
from lessons.models.taxonomy import Capability, NationalRisk, Theme
from lessons.models.wording import REFERENCE_PREFIX, Kind, Wording

#: A claim lapses this long after the last save (DOMAIN, section 5).
CLAIM_LASTS = timedelta(hours=2)


class Status(models.TextChoices):
    """Where the item is in moderation."""

    DRAFT = "draft", _("Draft")
    AWAITING_SIGN_OFF = "awaiting_sign_off", _("Awaiting sign-off")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Merged")
    PUBLISHED = "published", _("Published")
    SUSPENDED = "suspended", _("Suspended")
    ARCHIVED = "archived", _("Archived")


#: Moderators, Secretariat and auditors see the item (and some others: `LessonQuerySet._submitted`).
SEEN_BY_MODERATORS = (
    Status.SUBMITTED,
    Status.IN_REVIEW,
    Status.DECLINED,
    Status.MERGED,
    Status.PUBLISHED,
    Status.SUSPENDED,
    Status.ARCHIVED,
)
#: The owner may still write.
OWNER_WRITES = (Status.DRAFT, Status.CHANGES_REQUESTED)
#: The code of a decline that keeps the item within its area.
STAYS_LOCAL = "stays_local"


class Tier(models.TextChoices):
    AREA = "area", _("Area")
    NATIONAL = "national", _("National")


class LessonQuerySet(models.QuerySet["Lesson"]):
    def visible_to(self, user: User) -> LessonQuerySet:
        """Keep the authoring records that `user` may see (the table at the end of the moves).

        Readers get publications instead: `Publication.objects.readable_by`.
        """
        members = [m for m in user.active_memberships if m.role != Role.SYSTEM_ADMIN]
        if not user.is_active or not members:
            return self.none()
        organisations = {m.organisation_id for m in members}
        own = Q(author=user)
        if not user.has_role(Role.SECRETARIAT):  # which writes for any organisation
            own &= Q(organisation__in=organisations)
        led = Q(organisation__in=user.leads)
        granted = Q(pk__in=Lesson.objects.filter(grants__group__in=organisations).values("pk"))
        moderated = self._submitted()
        if not user.has_role(Role.SECRETARIAT, Role.AUDITOR):
            moderated &= Q(area__in=user.moderated_areas)
        return self.filter(own | led | granted | moderated | self._kept_local(organisations))

    def _submitted(self) -> Q:
        """What moderators see: not what its organisation did not sign off, nor a draft that was withdrawn."""
        from lessons.models.moves import LessonMove, Move  # they point at lessons

        moves = LessonMove.objects.filter(lesson=OuterRef("pk"))
        reached = Q(Exists(moves.filter(to_status=Status.SUBMITTED)))
        last_withdrawal = moves.filter(move=Move.WITHDRAW).order_by("-pk").values("from_status")[:1]
        unseen = Lesson.objects.filter(status=Status.WITHDRAWN).alias(before=Subquery(last_withdrawal))
        unseen = unseen.filter(before__in=[Status.DRAFT, Status.AWAITING_SIGN_OFF])
        withdrawn = Q(status=Status.WITHDRAWN) & ~Q(pk__in=unseen.values("pk"))
        return Q(status__in=SEEN_BY_MODERATORS) | (reached & (Q(status=Status.CHANGES_REQUESTED) | withdrawn))

    def _kept_local(self, organisations: set[int]) -> Q:
        """What was declined because it stays local: for the organisation and the organisations of its area."""
        from lessons.models.moves import LessonMove, Move  # they point at lessons

        why = LessonMove.objects.filter(lesson=OuterRef("pk"), move=Move.DECLINE).order_by("-pk").values("reason")[:1]
        declined = Lesson.objects.filter(status=Status.DECLINED)
        local = declined.alias(declined_because=Subquery(why)).filter(declined_because=STAYS_LOCAL)
        areas = ResilienceArea.objects.filter(organisations__in=organisations)
        return Q(pk__in=local.filter(Q(organisation__in=organisations) | Q(area__in=areas)).values("pk"))

    def waiting(self) -> LessonQuerySet:
        """Keep what waits for a moderator or is with one."""
        return self.filter(status__in=[Status.SUBMITTED, Status.IN_REVIEW])

    def moderated_by(self, user: User) -> LessonQuerySet:
        """Keep what `user` may decide on by tier and area."""
        if user.has_role(Role.SECRETARIAT):
            return self
        return self.filter(tier=Tier.AREA, area__in=user.moderated_areas)

    def in_queue_order(self) -> LessonQuerySet:
        """Most urgent first (red, then what is due soonest), then oldest."""
        return self.alias(red=models.Case(models.When(brag="red", then=0), default=1)).order_by(
            "red", F("due_on").asc(nulls_last=True), "submitted_at", "pk"
        )

    def for_list(self) -> LessonQuerySet:
        return self.select_related("organisation", "area", "event", "claimed_by", "merged_into")


class Lesson(Wording):
    """One record of learning."""

    reference = models.CharField(max_length=20, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="lessons")
    debrief = models.ForeignKey(
        "lessons.Debrief", null=True, blank=True, on_delete=models.SET_NULL, related_name="lessons"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="lessons")
    area = models.ForeignKey(ResilienceArea, null=True, blank=True, on_delete=models.PROTECT, related_name="lessons")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="lessons")
    editors = models.ManyToManyField(User, related_name="edited_lessons", blank=True)
    external_id = models.CharField(max_length=100, blank=True)
    contact = models.EmailField("contact mailbox", blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.AREA)
    claimed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="claims")
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="mergers")
    risks = models.ManyToManyField(NationalRisk, related_name="lessons", blank=True)
    themes = models.ManyToManyField(Theme, related_name="lessons", blank=True)
    capabilities = models.ManyToManyField(Capability, related_name="lessons", blank=True)
    row_version = models.PositiveIntegerField(default=0)

    objects = LessonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="lesson_submitted_has_a_reference",
                condition=Q(status__in=[Status.DRAFT, Status.WITHDRAWN]) | Q(reference__isnull=False),
            ),
            models.CheckConstraint(
                name="lesson_in_review_is_claimed",
                condition=Q(status=Status.IN_REVIEW, claimed_by__isnull=False)
                | (~Q(status=Status.IN_REVIEW) & Q(claimed_by__isnull=True)),
            ),
            models.CheckConstraint(
                name="lesson_merged_has_a_target",
                condition=Q(status=Status.MERGED, merged_into__isnull=False)
                | (~Q(status=Status.MERGED) & Q(merged_into__isnull=True)),
            ),
            models.CheckConstraint(
                name="lesson_is_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~Q(external_id=""),
                name="lesson_is_imported_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["area", "due_on"],
                condition=Q(status__in=["submitted", "in_review"]),
                name="lesson_queue",
            ),
            models.Index(fields=["organisation", "status"], name="lesson_of_organisation"),
        ]
        triggers = [stamp_of_lessons()]
        permissions = [
            ("submit_lesson", "Submit or resubmit a lesson, and appeal"),
            ("withdraw_lesson", "Withdraw and reopen a lesson"),
            ("share_lesson", "Let a partner organisation in"),
            ("sign_off_lesson", "Sign a lesson off for the organisation"),
            ("review_lesson", "Claim and decide on a lesson"),
            ("publish_lesson", "Publish a lesson"),
            ("suspend_lesson", "Suspend a publication"),
            ("restore_lesson", "Restore or archive what is suspended"),
            ("archive_lesson", "Archive a publication, and restore it from there"),
        ]

    def __str__(self) -> str:
        return self.reference or f"draft {self.pk}"

    def get_absolute_url(self) -> str:
        """The page of the authoring record."""
        return reverse("lesson_record", args=[self.pk])

    @property
    def is_practice(self) -> bool:
        return self.kind == Kind.NOTABLE_PRACTICE

    @property
    def is_open_to_owner(self) -> bool:
        """Whether the owner may write in it now."""
        return self.status in OWNER_WRITES

    def claim_has_lapsed(self, at: datetime) -> bool:
        return self.claimed_at is not None and self.claimed_at + CLAIM_LASTS <= at


class ReferenceCounter(models.Model):
    """The last number given, by kind and year.  Numbers are never used again."""

    kind = models.CharField(max_length=20, choices=Kind)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="counter_of_kind_and_year")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"

    @classmethod
    def next_reference(cls, kind: str, year: int) -> str:
        """Give the next reference, such as LI-2026-00042; the caller's transaction holds the counter."""
        cls.objects.get_or_create(kind=kind, year=year)
        counter = cls.objects.select_for_update().get(kind=kind, year=year)
        counter.last += 1
        counter.save(update_fields=["last"])
        return f"{REFERENCE_PREFIX[Kind(kind)]}-{year}-{counter.last:05d}"


class LessonLink(models.Model):
    """A lesson that was found again."""

    class LinkKind(models.TextChoices):
        RECURRENCE_OF = "recurrence_of", _("Recurrence of")

    source = models.ForeignKey(Lesson, db_column="from_id", on_delete=models.CASCADE, related_name="links_from")
    target = models.ForeignKey(Lesson, db_column="to_id", on_delete=models.CASCADE, related_name="links_to")
    kind = models.CharField(max_length=20, choices=LinkKind, default=LinkKind.RECURRENCE_OF)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="link_is_made_once"),
            models.CheckConstraint(name="link_is_between_two", condition=~Q(source=F("target"))),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"
