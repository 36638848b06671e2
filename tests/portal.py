"""The whole portal as real processes on the database of a test: web server, worker, beat, Redis, mail sink."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import connection

from devstack.mail_sink import MailSink
from devstack.privileges import dying_with_parent
from devstack.redis_server import RedisServer
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

ROOT = Path(__file__).resolve().parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "jol.wsgi", "-c", "python:jol.serving", "-w", "1"]
CELERY = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "jol"]
WORKER = [*CELERY, "worker", "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle"]


def database_url(*, user: str = "", password: str = "") -> str:
    """Return the address of the database that this test uses, of its owner unless `user` is given."""
    settings = connection.settings_dict
    host = urlencode({"host": settings["HOST"], **({"port": settings["PORT"]} if settings["PORT"] else {})})
    who = f"{user or settings['USER']}:{password or settings['PASSWORD']}".removesuffix(":")
    return f"postgresql://{who}@/{settings['NAME']}?{host}"


class Portal:
    """Started once for a test; every process ends with it.

    Its processes sign in to the database as they do on a server: as a role that cannot change the record.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = RedisServer(folder / "redis")
        self.sink = MailSink(folder / "mail")
        self.port = find_free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        role = f"app_of_{connection.settings_dict['NAME']}"  # roles are of the whole server
        self.database_url = database_url(user=role, password=secrets.token_hex(8))

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "jol.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": self.sink.url,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": LOOPBACK,
            "SECRET_KEY": secrets.token_hex(32),
            "STATIC_FROM_SOURCE": "1",
            "MAIL_PER_SECOND": "0",
            "AUDIT_ANCHOR_DIR": str(self.folder / "audit"),
        }

    def start(self) -> Portal:
        self._grant()
        self.redis.start()
        self.sink.start()
        self.start_worker()
        self.start_process("beat", [*CELERY, "beat", "-l", "warning", "--pidfile", "", "-s", str(self.folder / "beat")])
        return self._start_web()

    def start_web_alone(self) -> Portal:
        """Start what answers, and nobody who works behind it."""
        self._grant()
        self.redis.start()
        return self._start_web()

    def _grant(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("APP_DATABASE_URL", self.database_url)
            call_command("grant_app_role", stdout=StringIO())

    def _start_web(self) -> Portal:
        self.start_process("web", [*GUNICORN, "-b", f"{LOOPBACK}:{self.port}"])
        wait_for_port(self.port, give_up=lambda: self.running["web"].poll() is not None)
        return self

    def start_worker(self) -> None:
        self.start_process("worker", WORKER)

    def start_process(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._settled_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )

    def _settled_environment(self) -> dict[str, str]:
        """The same for every process: they share one secret key."""
        if not hasattr(self, "_environment"):
            self._environment = self.environment
        return self._environment

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.sink.stop()
        self.redis.stop()

    # -- what arrived --------------------------------------------------------------------------------
    def mails(self) -> list[EmailMessage]:
        """Return every mail in the sink, oldest first."""
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self.sink.mails()]

    def mails_to(self, address: str, words: str = "") -> list[EmailMessage]:
        """Return the mails to `address` that have `words` in their subject."""
        return [m for m in self.mails() if m["To"].lower() == address.lower() and words in m["Subject"]]

    def logs(self) -> str:
        """Return what the processes wrote, for the message of a test that failed."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Wait until `condition` is true and return how long it took, in seconds.

    :raises AssertionError: it was not in time; `seconds` is a limit to give up at, ten times what is expected
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - start
