"""Reading a delivery status notification (RFC 3464).

Only what came to a signed address, and is built as such a notification, says anything: absences, receipts and
letters to the address of the bounces are none.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

from notifications.bounces.signing import signed_delivery

#: Where mail servers write whom they delivered to.
ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
#: The answer of a mail server, in a field such as "smtp; 550 no such user".
ANSWER = re.compile(r";\s*([45])\d\d\b")


@dataclass(frozen=True)
class Report:
    """That the mail with the key `delivery` came back.

    :ivar recipients: for whom, as far as it says so; somebody else than the mail was sent to, if it was passed on
    :ivar dated: by the clock of the other server; None if that cannot be read
    """

    delivery: int
    is_hard: bool
    status: str
    recipients: frozenset[str]
    dated: datetime | None


def read_report(raw: bytes, *, recipient: str = "") -> Report | None:
    """Return what a message reports; None if it is no notice of ours.

    :param recipient: whom the message was delivered to, if the mail server says so apart from the message
    """
    try:
        message = message_from_bytes(raw)
        delivery = signed_delivery([recipient, *_values(message, *ADDRESSED)])
        blocks = _blocks(message)
    except (RecursionError, ValueError, LookupError):  # built to break parsers: not by a mail server
        return None
    if delivery is None:
        return None
    found = [(status, block) for block in blocks if (status := _status(block))]
    if not found:
        return None
    found.sort(key=lambda pair: pair[0].startswith("5"), reverse=True)  # the worst counts
    status = found[0][0]
    recipients = {
        _address(value) for _, block in found for value in _values(block, "Original-Recipient", "Final-Recipient")
    }
    return Report(delivery, status.startswith("5"), status, frozenset(recipients - {""}), _dated(message))


def _blocks(message: Message) -> list[Message]:
    """Return the groups of fields, one for each recipient."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return []
    for part in message.get_payload():
        if isinstance(part, Message) and part.get_content_type() == "message/delivery-status" and part.is_multipart():
            return [block for block in part.get_payload() if isinstance(block, Message)]
    return []


def _status(block: Message) -> str:
    """Return the status of a recipient who did not get it; "" of others.

    "delayed" counts as for now, whatever the number: the mail may still arrive.
    """
    action = " ".join(_values(block, "Action")).strip().lower()
    if action not in {"failed", "delayed"}:
        return ""
    diagnosis = " ".join(_values(block, "Diagnostic-Code"))
    if found := STATUS.search(" ".join(_values(block, "Status"))) or STATUS.search(diagnosis):
        status = found[1]
    elif found := ANSWER.search(diagnosis):
        status = f"{found[1]}.0.0"
    else:
        return ""
    if status.startswith("2"):
        return ""
    return f"4{status[1:]}" if action == "delayed" else status


def _address(value: str) -> str:
    """Return the address in "rfc822; <Reader@Responder.example>", in lower case."""
    return value.rpartition(";")[2].strip().strip("<>").lower()


def _values(message: Message, *names: str) -> list[str]:
    return [str(value) for name in names for value in message.get_all(name, [])]


def _dated(message: Message) -> datetime | None:
    try:
        dated = parsedate_to_datetime(str(message["Date"]))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return dated if dated.tzinfo else dated.replace(tzinfo=UTC)
