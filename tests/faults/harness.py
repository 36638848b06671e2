"""Worker and beat as real processes on a PostgreSQL and Redis of their own, and a ledger of what they sent."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from django.db import connection

from devstack.mail_sink import MailSink
from devstack.postgres import Cluster
from devstack.privileges import dying_with_parent
from devstack.redis_server import RedisServer
from notifications.models import Delivery
from tests.portal import ROOT, WORKER, wait_until

BEAT = [sys.executable, "-m", "celery", "-A", "jol", "beat", "-l", "warning", "--pidfile", ""]
#: What is promised after a return.  Tests measure and report it; machines are noisy, so they fail at ten times that.
RECOVERY_SECONDS = 30
GIVE_UP_SECONDS = 10 * RECOVERY_SECONDS
#: Each of two senders: so that a fault can strike in the middle of 200 mails.
PER_SECOND = 25


class Harness:
    """What runs while a fault strikes.  Processes are killed by the number they were started with."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder, self.cluster = folder, cluster
        self.redis = RedisServer(folder / "redis")
        self.sink = MailSink(folder / "mail")
        self.worker: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "jol.settings",
            "DATABASE_URL": cluster.url,
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": self.sink.url,
            "SITE_URL": "http://testserver",
            "SECRET_KEY": secrets.token_hex(32),
            "MAIL_PER_SECOND": str(PER_SECOND),
        }

    def start(self) -> None:
        self.redis.start()
        self.sink.start()
        self.start_worker()
        self.beat = self._start("beat", [*BEAT, "-s", str(self.folder / "beat")])

    def start_worker(self) -> None:
        self.worker = self._start("worker", WORKER)

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGKILL),
            )

    def stop(self) -> None:
        for process in (self.beat, self.worker):
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.sink.stop()
        self.redis.stop()

    # -- faults -------------------------------------------------------------------------------------
    def kill_worker(self) -> None:
        """End the worker and its children as a power cut would."""
        assert self.worker
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def kill_one_child(self) -> bool:
        """End one of the worker's children; say whether there was one."""
        assert self.worker
        children = Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children").read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)
        return bool(children)

    def stop_worker_politely(self) -> float:
        """Ask the worker to end, as a new release does, and return how long it took."""
        worker = self.worker
        assert worker
        worker.terminate()
        return wait_until(lambda: worker.poll() is not None, seconds=60, what="the worker's end")

    # -- what came of it ----------------------------------------------------------------------------
    def arrived(self) -> Counter[str]:
        """Return how often each Message-ID was taken by the mail server."""
        return Counter(line.message_id for line in self.sink.ledger())

    def wait_for(self, mails: int, *, seconds: float = GIVE_UP_SECONDS, what: str = "") -> float:
        """Wait until so many different mails have arrived; return how long it took."""
        try:
            return wait_until(lambda: len(self.arrived()) >= mails, seconds=seconds, what=what or f"{mails} mails")
        except AssertionError as error:
            raise AssertionError(f"{error}; {len(self.arrived())} arrived; {self.states()}\n{self.logs()}") from None

    def settle(self) -> None:
        """Wait until no mail is waiting or in a sender's hands."""
        open_ones = ("pending", "sending", "deferred", "uncertain")

        def is_settled() -> bool:
            return not any(self.states().get(state) for state in open_ones)

        try:
            wait_until(is_settled, seconds=GIVE_UP_SECONDS, what="all mails settled")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.states()}\n{self.logs()}") from None

    def states(self) -> Counter[str]:
        connection.close()  # the server may have been another a moment ago
        return Counter(Delivery.objects.values_list("state", flat=True))

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))
