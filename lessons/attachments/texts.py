"""Plain text and tables: text in fact, and no page in disguise."""

import re
from typing import BinaryIO

from lessons.attachments.archives import DAMAGED
from lessons.attachments.kinds import Refused, gettext_noop

CHUNK = 64 * 1024
_MARKUP = re.compile(
    rb"<\s*(!doctype|\?xml|html|head|body|script|svg|iframe|object|embed|img|style|meta|link|table|form)\b",
    re.IGNORECASE,
)
#: Characters that no text holds.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
NO_TEXT = gettext_noop("This is not plain text. Save it as text (UTF-8), and attach that")


def looks_like_markup(head: bytes) -> bool:
    """Whether the first bytes of a file would be taken for a web page."""
    return _MARKUP.search(head) is not None


def check(file: BinaryIO) -> None:
    """Refuse what is not text in UTF-8, UTF-16 or Windows-1252.

    :raises Refused: it is something else
    """
    file.seek(0)
    head = file.read(4096)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if looks_like_markup(head.replace(b"\0", b"")) or head.startswith((b"%PDF", b"PK\x03\x04", b"MZ", b"\xd0\xcf")):
        raise Refused(DAMAGED)
    for attempt in dict.fromkeys([encoding, "cp1252"]):
        file.seek(0)
        try:
            return _read(file, attempt)
        except UnicodeError:
            continue
    raise Refused(NO_TEXT)


def _read(file: BinaryIO, encoding: str) -> None:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)()
    while chunk := file.read(CHUNK):
        if _CONTROL.search(decoder.decode(chunk)):
            raise Refused(NO_TEXT)
    decoder.decode(b"", final=True)
