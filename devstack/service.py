"""One long-running child process of the supervisor: started, watched, started again, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from devstack.privileges import dying_with_parent

MOST_RESTARTS = 5
RESTART_WINDOW_SECONDS = 60.0


@dataclass
class Service:
    """A child whose output is printed with its name in front.

    `death_signal` is what it gets when the supervisor is killed: a signal that it obeys at once.
    """

    name: str
    command: Sequence[str]
    death_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10
    child: subprocess.Popen[str] | None = None
    restarted_at: deque[float] = field(default_factory=deque)

    def start(self, *, folder: Path, environment: Mapping[str, str]) -> None:
        """Start the child.  Only from the main thread: its death signal follows the thread that forked."""
        self.child = subprocess.Popen(
            self.command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor only
            preexec_fn=dying_with_parent(self.death_signal),
        )
        threading.Thread(target=self._print_lines, args=(self.child.stdout,), daemon=True).start()

    @property
    def has_ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

    @property
    def ending(self) -> str:
        """How the child ended, for people."""
        code = self.child.returncode if self.child else None
        return f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"

    def may_restart(self) -> bool:
        """Count a restart, unless there were too many within the last minute."""
        now = time.monotonic()
        while self.restarted_at and now - self.restarted_at[0] > RESTART_WINDOW_SECONDS:
            self.restarted_at.popleft()
        if len(self.restarted_at) >= MOST_RESTARTS:
            return False
        self.restarted_at.append(now)
        return True

    def stop(self) -> None:
        """Ask the child to end, and insist after its time of grace.  A second call does nothing."""
        if self.child is None or self.child.poll() is not None:
            return
        self.child.terminate()
        try:
            self.child.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def _print_lines(self, output: IO[str]) -> None:
        for line in output:
            print(f"{self.name:<7}| {line}", end="", flush=True)
