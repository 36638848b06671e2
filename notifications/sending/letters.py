"""The mails of a window as bytes: the next is written while the mail server takes the last."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded

from notifications import rendering
from notifications.bounces.signing import envelope_sender
from notifications.models import Delivery
from notifications.sending.checks import Verdict
from notifications.sending.smtp import Envelope

logger = logging.getLogger(__name__)


GONE = Verdict("The mail is gone.")


class Letter(NamedTuple):
    """A mail, ready to be handed over; or why it cannot be written."""

    envelope: Envelope | None
    content: bytes = b""
    problem: str = ""


class Letters:
    """Writes the mails of a window; holds one that is not handed over yet."""

    def __init__(self, verdicts: Mapping[int, Verdict]) -> None:
        self.verdicts = verdicts
        self.ahead: dict[int, Letter] = {}
        self.envelope: tuple[int, Envelope] | None = None

    def verdict(self, delivery: Delivery) -> Verdict:
        return self.verdicts.get(delivery.pk) or GONE

    def letter_of(self, delivery: Delivery) -> Letter:
        return self.ahead.pop(delivery.pk, None) or self._write(delivery)

    def announce(self, delivery: Delivery) -> Envelope | None:
        """Return who the mail is from and for; None if its address is none: it fails at its turn."""
        try:
            envelope = _envelope_of(delivery)
        except ValueError:
            return None
        self.envelope = (delivery.pk, envelope)
        return envelope

    def write_ahead(self, delivery: Delivery) -> None:
        self.ahead = {delivery.pk: self._write(delivery)}

    def _write(self, delivery: Delivery) -> Letter:
        key, envelope = self.envelope or (0, None)
        try:
            if envelope is None or key != delivery.pk:
                envelope = _envelope_of(delivery)
            return Letter(envelope, rendering.content_of(delivery, self.verdict(delivery)))
        except SoftTimeLimitExceeded:  # not this mail's doing
            raise
        except Exception as error:
            # One mail that cannot be written must not hold up the others.
            logger.exception("mail %s cannot be written", delivery.pk)
            return Letter(None, problem=f"Cannot be written: {type(error).__name__}")


def _envelope_of(delivery: Delivery) -> Envelope:
    return Envelope(envelope_sender(delivery.pk), rendering.envelope_address(delivery.address))
