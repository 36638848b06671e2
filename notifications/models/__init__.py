"""What is stored about subscriptions, announcements and mails."""

from notifications.models.announcements import Announcement, AnnouncementKind, Notice
from notifications.models.bounces import Bounce, Suppression, SuppressionQuerySet
from notifications.models.deliveries import Delivery, DeliveryKind, DeliveryQuerySet, Lane, Priority, State
from notifications.models.digests import DigestRun
from notifications.models.holds import MailHold
from notifications.models.lookups import AnyOf
from notifications.models.operation import Domain, ScheduledRun
from notifications.models.quarters import QuarterDigest
from notifications.models.replays import Replay
from notifications.models.subscriptions import CRITERIA, Frequency, Subscription, SubscriptionQuerySet
from notifications.models.use import UseMailsOff, UseRun

__all__ = [
    "CRITERIA",
    "Announcement",
    "AnnouncementKind",
    "AnyOf",
    "Bounce",
    "Delivery",
    "DeliveryKind",
    "DeliveryQuerySet",
    "DigestRun",
    "Domain",
    "Frequency",
    "Lane",
    "MailHold",
    "Notice",
    "Priority",
    "QuarterDigest",
    "Replay",
    "ScheduledRun",
    "State",
    "Subscription",
    "SubscriptionQuerySet",
    "Suppression",
    "SuppressionQuerySet",
    "UseMailsOff",
    "UseRun",
]
