"""What each mail says: one entry per kind.

An entry gives the facts once; plain text and HTML are drawn from them by templates/emails/mail.*, so both say the same.
"""

from collections.abc import Callable

from notifications import alert_mails, duty_mails
from notifications.mail_content import About, Content
from notifications.models import DeliveryKind

ENTRIES: dict[str, Callable[[About], Content]] = {
    DeliveryKind.RECEIVED: duty_mails.received,
    DeliveryKind.SIGN_OFF_NEEDED: duty_mails.sign_off_needed,
    DeliveryKind.IN_YOUR_QUEUE: duty_mails.in_your_queue,
    DeliveryKind.OVERDUE: duty_mails.overdue,
    DeliveryKind.LOOK_AT_EDITED_TEXT: duty_mails.look_at_edited_text,
    DeliveryKind.OWNER_ANSWERED: duty_mails.owner_answered,
    DeliveryKind.CHANGES_REQUESTED: duty_mails.changes_requested,
    DeliveryKind.DECLINED: duty_mails.declined,
    DeliveryKind.TAKEN_BACK: duty_mails.taken_back,
    DeliveryKind.MERGED: duty_mails.merged,
    DeliveryKind.LESSON_PUBLISHED: duty_mails.lesson_published,
    DeliveryKind.WITHDRAWN: duty_mails.withdrawn,
    DeliveryKind.SUSPENDED: duty_mails.suspended,
    DeliveryKind.BACK_IN_USE: duty_mails.back_in_use,
    DeliveryKind.NEW_LESSON: alert_mails.new_lesson,
    DeliveryKind.CORRECTION: alert_mails.correction,
    DeliveryKind.STOP_USING: alert_mails.stop_using,
    DeliveryKind.USE_AGAIN: alert_mails.use_again,
}
#: Sent because of a subscription or a wish: with a one-click unsubscribe.
SUBSCRIPTION_MAILS = {DeliveryKind.NEW_LESSON, DeliveryKind.CORRECTION, DeliveryKind.DIGEST, DeliveryKind.LESSON_USED}
#: Sent to many.
ALERTS = SUBSCRIPTION_MAILS | {DeliveryKind.STOP_USING, DeliveryKind.USE_AGAIN}
