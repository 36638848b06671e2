"""Django's way of sending mail ends here: each message becomes rows, and the web never talks to a mail server."""

from collections.abc import Sequence
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.notices import WHY as WHY_HEADER
from notifications.mime import one_line
from notifications.models import Delivery, DeliveryKind, Priority
from notifications.words import paragraphs_of

WHY = _("You get this because of something that was done with the account of this address, or asked for in its name.")


class DeliveryBackend(BaseEmailBackend):
    """Write one transactional mail per recipient, in the caller's transaction.

    Subject and text are kept until it has gone; the HTML part is drawn anew, from the same text and our own design.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if message.attachments:
                raise ValueError("mails of the portal have no attachments")
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        why = message.extra_headers.get(WHY_HEADER, WHY)
        body = content_from(str(message.subject), str(message.body), why)
        addresses = dict.fromkeys(address.strip().lower() for address in message.recipients())
        Delivery.objects.bulk_create(
            Delivery(
                address=address,
                kind=DeliveryKind.TRANSACTIONAL,
                priority=Priority.TRANSACTIONAL,
                body=body,
            )
            for address in addresses
        )


def content_from(subject: str, text: str, why: object = WHY) -> dict[str, Any]:
    """Return a mail of plain text as it is kept in `Delivery.body`, with the language that is spoken now."""
    subject = one_line(subject)
    written = {"subject": subject, "heading": subject, "paragraphs": paragraphs_of(text), "why": str(why)}
    return written | {"language": translation.get_language()}
