"""Under overload some are told at once to come back, so that the others are answered soon.

A process answers as many requests at a time as it has threads; the rest wait in a line before them.  The worker
notes for how long, and who waited too long is not worth answering any more: by then most people have asked again.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse
from gunicorn.workers.gthread import TConn, ThreadWorker

from jol.away import busy

#: A page that was refused is asked for again, a text that was refused may be lost: writers have more patience.
READER_WAITS_SECONDS = 0.9
WRITER_WAITS_SECONDS = 8.0
READS = frozenset({"GET", "HEAD"})
#: Asked by what would start the portal again, which helps nobody under load.
NEVER_REFUSED = ("/health/",)

waited_seconds: ContextVar[float] = ContextVar("waited_seconds", default=0.0)


class Worker(ThreadWorker):
    """A gunicorn worker that knows how long each request waited for a thread, and waits for nobody to hang up.

    One that ends takes who has come, and nobody else: gunicorn would leave those who come until it has ended without
    an answer, and what they sent would be lost, as a proxy must not send it twice.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            before = -1
            while before != self.nr_conns:
                before = self.nr_conns
                self.accept(listener)
            listener.close()

    def enqueue_req(self, conn: TConn) -> None:
        conn.in_line_since = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        waited_seconds.set(time.monotonic() - conn.in_line_since)
        goes_on = super().handle(conn)
        asked = getattr(conn.parser, "mesg", None)
        if not goes_on and asked and asked.method in READS:
            # All that was sent is read.  gunicorn would wait for the other side to hang up as well, up to two seconds,
            # in the one thread that takes new connections.
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RD)
        return goes_on


class BusyMiddleware:
    """Answer 503 to whom has waited too long for a thread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        most = READER_WAITS_SECONDS if request.method in READS else WRITER_WAITS_SECONDS
        if waited_seconds.get() > most and not request.path.startswith(NEVER_REFUSED):
            return busy(request)
        return self.get_response(request)
