"""Asking the portal over HTTP, and sending the statements of an answer to the database without it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._reader import a_reader
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

if TYPE_CHECKING:
    from benchmarks.search import Asked


@contextmanager
def web_server() -> Iterator[tuple[int, int]]:
    """Start gunicorn as the portal runs it, with one process; yield its port and that process."""
    port = find_free_port()
    command = [sys.executable, "-m", "gunicorn", "jol.wsgi", "-c", "python:jol.serving", "-b", f"{LOOPBACK}:{port}"]
    environment = os.environ | {
        "API_REQUESTS_PER_MINUTE": "1000000",
        "ALLOWED_HOSTS": LOOPBACK,
        "PGOPTIONS": "",  # what takes longer than the portal would wait is measured too
    }
    server = subprocess.Popen([*command, "--workers", "1", "--timeout", "600", "--log-level", "error"], env=environment)
    try:
        wait_for_port(port, give_up=lambda: server.poll() is not None)
        yield port, _worker_of(server.pid)
    finally:
        server.terminate()
        server.wait(60)


def _worker_of(pid: int) -> int:
    """Return the process that answers: the server takes connections before it has one."""
    give_up = time.monotonic() + 60
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        assert time.monotonic() < give_up, "the server started no process"
        time.sleep(0.05)
    return int(children[0])


class Client:
    """Somebody signed in, and a token of theirs."""

    def __init__(self, port: int) -> None:
        self.host = f"{LOOPBACK}:{port}"
        self.cookie, self.token = _signed_in(), _token()

    def seconds(self, asked: Asked) -> float:
        """Return how long the whole answer takes, over a connection of its own."""
        headers = {"Host": self.host}
        if asked.path.startswith("/api/"):
            headers |= {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        else:
            headers["Cookie"] = self.cookie
        body = json.dumps(asked.body) if asked.body else None
        began = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, timeout=600)
        connection.request("POST" if body else "GET", asked.path, body, headers)
        answer = connection.getresponse()
        page = answer.read()
        took = time.perf_counter() - began
        connection.close()
        assert answer.status == 200, (asked.path, answer.status, page[:300])
        return took


class Statements:
    """The statements that answer a request."""

    def __init__(self) -> None:
        from django.db import connection
        from django.test import Client as Inside

        self.inside = Inside(headers={"host": LOOPBACK})
        self.inside.force_login(a_reader())
        connection.ensure_connection()
        self.backend: int = connection.connection.info.backend_pid

    def learn(self, asked: Asked) -> list[bytes]:
        """Ask once inside this process; return the statements that read, as they were sent."""
        from django.db import connection

        statements: list[bytes] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            answer = execute(sql, params, many, context)
            if sql.lstrip().upper().startswith(("SELECT", "WITH", "(SELECT")):
                statements.append(context["cursor"].query)
            return answer

        with connection.execute_wrapper(note):
            if asked.body:
                answer = self.inside.post(asked.path, asked.body, content_type="application/json")
            else:
                answer = self.inside.get(asked.path)
        assert answer.status_code == 200, (asked.path, answer.status_code)
        return statements

    def seconds(self, statements: list[bytes]) -> float:
        """Return how long they take by themselves."""
        from django.db import connection

        bare = connection.connection.cursor()
        began = time.perf_counter()
        for sql in statements:
            bare.execute(sql)
            bare.fetchall()
        took = time.perf_counter() - began
        bare.close()
        return took


def cpu_seconds(pid: int) -> float:
    """Return how long the process has computed: what a machine with other work cannot spoil."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _signed_in() -> str:
    from django.conf import settings
    from django.test import Client as Inside

    inside = Inside()
    inside.force_login(a_reader())
    return f"{settings.SESSION_COOKIE_NAME}={inside.cookies[settings.SESSION_COOKIE_NAME].value}"


def _token() -> str:
    from django.utils import timezone

    from accounts.models import TokenScope
    from accounts.tokens import create_token

    return create_token(user=a_reader(), scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())[1]
