"""Places at which a process kills itself, put around the product from outside: nothing of this is in it.

FAILPOINT names the place; the file FAILPOINT_STRUCK is made when it strikes, so it strikes once in all processes
together (but for a poisonous mail, which kills whoever touches it).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import connection


class Failpoints(AppConfig):
    name = "tests.faults"
    label = "failpoints"

    def ready(self) -> None:
        PLACES[os.environ["FAILPOINT"]]()


def die() -> None:
    """Note it in the file, and end as after `kill -9`."""
    note = os.open(os.environ["FAILPOINT_STRUCK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(note, b"x")
    os.kill(os.getpid(), signal.SIGKILL)


def die_once() -> None:
    if is_first():
        os.kill(os.getpid(), signal.SIGKILL)


def is_first() -> bool:
    """Say whether no process was here before."""
    try:
        os.close(os.open(os.environ["FAILPOINT_STRUCK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def around(owner: type, name: str, before: Callable[..., None] | None, after: Callable[..., None] | None) -> None:
    original = getattr(owner, name)

    def call(*given: Any, **named: Any) -> Any:
        if before:
            before(*given, **named)
        result = original(*given, **named)
        if after:
            after(*given, **named)
        return result

    setattr(owner, name, call)


def after_claim() -> None:
    """A batch, the second of this process, is claimed and nothing of it handed over."""
    from notifications.sending.sender import Sender

    batches = count(1)
    around(Sender, "_send_batch", lambda *_: die_once() if next(batches) == 2 else None, None)


def after_data() -> None:
    """The server has taken a mail, the seventh, and nobody else knows."""
    from notifications.sending.smtp import MailConnection

    mails = count(1)
    around(MailConnection, "send", None, lambda *_, **__: die_once() if next(mails) == 7 else None)


def in_settling() -> None:
    """What has gone is marked, more is claimed, nothing of that is committed."""
    from notifications.sending.lanes import HeldLane

    def after(*_: Any, **__: Any) -> None:
        if connection.in_atomic_block:
            die_once()

    around(HeldLane, "claim", None, after)


def poison() -> None:
    """Handing one particular mail over kills the process, each time: it is noted as in hand, its text not yet sent."""
    from notifications.sending.sender import Sender

    def before(_: Any, delivery: Any, *__: Any) -> None:
        if delivery.address.startswith("poison"):
            die()

    around(Sender, "_look_again_if_slow", before, None)


def clock() -> None:
    """Let the clock of this process go wrong by the seconds that stand in a file."""
    import time_machine

    def follow() -> None:
        shown = 0.0
        wrong: time_machine.travel | None = None
        while True:
            with contextlib.suppress(OSError, ValueError):
                wanted = float(Path(os.environ["CLOCK_OFFSET"]).read_text())
                if wanted != shown:
                    if wrong:
                        wrong.stop()
                    wrong, shown = time_machine.travel(time.time() + wanted, tick=True), wanted
                    wrong.start()
            time.sleep(0.05)

    threading.Thread(target=follow, daemon=True).start()


def hang() -> None:
    """One particular mail hangs once before its text goes out, and so does the task that has it in hand."""
    _hang(obeys=True)


def hang_for_good() -> None:
    """The same, and the task does not end when it is told that its time is over."""
    _hang(obeys=False)


def _hang(*, obeys: bool) -> None:
    from celery.exceptions import SoftTimeLimitExceeded

    from notifications.sending.sender import Sender

    def before(_: Any, delivery: Any, *__: Any) -> None:
        if not delivery.address.startswith("hangs") or not is_first():
            return
        while True:
            try:
                time.sleep(600)
            except SoftTimeLimitExceeded:
                if obeys:
                    raise

    around(Sender, "_look_again_if_slow", before, None)


PLACES = {one.__name__: one for one in (hang, hang_for_good, after_claim, after_data, in_settling, poison, clock)}
