"""Scanners for malware.  Whatever goes wrong, a file is not clean because of it."""

import socket
import struct
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

CONNECT_SECONDS = 5
#: clamd itself gives up on one file after two minutes.
ANSWER_SECONDS = 150
CHUNK = 64 * 1024
LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """The scanner cannot be reached, or did not come to a verdict: try again later."""


class Scanner(Protocol):
    #: False where nothing is really scanned, which pages then say.
    is_real: bool

    def find(self, file: BinaryIO) -> str:
        """Return the name of the malware in `file`, or "".

        :raises ScannerAway: there is no verdict
        """


class ClamdScanner:
    """ClamAV's daemon, by its INSTREAM command: the bytes are sent, so that it needs no access to our files.

    Its `AlertExceedsMax` must be on: then a file too large or too deep to scan is a finding and not clean.

    :param address: (host, port), or the path of a socket
    """

    is_real = True

    def __init__(self, address: tuple[str, int] | str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.address, self.answer_seconds = address, answer_seconds

    def find(self, file: BinaryIO) -> str:
        try:
            with self._connection() as connection:
                return _verdict(self._ask(connection, file))
        except OSError as error:
            raise ScannerAway(f"no answer: {error}") from error

    def _connection(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, timeout=CONNECT_SECONDS)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(self.address)
        except OSError:
            connection.close()
            raise
        return connection

    def _ask(self, connection: socket.socket, file: BinaryIO) -> str:
        connection.settimeout(self.answer_seconds)
        connection.sendall(b"zINSTREAM\0")
        file.seek(0)
        while chunk := file.read(CHUNK):
            connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
            if not (more := connection.recv(LONGEST_ANSWER)):
                raise ScannerAway("it hung up before its answer was complete")
            answer += more
        return answer.rstrip(b"\0").decode("utf-8", "replace")


def _verdict(answer: str) -> str:
    """Return the name in "stream: NAME FOUND", "" for "stream: OK"; nothing else is a verdict."""
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND") or "unnamed"
    raise ScannerAway(f"it answered: {answer[:200]}")


class StubScanner:
    """For demonstrations and tests, where there is no clamd: it knows the test file of the trade, and nothing else."""

    is_real = False
    EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"

    def find(self, file: BinaryIO) -> str:
        file.seek(0)
        before = b""
        while chunk := file.read(CHUNK):
            if self.EICAR in before + chunk:
                return "Eicar-Test-Signature"
            before = chunk[-len(self.EICAR) :]
        return ""


def scanner() -> Scanner:
    """Return the scanner that the settings name: `clamd://host:port`, `clamd:///path/of/socket`, or `stub:`.

    :raises ImproperlyConfigured: the address is none of these
    """
    url = urlsplit(settings.SCANNER_URL)
    if url.scheme == "clamd":
        return ClamdScanner((url.hostname, url.port or 3310) if url.hostname else url.path)
    if url.scheme == "stub":
        return StubScanner()
    raise ImproperlyConfigured("SCANNER_URL must begin with clamd:// (or be stub: in a demonstration).")
