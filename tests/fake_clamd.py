"""A stand-in for clamd on loopback: it speaks the real protocol, and misbehaves as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType

from devstack.waiting import LOOPBACK

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class FakeClamd:
    """Answers one connection at a time until the end of the `with` block.

    :param behaviour: `honest`; `silent` (reads, never answers), `hangs up` (in the middle of the file), `limit` (the
        file is over StreamMaxLength), `exceeds` (AlertExceedsMax), or any text to answer as it is
    """

    def __init__(self, behaviour: str = "honest") -> None:
        self.behaviour = behaviour
        self.received: list[bytes] = []
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"clamd://{LOOPBACK}:{self.port}"

    def __enter__(self) -> FakeClamd:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection)
                except OSError:
                    continue

    def _answer(self, connection: socket.socket) -> None:
        assert _exactly(connection, 10) == b"zINSTREAM\0"
        file = b""
        while length := struct.unpack("!L", _exactly(connection, 4))[0]:
            file += _exactly(connection, length)
            if self.behaviour == "hangs up":
                return
        self.received.append(file)
        if self.behaviour == "silent":
            connection.recv(1)  # until the other side has had enough
            return
        connection.sendall(self._verdict(file).encode() + b"\0")

    def _verdict(self, file: bytes) -> str:
        match self.behaviour:
            case "honest":
                return "stream: Win.Test.EICAR_HDB-1 FOUND" if EICAR in file else "stream: OK"
            case "limit":
                return "INSTREAM size limit exceeded. ERROR"
            case "exceeds":
                return "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND"
        return self.behaviour


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = connection.recv(count - len(received))
        if not more:
            raise ConnectionResetError
        received += more
    return received
