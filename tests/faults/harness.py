"""Worker, beat and web as real processes on servers of their own, wires that can be cut, a ledger of what arrived."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from devstack.mail_sink import MailSink
from devstack.postgres import Cluster
from devstack.privileges import dying_with_parent
from devstack.redis_server import RedisServer
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port
from notifications.models import Delivery
from tests.faults.proxy import Proxy
from tests.faults.recovery import RECOVERY_SECONDS
from tests.portal import GUNICORN, ROOT, WORKER, wait_until
from tests.scripted_smtp import ScriptedServer

BEAT = [sys.executable, "-m", "celery", "-A", "jol", "beat", "-l", "warning", "--pidfile", ""]
GIVE_UP_SECONDS = 10 * RECOVERY_SECONDS
#: Each of two senders: so that a fault can strike in the middle of 200 mails.
PER_SECOND = 25
MESSAGE_ID = re.compile(rb"(?im)^message-id: *(\S+)")
OPEN = ("pending", "sending", "deferred", "uncertain")


@dataclass(frozen=True)
class Taken:
    """A mail that the mail server has said 250 to."""

    message_id: str
    recipients: tuple[str, ...]
    content: bytes
    at: float  # seconds since 1970


class AppendingRedis(RedisServer):
    """A Redis that keeps its append-only file over a restart."""

    def prepare(self) -> list[str]:
        command = super().prepare()
        command[command.index("--appendonly") + 1] = "yes"
        return command


class Harness:
    """What runs while a fault strikes.  Processes are killed by the number they were started with."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder, self.cluster = folder, cluster
        self.redis = RedisServer(folder / "redis")
        self.sink = MailSink(folder / "mail")
        self.server: ScriptedServer | None = None  # takes the mails instead of the sink
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.proxies: dict[str, Proxy] = {}
        self.web_port = find_free_port()
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "jol.settings",
            "DATABASE_URL": cluster.url,
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": self.sink.url,
            "SITE_URL": "http://testserver",
            "ALLOWED_HOSTS": LOOPBACK,
            "SECRET_KEY": settings.SECRET_KEY,  # a session that a test opens is one of the web server's
            "MAIL_PER_SECOND": str(PER_SECOND),
            "AUDIT_ANCHOR_DIR": str(folder / "audit"),
        }

    # -- before the start -----------------------------------------------------------------------------
    def wire(self, name: str) -> Proxy:
        """Put a wire that can be cut in front of `redis`, `postgres` or `mail`."""
        targets = {
            "redis": ("REDIS_URL", str(self.redis.socket), "redis://{}:{}/0"),
            "postgres": (
                "DATABASE_URL",
                str(self.cluster.socket_folder / ".s.PGSQL.5432"),
                "postgresql://portal@{}:{}/postgres",
            ),
            "mail": ("EMAIL_URL", str(self.sink.port), "smtp://{}:{}"),
        }
        variable, target, url = targets[name]
        proxy = self.proxies[name] = Proxy(self.folder, name, target)
        proxy.start()
        self.environment[variable] = url.format(LOOPBACK, proxy.port)
        return proxy

    def deliver_to(self, server: ScriptedServer) -> None:
        self.server = server
        self.environment["EMAIL_URL"] = f"smtp://{LOOPBACK}:{server.port}"

    def fail_at(self, place: str) -> Path:
        """Have the worker kill itself at a place of `failpoints`; return the file that grows when it does."""
        struck = self.folder / "struck"
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAILPOINT": place,
            "FAILPOINT_STRUCK": str(struck),
        }
        return struck

    # -- processes ------------------------------------------------------------------------------------
    def start(self) -> None:
        self.redis.start()
        if not self.server:
            self.sink.start()
        self.start_worker()
        self.start_beat()

    def start_worker(self) -> None:
        self._start("worker", WORKER)

    def start_beat(self) -> None:
        self._start("beat", [*BEAT, "-s", str(self.folder / "beat")])

    def start_web(self, *, processes: int = 1) -> None:
        self._start("web", [*GUNICORN, "-b", f"{LOOPBACK}:{self.web_port}", "-w", str(processes)])
        wait_for_port(self.web_port, give_up=lambda: self.processes["web"].poll() is not None)

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
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
        self.kill(*self.processes)
        if self.redis.is_running:
            self.redis.server.send_signal(signal.SIGCONT)
        self.sink.stop()
        self.redis.stop()
        for proxy in self.proxies.values():
            proxy.stop()

    # -- faults -------------------------------------------------------------------------------------
    def kill(self, *names: str) -> None:
        """End processes and their children as a power cut would."""
        for name in names:
            process = self.processes[name]
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill_one_child(self) -> bool:
        """End one of the worker's children; say whether there was one."""
        children = self.children("worker")
        if children:
            os.kill(children[0], signal.SIGKILL)
        return bool(children)

    def children(self, of: str) -> list[int]:
        return _children(self.processes[of].pid)

    def kill_database(self) -> None:
        """End PostgreSQL and all its processes as a power cut would."""
        connection.close()
        server = self.cluster.server
        assert server
        for pid in [server.pid, *_children(server.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.wait()
        self.cluster.stop()

    def stop_worker_politely(self) -> float:
        """Ask the worker to end, as a new release does, and return how long it took."""
        worker = self.processes["worker"]
        worker.terminate()
        return wait_until(lambda: worker.poll() is not None, seconds=60, what="the worker's end")

    # -- what came of it ----------------------------------------------------------------------------
    def arrived(self) -> Counter[str]:
        """Return how often each Message-ID was taken by the mail server."""
        if self.server:
            return Counter(_message_id(one.content) for one in list(self.server.accepted))
        return Counter(line.message_id for line in self.sink.ledger())

    def taken(self) -> list[Taken]:
        """Return all that was taken, whole."""
        if self.server:
            offset = time.time() - time.monotonic()
            return [
                Taken(_message_id(one.content), tuple(one.recipients), one.content, one.at + offset)
                for one in self.server.accepted
            ]
        contents = {_message_id(content): content for content in (path.read_bytes() for path in self.sink.mails())}
        return [
            Taken(line.message_id, line.recipients, contents[line.message_id], line.received_at)
            for line in self.sink.ledger()
        ]

    def wait_for(self, mails: int, *, seconds: float = GIVE_UP_SECONDS, what: str = "") -> float:
        """Wait until so many different mails have arrived; return how long it took."""
        try:
            return wait_until(lambda: len(self.arrived()) >= mails, seconds=seconds, what=what or f"{mails} mails")
        except AssertionError as error:
            raise AssertionError(f"{error}; {len(self.arrived())} arrived; {self.states()}\n{self.logs()}") from None

    def settle(self) -> None:
        """Wait until no mail is due or in a sender's hands."""

        def is_settled() -> bool:
            connection.close()  # the server may have been another a moment ago
            open_ones = Delivery.objects.filter(state__in=OPEN)
            return not open_ones.exclude(due_at=None, state="uncertain").exclude(due_at__gt=timezone.now()).exists()

        try:
            wait_until(is_settled, seconds=GIVE_UP_SECONDS, what="all mails settled")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.states()}\n{self.logs()}") from None

    def let_time_pass(self) -> int:
        """Make due at once what waits for a minute or ten after a failed try; return how many that were."""
        waiting = Delivery.objects.filter(state__in=["deferred", "uncertain"], due_at__gt=timezone.now())
        return waiting.update(due_at=timezone.now())

    def states(self) -> Counter[str]:
        connection.close()
        return Counter(Delivery.objects.values_list("state", flat=True))

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))

    # -- the web server -------------------------------------------------------------------------------
    def sign_in(self, user: User) -> requests.Session:
        """Return a browser of `user`."""
        client = Client()
        client.force_login(user)
        browser = requests.Session()
        name = settings.SESSION_COOKIE_NAME
        browser.cookies.set(name, client.cookies[name].value)
        return browser

    def url(self, path: str) -> str:
        return f"http://{LOOPBACK}:{self.web_port}{path}"


def _children(pid: int) -> list[int]:
    tasks: Iterable[Path] = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _message_id(content: bytes) -> str:
    found = MESSAGE_ID.search(content)
    return found[1].decode() if found else ""
