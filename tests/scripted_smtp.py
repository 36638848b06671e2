"""A mail server whose answers a test writes: in this process, on a free port of the loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import BinaryIO

from django.db import connections

#: Steps of a hand-over that can be answered otherwise; "text" is the answer after the final dot.
STEPS = ("connect", "mail", "rcpt", "data", "text")


@dataclass
class Received:
    """A mail whose text arrived whole, whatever the answer was."""

    sender: str
    recipients: list[str]
    content: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content().replace("\r\n", "\n")


class ScriptedServer:
    """Says yes to everything, but what `answer` says otherwise: "451 words", "drop" or "hang".

    `on_mail` is called with the number of each mail before it is answered, in another thread: if it writes to the
    database, the test must be transactional.  `delay` seconds pass before each answer, or those of the recipient's
    domain in `delay_for`.  `received` holds each mail whose text arrived whole, `accepted` those that were not refused
    then.  More than `most_connections` at a time are turned away.  `on_recipient` is called before each is answered.
    """

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.received: list[Received] = []
        self.accepted: list[Received] = []
        self.pipelining = True
        self.most_connections = 0
        self.turned_away = 0
        self.connections = 0  # open now
        self.farewells = 0  # ends that were announced
        self.on_mail: Callable[[int], object] | None = None
        self.on_recipient: Callable[[], object] | None = None
        self.delay = 0.0
        self.delay_for: dict[str, float] = {}
        self._answers: dict[str, tuple[str, str, str, bool]] = {}
        self._seen: set[str] = set()
        self._counting = threading.Lock()
        self._ended = threading.Event()
        self._clients: list[tuple[socket.socket, threading.Thread]] = []
        self._problem: BaseException | None = None

    def answer(self, step: str, how: str, *, only: str = "", domain: str = "", at_first_sight: bool = False) -> None:
        """Answer a step so from now on; "" for the usual answer again.

        :param only: for recipients that begin with it, or that are of `domain`
        :param at_first_sight: to each recipient once, as greylisting does
        """
        assert step in STEPS
        self._answers[step] = (how, only, domain, at_first_sight)

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.listener.close()
        for client, thread in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            thread.join(5)
        assert self._problem is None, self._problem

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[client], daemon=True)
            self._clients.append((client, thread))
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with self._counting:
            self.connections += 1
        try:
            with client, client.makefile("rb") as lines:
                if self.most_connections and self.connections > self.most_connections:
                    self.turned_away += 1
                    client.sendall(b"421 too many connections\r\n")
                    return
                self._talk(client, lines)
        except (OSError, _Dropped):
            pass
        except BaseException as problem:  # noqa: BLE001 - shown by the test that ends the server
            self._problem = problem
        finally:
            with self._counting:
                self.connections -= 1
            connections.close_all()  # `on_mail` may have used one

    def _talk(self, client: socket.socket, lines: BinaryIO) -> None:
        sender = ""
        recipients: list[str] = []
        self._say(client, "connect", "220 scripted")
        for line in lines:
            command = line.decode("ascii").strip()
            verb = command[:4].lower()
            if verb in {"ehlo", "helo"}:
                client.sendall(b"250-scripted\r\n" + b"250-PIPELINING\r\n" * self.pipelining + b"250 8BITMIME\r\n")
            elif verb == "mail":
                sender, recipients = _address(command), []
                self._say(client, "mail", "250 ok")
            elif verb == "rcpt":
                recipients += self._recipient(client, _address(command))
            elif verb == "data" and not recipients:
                client.sendall(b"554 no valid recipients\r\n")
            elif verb == "data":
                if self._say(client, "data", "354 go on"):
                    self._take(client, lines, sender, recipients)
            elif verb == "quit":
                self.farewells += 1
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 ok\r\n")

    def _recipient(self, client: socket.socket, address: str) -> list[str]:
        if self.on_recipient:
            self.on_recipient()
        return [address] if self._say(client, "rcpt", "250 ok", address) else []

    def _take(self, client: socket.socket, lines: BinaryIO, sender: str, recipients: list[str]) -> None:
        content = b""
        for line in lines:
            if line == b".\r\n":
                break
            content += line[1:] if line.startswith(b".") else line
        else:
            raise _Dropped  # by the sender, before the final dot: there is no mail
        mail = Received(sender, recipients, content)
        self.received.append(mail)
        if self.on_mail:
            self.on_mail(len(self.received))
        time.sleep(self.delay_for.get(recipients[0].partition("@")[2], self.delay))
        self.accepted.append(mail)
        if not self._say(client, "text", "250 taken", recipients[0]):
            self.accepted.remove(mail)

    def _say(self, client: socket.socket, step: str, usual: str, recipient: str = "") -> bool:
        """Give the answer; say whether it was the usual one."""
        how, only, domain, at_first_sight = self._answers.get(step, ("", "", "", False))
        is_new = recipient not in self._seen
        if step == "rcpt":
            self._seen.add(recipient)
        is_meant = recipient.startswith(only) and recipient.endswith(domain) and (is_new or not at_first_sight)
        if not how or not is_meant:
            client.sendall(f"{usual}\r\n".encode())
            return True
        if how == "drop":
            client.shutdown(socket.SHUT_RDWR)
            raise _Dropped
        if how == "hang":
            self._ended.wait(60)  # longer than any sender waits
            raise _Dropped
        client.sendall(f"{how}\r\n".encode())
        if how.startswith("421"):
            raise _Dropped
        return False


class _Dropped(Exception):
    """The connection was cut on purpose."""


def _address(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]
