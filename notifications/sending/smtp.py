"""One kept connection to the mail server, and what can come of handing over a mail."""

import io
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

#: Of one answer.  Shorter than a lease, so that a silent server is told from a dead sender.
TIMEOUT_SECONDS = 15.0
LONGEST_ANSWER = 8192
#: The answers to MAIL, RCPT and DATA.
AS_HOPED = [250, 250, 354]


class NoConnection(Exception):
    """There is no connection, or it ended before the final dot: the mail was certainly not taken."""


class RefusedForNow(Exception):
    """The server said 4xx to this mail."""


class RefusedForGood(Exception):
    """The server said 5xx to this mail."""


class AddressRefused(RefusedForGood):
    """The server said 5xx to the address, and not because of who we are."""


class NoAnswer(Exception):
    """The connection ended, or went silent, after the final dot: the mail may have been taken."""


class Envelope(NamedTuple):
    """Who a mail is from and for, in ASCII."""

    sender: str
    recipient: str

    @property
    def commands(self) -> tuple[str, str, str]:
        return f"mail FROM:<{self.sender}>", f"rcpt TO:<{self.recipient}>", "data"


#: Makes the error of an answer of 5xx, from its words.
Refusal = Callable[[str], Exception]


def _refused_address(words: str) -> RefusedForGood:
    """5.7.x is about what we may do ("relay access denied"): one fault of set-up must not suppress everybody."""
    return RefusedForGood(words) if " 5.7." in words[:8] else AddressRefused(words)


@dataclass(frozen=True)
class Server:
    """What EMAIL_URL says: `smtp://user:password@host:25?starttls=1`, or `smtps://…:465`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False

    @classmethod
    def from_url(cls, url: str) -> "Server":
        """Read an address.

        :raises ImproperlyConfigured: it is not one of a mail server
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ImproperlyConfigured("EMAIL_URL is no address: / in a password is written %2F, and so on.") from None
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ImproperlyConfigured("EMAIL_URL must begin with smtp:// or smtps:// and name a host")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
            starttls=parse_qs(parts.query).get("starttls", ["0"])[-1] == "1",
        )


class MailConnection:
    """A connection that is opened when first needed and kept while there is something to send; one per process."""

    def __init__(self, server: Server, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.server = server
        self.timeout_seconds = timeout_seconds
        self.pace = 0.001  # seconds that a mail takes here, of late
        self._smtp: smtplib.SMTP | None = None
        self._announced: Envelope | None = None  # said already; its answers are not read yet

    def open(self) -> None:
        """Make sure that somebody answers at the other end.

        :raises NoConnection: nobody does
        """
        try:
            if self._smtp and not self._announced and self._smtp.noop()[0] == 250:
                return
        except (OSError, smtplib.SMTPException):
            pass  # the server closed it while it was idle
        self.close()
        try:
            self._smtp = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NoConnection(_words(error)) from error

    def _connect(self) -> smtplib.SMTP:
        server, timeout = self.server, self.timeout_seconds
        # Reading the certificates of authorities takes as long as sending fifty mails.
        context = ssl.create_default_context() if server.tls or server.starttls else None
        if server.tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=timeout)
        if server.starttls:
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
        return smtp

    def close(self) -> None:
        self._announced = None
        if self._smtp:
            self._smtp.close()
            self._smtp = None

    def leave(self) -> None:
        """End the connection with a word, and without waiting for the answer.

        A server may take few connections at a time: one that a sender keeps for later keeps out those with work now.
        """
        if self._smtp and not self._announced:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.send(b"quit\r\n")
        self.close()

    def send(
        self,
        *,
        envelope: Envelope,
        content: bytes,
        note: Callable[[], None],
        before_data: Callable[[], None],
        following: Envelope | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Hand one mail over; when this returns the server has taken it.

        A server that takes commands at once (RFC 2920) hears with the text of a mail whom the next is for.  If that
        does not come next, the connection ends: the server waits for a text, and only so hears that there is none.

        :param content: 7-bit, lines of at most 998 octets that end in CRLF and begin with no dot
        :param note: called before the text goes out, if possible while the server thinks
        :param before_data: called last before the text goes out; what either raises stops the hand-over
        :param following: of the mail that will be handed over next
        :param meanwhile: called while the server takes the text
        :raises NoConnection: not taken, through no fault of this mail
        :raises RefusedForNow: not taken, try again
        :raises RefusedForGood: not taken, and never will be; AddressRefused if that is the address's doing
        :raises NoAnswer: it may have been taken
        """
        if self._announced and self._announced != envelope:
            self.close()
        if self._smtp is None:
            self.open()
        if self._smtp and self._smtp.has_extn("pipelining"):
            if not self._announced:
                self._announce(envelope)
            self._or_hang_up(note)
            self._hear(envelope)
            self._or_hang_up(before_data)
            self._hand_over(content, following, meanwhile)
            return
        note()
        self._say(envelope.commands[0], refusal=RefusedForNow)  # 5xx here is about us, not about the mail
        self._say(envelope.commands[1], refusal=_refused_address)
        try:
            before_data()
        except Exception:
            self._reset()
            raise
        self._say(envelope.commands[2], expect=354)
        self._hand_over(content, None, meanwhile)

    def _or_hang_up(self, call: Callable[[], None]) -> None:
        """Make a call; if it fails hang up: the server waits for a text, and hears only so that there is none."""
        try:
            call()
        except BaseException:
            self.close()
            raise

    def _announce(self, envelope: Envelope) -> None:
        """Say who the mail is from and for, and that it comes, in one breath."""

        def say(smtp: smtplib.SMTP) -> tuple[int, bytes]:
            smtp.send(_at_once(envelope))
            return 0, b""  # the answers are read later

        self._exchange(say)
        self._announced = envelope

    def _hear(self, envelope: Envelope) -> None:
        """Judge the answers to what was announced, in order."""
        answers = [self._exchange(_reply)]
        while len(answers) < len(AS_HOPED) and answers[-1][0] != 421:
            answers.append(self._exchange(_reply))
        self._announced = None
        if [code for code, _ in answers] == AS_HOPED:
            return
        refusals: list[Refusal] = [RefusedForNow, _refused_address, RefusedForGood]
        for (code, words), expected, refusal in zip(answers, AS_HOPED, refusals, strict=False):
            if code not in {expected, 251}:
                if answers[-1][0] == 354:  # it waits for a text in spite of its refusal; the mail has no recipient
                    self._exchange(lambda smtp: smtp.docmd("."))
                self._refuse(code, words, refusal)

    def _say(self, command: str, *, expect: int = 250, refusal: Refusal = RefusedForGood) -> None:
        code, words = self._exchange(lambda smtp: smtp.docmd(command))
        if code in {expect, 251}:
            return
        self._refuse(code, words, refusal)

    def _refuse(self, code: int, words: str, refusal: Refusal = RefusedForGood) -> None:
        if code == 421:
            self.close()
            raise NoConnection(words)
        self._reset()
        raise (RefusedForNow if code < 500 else refusal)(words)

    def _exchange(self, say: Callable[[smtplib.SMTP], tuple[int, bytes]]) -> tuple[int, str]:
        if self._smtp is None:
            raise NoConnection("The connection was closed.")
        try:
            code, words = say(self._smtp)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NoConnection(_words(error)) from error
        return code, f"{code} {words.decode(errors='replace')}"

    def _hand_over(self, content: bytes, following: Envelope | None, meanwhile: Callable[[], None]) -> None:
        smtp = self._smtp
        if smtp is None:
            raise NoConnection("The connection was closed.")
        try:
            smtp.send(content + b".\r\n" + (_at_once(following) if following else b""))
        except Exception as error:
            self.close()
            if following is None and isinstance(error, OSError | smtplib.SMTPException):
                raise NoConnection(_words(error)) from error  # the final dot is in what could not be sent
            raise NoAnswer(_words(error)) from error
        self._announced = following
        try:
            meanwhile()
            code, words = _reply(smtp)
        except (
            Exception
        ) as error:  # the line is cut, or the time of the task is over: whatever it is, the text has gone
            self.close()
            raise NoAnswer(_words(error)) from error
        if code == 250:
            return
        said = f"{code} {words.decode(errors='replace')}"
        if self._announced and code != 421:  # the next has begun for the server
            raise (RefusedForNow if code < 500 else RefusedForGood)(said)
        self._refuse(code, said)

    def _reset(self) -> None:
        try:
            if self._smtp:
                self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close()


def _at_once(envelope: Envelope) -> bytes:
    return "{}\r\n{}\r\n{}\r\n".format(*envelope.commands).encode("ascii")


def _reply(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    """Read one answer.  Most are one line, and many come at once: reading those takes as long as the mail otherwise."""
    file = smtp.file
    if file is None or not isinstance(file, io.BufferedReader) or file.peek(4)[3:4] != b" ":
        return smtp.getreply()
    line = file.readline(LONGEST_ANSWER)
    if not line.endswith(b"\n") or not line[:3].isdigit():
        raise smtplib.SMTPServerDisconnected("the answer is cut short")
    return int(line[:3]), line[4:].strip()


def _words(error: Exception) -> str:
    """Return what went wrong for the row of the mail: the kind of error and its words."""
    return f"{type(error).__name__}: {error}"[:400]
