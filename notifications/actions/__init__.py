"""Everything that is written about subscriptions."""

from notifications.actions.subscriptions import (
    NoWords,
    SubscriptionError,
    as_query,
    can_be_searched,
    change_subscription,
    end_subscription,
    pause_subscription,
    resume_subscription,
    subscribe,
)
from notifications.actions.unsubscribing import subscriptions_named_in, undo_unsubscribe, unsubscribe

__all__ = [
    "NoWords",
    "SubscriptionError",
    "as_query",
    "can_be_searched",
    "change_subscription",
    "end_subscription",
    "pause_subscription",
    "resume_subscription",
    "subscribe",
    "subscriptions_named_in",
    "undo_unsubscribe",
    "unsubscribe",
]
