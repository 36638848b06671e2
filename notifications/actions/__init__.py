"""Everything that is written about subscriptions."""

from notifications.actions.mailboxes import (
    BadLink,
    TooManyQuestions,
    ask_to_confirm,
    begin_usual_subscriptions,
    change_mailbox,
    choose_language,
    clear_mailbox,
    confirm_mailbox,
    mailbox_asked,
)
from notifications.actions.quarters import EditedMeanwhile, NotInTime, approve_quarter, edit_quarter
from notifications.actions.subscriptions import (
    NoWords,
    SubscriptionError,
    TooManySubscriptions,
    as_query,
    can_be_searched,
    change_subscription,
    end_subscription,
    pause_subscription,
    resume_subscription,
    subscribe,
)
from notifications.actions.unsubscribing import subscriptions_named_in, undo_unsubscribe, unsubscribe
from notifications.actions.use_mails import resume_use_mails, stop_use_mails

__all__ = [
    "BadLink",
    "EditedMeanwhile",
    "NoWords",
    "NotInTime",
    "SubscriptionError",
    "TooManyQuestions",
    "TooManySubscriptions",
    "approve_quarter",
    "as_query",
    "ask_to_confirm",
    "begin_usual_subscriptions",
    "can_be_searched",
    "change_mailbox",
    "change_subscription",
    "choose_language",
    "clear_mailbox",
    "confirm_mailbox",
    "edit_quarter",
    "end_subscription",
    "mailbox_asked",
    "pause_subscription",
    "resume_subscription",
    "resume_use_mails",
    "stop_use_mails",
    "subscribe",
    "subscriptions_named_in",
    "undo_unsubscribe",
    "unsubscribe",
]
