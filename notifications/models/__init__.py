"""What is stored about subscriptions, announcements and mails."""

from notifications.models.announcements import Announcement, AnnouncementKind, Notice
from notifications.models.deliveries import Delivery, DeliveryKind, DeliveryQuerySet, Lane, Priority, State
from notifications.models.digests import DigestRun
from notifications.models.subscriptions import CRITERIA, Frequency, Subscription, SubscriptionQuerySet
from notifications.models.use import UseMailsOff, UseRun

__all__ = [
    "CRITERIA",
    "Announcement",
    "AnnouncementKind",
    "Delivery",
    "DeliveryKind",
    "DeliveryQuerySet",
    "DigestRun",
    "Frequency",
    "Lane",
    "Notice",
    "Priority",
    "State",
    "Subscription",
    "SubscriptionQuerySet",
    "UseMailsOff",
    "UseRun",
]
