"""A mail server that keeps what it gets: one .eml file and one line of a ledger per mail.

python -m devstack.mail_sink PORT FOLDER
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.privileges import dying_with_parent
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

LEDGER = "ledger.tsv"
STOP_SECONDS = 10


@dataclass(frozen=True)
class LedgerLine:
    """One mail that the sink has said 250 to."""

    received_at: float  # seconds since 1970
    message_id: str
    recipients: tuple[str, ...]


class Mailbox:
    """Keeps each mail in a folder.  A mail is on disk before its sender hears 250."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        name = f"{time.time_ns()}-{next(self.numbers)}"
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(content)
        unfinished.rename(self.folder / f"{name}.eml")
        self._note(str(message["Message-ID"]).strip(), envelope.rcpt_tos)
        print(f"{', '.join(envelope.rcpt_tos)}: {message['Subject']}", flush=True)
        return "250 OK"

    def _note(self, message_id: str, recipients: list[str]) -> None:
        line = f"{time.time():.6f}\t{message_id}\t{','.join(recipients)}\n"
        ledger = os.open(self.folder / LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(ledger, line.encode(errors="replace"))
        finally:
            os.close(ledger)


class MailSink:
    """The sink as a process of its own, for tests.  It can be stopped and started again on its port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = Path(folder)
        self.port = port or find_free_port()
        self.server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start the sink and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "sink.log").open("ab") as log:
            self.server = subprocess.Popen(
                sink_command(self.port, self.folder),
                cwd=Path(__file__).resolve().parent.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )
        server = self.server
        wait_for_port(self.port, give_up=lambda: server.poll() is not None)

    def stop(self) -> None:
        """Stop the sink; a second call does nothing."""
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End the sink as a crash would."""
        if self.server and self.server.poll() is None:
            self.server.kill()
            self.server.wait(STOP_SECONDS)

    def ledger(self) -> list[LedgerLine]:
        """Return what was accepted so far, oldest first."""
        path = self.folder / LEDGER
        if not path.exists():
            return []
        rows = (line.split("\t") for line in path.read_text().splitlines())
        return [LedgerLine(float(at), message_id, tuple(rcpt.split(","))) for at, message_id, rcpt in rows]

    def mails(self) -> list[Path]:
        """Return the .eml files, oldest first."""
        return sorted(self.folder.glob("*.eml"))


def sink_command(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "devstack.mail_sink", str(port), str(folder)]


def main() -> None:
    from aiosmtpd.controller import Controller

    stop_signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)  # before the controller starts its thread
    controller = Controller(Mailbox(Path(sys.argv[2])), hostname=LOOPBACK, port=int(sys.argv[1]))
    controller.start()
    signal.sigwait(stop_signals)
    controller.stop()


if __name__ == "__main__":
    main()
