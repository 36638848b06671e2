"""Publications: the sanitised text of a lesson that readers, search, API and mails see."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models.events import EventKind, Precision, dated
from lessons.models.lessons import Lesson
from lessons.models.stamps import stamps_of_publications
from lessons.models.wording import Audience, Marking, Wording, codes

#: Once published, only these may change.
SEALED = """
IF to_jsonb(OLD) - ARRAY['superseded_at', 'suspended_at', 'archived_at', 'readers', 'terms', 'search', 'length']
   IS DISTINCT FROM
   to_jsonb(NEW) - ARRAY['superseded_at', 'suspended_at', 'archived_at', 'readers', 'terms', 'search', 'length']
THEN RAISE EXCEPTION 'publication % is sealed', OLD.id; END IF;
RETURN NEW;
"""


#: What lists show of a publication (lessons/templatetags/cards.py).
SHOWN_ON_CARDS = (
    *("lesson", "lesson__reference", "lesson__kind", "title", "statement", "brag", "marking", "terms"),
    *("event_name", "event_on", "event_precision", "published_at", "archived_at"),
)


class Change(models.TextChoices):
    FIRST = "first", _("First version")
    MINOR = "minor", _("Minor change")
    SUBSTANTIVE = "substantive", _("Substantive change")


class PublicationQuerySet(models.QuerySet["Publication"]):
    def working(self) -> PublicationQuerySet:
        """Keep texts that are being prepared and not yet published."""
        return self.filter(published_at=None)

    def current(self) -> PublicationQuerySet:
        """Keep the newest published version of each lesson, suspended ones too."""
        return self.filter(published_at__isnull=False, superseded_at=None)

    def live(self) -> PublicationQuerySet:
        """Keep what readers may get: current and not suspended."""
        return self.current().filter(suspended_at=None)

    def opened_by(self, user: User) -> PublicationQuerySet:
        """Keep those of which `user` holds a key, whatever their state."""
        opened = self.filter(readers__overlap=user.keys)
        # The keys of owners, moderators and the national team open every marking: the token's limit holds for them too.
        return opened.exclude(marking=Marking.SENSITIVE) if user.without_sensitive else opened

    def readable_by(self, user: User) -> PublicationQuerySet:
        """Keep the live publications of which `user` holds a key."""
        return self.live().opened_by(user)

    def unarchived(self) -> PublicationQuerySet:
        return self.filter(archived_at=None)

    def for_list(self) -> PublicationQuerySet:
        return self.select_related("lesson").defer("search").order_by("-published_at", "-pk")

    def for_cards(self) -> PublicationQuerySet:
        """As `for_list`, with what a card shows and nothing else."""
        return self.for_list().defer(None).only(*SHOWN_ON_CARDS)


class Publication(Wording):
    """One version of what is published, or the working text of the next (`published_at` is null).

    `terms` say what it is about, `readers` which keys open it; the working text holds in `terms` the codes of risks,
    themes and capabilities only, the rest is added when it is published (`lessons/publishing.py`).
    """

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    change = models.CharField(max_length=20, choices=Change, default=Change.FIRST)
    note = models.TextField(blank=True)
    removals = models.JSONField(default=list, blank=True)
    checklist = models.JSONField(default=dict, blank=True)  # {"no_names": true, …}
    event_name = models.CharField(max_length=150, blank=True)
    event_kind = models.CharField(max_length=20, choices=EventKind, blank=True)
    event_on = models.DateField(null=True, blank=True)
    event_precision = models.CharField(max_length=5, choices=Precision, default=Precision.MONTH)
    attributed_to = models.TextField(blank=True)
    terms = codes()
    readers = codes()
    search = SearchVectorField(null=True, editable=False)  # lessons/search/indexing.py says what is in it
    length = models.PositiveIntegerField(default=0, editable=False)  # words in `search`, a title word thrice
    superseded_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lesson", "version"], name="publication_version_is_used_once"),
            models.CheckConstraint(
                name="publication_with_a_version_has_a_date",
                condition=Q(version__isnull=True, published_at__isnull=True)
                | Q(version__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="publication_sensitive_says_how_to_handle_it",
                condition=Q(published_at__isnull=True) | Q(marking=Marking.OFFICIAL) | ~Q(handling=""),
            ),
            models.CheckConstraint(
                name="publication_audience_names_its_sectors_or_areas",
                condition=Q(published_at__isnull=True)
                | (
                    (~Q(audience=Audience.SECTORS) | ~Q(audience_sectors=[]))
                    & (~Q(audience=Audience.AREAS) | ~Q(audience_areas=[]))
                    & ~Q(audience=Audience.OWN_AREA)
                ),
            ),
            models.CheckConstraint(
                name="publication_is_complete",
                condition=Q(published_at__isnull=True)
                | (
                    ~Q(readers=[])
                    & ~Q(terms=[])
                    & ~Q(title="")
                    & ~Q(what_happened="")
                    & ~Q(statement="")
                    & ~Q(brag="")
                    & ~Q(marking="")
                    & ~Q(audience="")
                ),
            ),
            models.UniqueConstraint(
                fields=["lesson"], condition=Q(published_at__isnull=True), name="publication_one_working_text"
            ),
            models.UniqueConstraint(
                fields=["lesson"],
                condition=Q(published_at__isnull=False, superseded_at__isnull=True),
                name="publication_one_current",
            ),
        ]
        indexes = [
            GinIndex(fields=["terms"], name="publication_terms"),
            GinIndex(fields=["readers"], name="publication_readers"),
            GinIndex(fields=["search"], name="publication_search"),
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(published_at__isnull=False, superseded_at__isnull=True, suspended_at__isnull=True),
                name="publication_newest",
            ),
            # Few, and asked for by themselves.
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(
                    published_at__isnull=False,
                    superseded_at__isnull=True,
                    suspended_at__isnull=True,
                    archived_at__isnull=False,
                ),
                name="publication_archived",
            ),
            models.Index(
                fields=["event_on", "event_name"],
                condition=Q(published_at__isnull=False, superseded_at__isnull=True, suspended_at__isnull=True),
                name="publication_of_event",
            ),
            # Not open to everyone who is signed in: few, and counted each time (lessons/kept.py).
            GinIndex(
                fields=["readers"],
                condition=Q(published_at__isnull=False, superseded_at__isnull=True, suspended_at__isnull=True)
                & ~Q(readers__contains=["official/all"]),
                name="publication_narrowed",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="sealed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__published_at__isnull=False),
                func=SEALED,
            ),
            pgtrigger.Trigger(
                name="kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
                func="RAISE EXCEPTION 'publication % is kept', OLD.id;",
            ),
            *stamps_of_publications(),
        ]

    def __str__(self) -> str:
        return f"publication {self.pk}"

    def get_absolute_url(self) -> str:
        """The page readers see."""
        return reverse("lesson", args=[self.lesson.reference])

    @property
    def reference(self) -> str:
        return self.lesson.reference or ""

    @property
    def kind(self) -> str:
        return self.lesson.kind

    @property
    def get_kind_display(self) -> str:
        return self.lesson.get_kind_display()

    @property
    def when(self) -> str:
        """The event's date as published: never finer than the month."""
        return dated(self.event_on, self.event_precision)

    def codes_of(self, prefix: str) -> list[str]:
        """Return the codes under one prefix of `terms`, such as `risk`."""
        start = f"{prefix}:"
        return [term.removeprefix(start) for term in self.terms if term.startswith(start)]


class PublicationView(models.Model):
    """An organisation opened a publication: the first time counts."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="views")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    first_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "organisation"], name="publication_view_is_counted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} by {self.organisation_id}"
