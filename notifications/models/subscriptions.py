"""Subscriptions: what somebody wants to hear about."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from lessons.models.wording import codes

#: The lists of a subscription, and the prefix that their codes have among the terms of a publication.
CRITERIA = {
    "kinds": "kind",
    "risks": "risk",
    "risk_themes": "risk-theme",
    "themes": "theme",
    "areas": "area",
    "sectors": "sector",
    "capabilities": "capability",
    "sources": "source",
    "brags": "brag",
}
#: May look after the subscriptions of an organisation's mailbox.
LOOK_AFTER_MAILBOX = "notifications.change_organisation_subscription"


def new_token() -> str:
    """Return 256 random bits for an address that only the reader of a mail knows."""
    return secrets.token_urlsafe(32)


class Frequency(models.TextChoices):
    """In order: the soonest first."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    MONTHLY = "monthly", _("Monthly")
    QUARTERLY = "quarterly", _("Quarterly")
    OFF = "off", _("Off")


class QueryField(models.Field):
    """A `tsquery`; written by SQL only, so that PostgreSQL's own parser makes it."""

    def db_type(self, connection: object) -> str:
        return "tsquery"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def current(self) -> SubscriptionQuerySet:
        return self.filter(ended_at=None)

    def looked_after_by(self, user: User) -> SubscriptionQuerySet:
        """Keep the person's own and those of mailboxes that the person looks after."""
        organisations = [group.pk for group in mailboxes_of(user)]
        return self.filter(Q(person=user) | Q(organisation__in=organisations))

    def for_list(self) -> SubscriptionQuerySet:
        return self.select_related("organisation").order_by("organisation__name", "pk")


class Subscription(models.Model):
    """What a person, or an organisation's mailbox, is mailed about.

    Criteria hold codes, never keys of rows: a renamed risk, or a new edition, silences nobody.  An empty list means
    any; several codes of a list are alternatives, different lists must all match.  Risks and risk themes are one list.
    """

    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions"
    )
    frequency = models.CharField(max_length=10, choices=Frequency, default=Frequency.AT_ONCE)
    kinds = codes()
    risks = codes()
    risk_themes = codes()
    themes = codes()
    areas = codes()
    sectors = codes()
    capabilities = codes(db_default=[])
    sources = codes(db_default=[])
    brags = codes(db_default=[])
    words = models.CharField(max_length=300, blank=True)  # as long as those of a search
    query = QueryField(null=True, editable=False)
    resumes_as = models.CharField(
        max_length=10,
        choices=Frequency,
        blank=True,
        db_default="",
        help_text="How often it was mailed before a pause.",
    )
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_mail = models.ForeignKey(
        "notifications.Delivery",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="subscriptions_ended",
        help_text="The mail whose one-click link ended it; its undo begins it again.",
    )
    token = models.CharField(max_length=43, default=new_token, editable=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token"], name="subscription_token_is_its_own"),
            models.CheckConstraint(
                name="subscription_is_of_a_person_or_an_organisation",
                condition=Q(person__isnull=False, organisation__isnull=True)
                | Q(person__isnull=True, organisation__isnull=False),
            ),
            models.CheckConstraint(
                name="subscription_with_words_has_a_query",
                condition=Q(words="", query__isnull=True) | (~Q(words="") & Q(query__isnull=False)),
            ),
            models.CheckConstraint(
                name="subscription_ended_by_mail_has_ended",
                condition=Q(ended_by_mail__isnull=True) | Q(ended_at__isnull=False),
            ),
        ]
        permissions = [
            ("change_organisation_subscription", "Look after the subscriptions of an organisation's mailbox")
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("subscription_change", args=[self.token])

    def criteria(self) -> list[str]:
        """Return the codes asked for as terms, such as "risk:storms", in the order of the lists."""
        return [f"{prefix}:{code}" for name, prefix in CRITERIA.items() for code in getattr(self, name)]


def mailboxes_of(user: User) -> list[Organisation]:
    """Return the organisations whose mailbox `user` looks after, by name."""
    return [group for group in user.groups.order_by("name") if user.has_perm(LOOK_AFTER_MAILBOX, group)]
