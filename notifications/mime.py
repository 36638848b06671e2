"""Writing a mail as bytes: once for all its readers, with gaps for what differs per reader.

Text and HTML are quoted-printable.  A gap stands between soft line breaks, so that filling it in is safe whatever the
filling: it is encoded by itself.  No line begins with a dot, none is longer than 78 octets but the address header.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

BOUNDARY = "=_the-other-part_="
SOFT_BREAK = b"=\r\n"


def quoted(text: str) -> bytes:
    """Return `text` as quoted-printable with CRLF line ends, safe to be joined with other pieces."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    encoded = encoded.replace(b"\n.", b"\n=2E")
    return b"=2E" + encoded[1:] if encoded.startswith(b".") else encoded


def one_line(text: str) -> str:
    """Return `text` without line breaks and other control characters: nothing can be slipped into a header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", text).split())


def header(name: str, value: str) -> bytes:
    """Return one header line, folded, with other letters than ASCII as encoded words."""
    value = one_line(value).encode("utf-8", "replace").decode()
    encoded = Header(value, None if value.isascii() else "utf-8", header_name=name, maxlinelen=76).encode(
        linesep="\r\n"
    )
    return f"{name}: {encoded}\r\n".encode("ascii")


def address_header(name: str, address: str) -> bytes:
    """Return a header line of one address with a name, such as From."""
    display, mailbox = parseaddr(address)
    return f"{name}: {formataddr((one_line(display), mailbox))}\r\n".encode("ascii")


@dataclass(frozen=True)
class Prepared:
    """A mail with gaps: `pieces` are bytes, or names of gaps."""

    head: bytes
    pieces: tuple[bytes | str, ...]

    def filled(
        self, *, to: str, message_id: str, date: datetime, gaps: Mapping[str, bytes], more: bytes = b""
    ) -> bytes:
        """Return the mail for one reader.

        :param to: an ASCII address
        :param gaps: what `quoted` made of each filling, by name
        :param more: further header lines
        """
        own = f"Message-ID: {message_id}\r\nDate: {_date(date)}\r\nTo: {to}\r\n".encode("ascii")
        body = [piece if isinstance(piece, bytes) else SOFT_BREAK + gaps[piece] + SOFT_BREAK for piece in self.pieces]
        return b"".join([own, more, self.head, *body])


@lru_cache(maxsize=8)
def _date(date: datetime) -> str:
    """The same for all mails of a batch."""
    return format_datetime(date)


def prepare(*, head: bytes, text: str, html: str, gaps: Mapping[str, str]) -> Prepared:
    """Make a mail of two parts.

    :param head: header lines that are the same for all readers
    :param gaps: by name of the gap, the mark that stands for it in `text` and `html`; marks must be hard to guess
    """
    lines = [
        b"MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode(),
    ]
    pieces = [
        *_part("plain", text, gaps),
        *_part("html", html, gaps),
        f"--{BOUNDARY}--\r\n".encode(),
    ]
    return Prepared(head + b"".join(lines), tuple(pieces))


def _part(kind: str, text: str, gaps: Mapping[str, str]) -> list[bytes | str]:
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    by_mark = {mark: name for name, mark in gaps.items()}
    found = re.split("|".join(map(re.escape, by_mark)), text) if by_mark else [text]
    marks = re.findall("|".join(map(re.escape, by_mark)), text) if by_mark else []
    pieces: list[bytes | str] = [head.encode(), quoted(found[0])]
    for mark, after in zip(marks, found[1:], strict=True):
        pieces += [by_mark[mark], quoted(after)]
    pieces.append(b"\r\n")
    return pieces
