"""`dev.py up`: start everything in order, start again what dies, stop everything in reverse order."""

from __future__ import annotations

import argparse
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from typing import IO

import psycopg2

from devstack.demo_accounts import DEMO_ACCOUNTS
from devstack.installation import ROOT
from devstack.kept_secrets import keep_secret, make_key, make_password
from devstack.mail_sink import sink_command
from devstack.postgres import Cluster, PostgresError, find_binaries, major_version
from devstack.prepare import inputs_fingerprint, read_state, write_state
from devstack.privileges import dying_with_parent
from devstack.redis_server import RedisError, RedisServer
from devstack.run_env import RUN_ENV, write_run_env
from devstack.service import MOST_RESTARTS, Service
from devstack.waiting import LOOPBACK, NotReadyError, is_free, wait_for_port, wait_for_socket

VAR = ROOT / "var"
DEMO_PASSWORD = VAR / "demo_password"
BEGAN = time.monotonic()
LOOK_EVERY_SECONDS = 0.1
READY_WITHIN_SECONDS = 120
# After kill -9 of a supervisor its children need a moment to end.
LEFTOVERS_END_WITHIN_SECONDS = 15


class StartError(Exception):
    """The portal cannot start or go on.  The message is one sentence for the developer."""


class Supervisor:
    """Everything that one `up` runs."""

    def __init__(self, *, with_demo: bool) -> None:
        self.port = 0
        self.smtp_port = 0
        self.with_demo = with_demo
        self.cluster: Cluster | None = None
        self.services: list[Service] = []
        self.variables: dict[str, str] = {}
        self.lock_file: IO[str] | None = None

    def start(self) -> None:
        """Start everything but do not wait for the web server.

        :raises StartError: a port is taken, another `up` runs here, or the database cannot be prepared
        """
        self.port = port_from_environment("PORT", 8000)
        self.smtp_port = port_from_environment("SMTP_PORT", 8025)
        self._take_lock()
        self._check_ports()
        self.variables = self._make_variables()
        self._start_postgres()
        self._start_redis()
        self._stay_as_begun()
        write_run_env(self.variables)
        self._prepare_database()
        self._start_portal()

    def watch(self) -> None:
        """Say READY once the pages answer, and start again what dies, until Ctrl-C.

        :raises StartError: PostgreSQL ended, a child died too often, or the pages never answered
        """
        is_ready, end = False, time.monotonic() + READY_WITHIN_SECONDS
        while True:
            if self.cluster and not self.cluster.is_running:
                raise StartError(f"PostgreSQL has ended, so the rest is stopped too; see {self.cluster.log}.")
            for service in self.services:
                if service.has_ended:
                    self._restart(service)
            if not is_ready and self._pages_answer():
                is_ready = True
                self._announce()
            elif not is_ready and time.monotonic() > end:
                raise StartError(f"The pages did not answer within {READY_WITHIN_SECONDS} seconds; see above.")
            time.sleep(LOOK_EVERY_SECONDS)

    def stop(self) -> None:
        """Stop everything in reverse order.  Whatever was not started is left out."""
        for service in reversed(self.services):
            service.stop()
            say(f"{service.name} stopped")
        if self.cluster:
            self.cluster.stop()
            say("PostgreSQL stopped")
        if self.lock_file:
            RUN_ENV.unlink(missing_ok=True)
            self.lock_file.close()

    # -- before anything runs --------------------------------------------------------------------

    def _take_lock(self) -> None:
        """Hold var/up.lock for as long as this process lives: the system lets go of it even after kill -9."""
        (VAR / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when there is none
        lock_file = (VAR / "up.lock").open("a")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock_file.close()
            raise StartError("Another `dev.py up` is already running in this folder.") from None
        self.lock_file = lock_file

    def _check_ports(self) -> None:
        was_killed = RUN_ENV.exists()  # an orderly end removes it
        end = time.monotonic() + (LEFTOVERS_END_WITHIN_SECONDS if was_killed else 0)
        for name, port in (("PORT", self.port), ("SMTP_PORT", self.smtp_port)):
            while not is_free(port):
                if time.monotonic() > end:
                    raise StartError(f"Port {port} is taken: set {name} to another number.")
                time.sleep(LOOK_EVERY_SECONDS)

    def _make_variables(self) -> dict[str, str]:
        """Return the settings of this run; what the environment sets goes first."""
        defaults = {
            "SECRET_KEY": keep_secret(VAR / "secret_key", make_key()),
            "STATIC_FROM_SOURCE": "1",
            "DEMO": "1" if self.with_demo else "0",
            "SITE_URL": f"http://{LOOPBACK}:{self.port}",
            "ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            "EMAIL_URL": f"smtp://{LOOPBACK}:{self.smtp_port}",
        }
        return {name: os.environ.get(name) or default for name, default in defaults.items()}

    # -- servers -------------------------------------------------------------------------------------

    def _start_postgres(self) -> None:
        if url := os.environ.get("DATABASE_URL"):
            self.variables["DATABASE_URL"] = url
            return
        # A folder per version: neither can read what the other made.
        self.cluster = Cluster(VAR / f"postgres-{major_version(find_binaries())}")
        self.cluster.start()
        self.variables["DATABASE_URL"] = self.cluster.url
        self.variables["PG_BIN"] = str(self.cluster.binaries)  # `manage.py backup` uses what stands there
        say(f"PostgreSQL {self.cluster.major} is ready")

    def _start_redis(self) -> None:
        if url := os.environ.get("REDIS_URL"):
            self.variables["REDIS_URL"] = url
            return
        redis = RedisServer(VAR / "redis")
        self._start(Service("redis", redis.prepare()))
        wait_for_socket(redis.socket)
        self.variables["REDIS_URL"] = redis.url
        say("Redis is ready")

    def _stay_as_begun(self) -> None:
        """With demonstration data or without is decided at the first start: either stays what it is."""
        begun = self._state().get("demo")
        if begun is None:
            return
        asked, self.with_demo = self.with_demo, begun == "loaded"
        if not os.environ.get("DEMO"):
            self.variables["DEMO"] = "1" if self.with_demo else "0"
        if asked != self.with_demo:
            how = "with" if self.with_demo else "without"
            say(f"This installation was begun {how} demonstration data, and stays so.  To begin anew, delete var/.")

    def _state(self) -> dict[str, str]:
        try:
            return read_state(self.variables["DATABASE_URL"])
        except psycopg2.OperationalError as error:
            raise StartError(f"The database does not answer: {str(error).strip()}.") from error

    def _prepare_database(self) -> None:
        """Migrate and load, unless nothing has changed since the last time."""
        url, inputs, done = self.variables["DATABASE_URL"], inputs_fingerprint(), self._state()
        commands = [] if done.get("inputs") == inputs else ["migrate", "load_reference"]
        is_first_start = "demo" not in done
        if is_first_start and self.with_demo:
            commands.append("load_demo")
        if commands:
            say(f"Preparing the database: {', '.join(commands)}")
            command = [sys.executable, "-m", "devstack.prepare", inputs, *commands]
            environment = self._environment() | {"DEMO_PASSWORD": demo_password()}
            child = subprocess.run(command, cwd=ROOT, env=environment, preexec_fn=dying_with_parent(signal.SIGTERM))
            if child.returncode:
                if is_first_start:
                    DEMO_PASSWORD.unlink(missing_ok=True)  # it may be what was refused
                raise StartError("The database could not be prepared; see above.")
        if is_first_start:
            write_state(url, demo="loaded" if self.with_demo else "none")

    def _start_portal(self) -> None:
        python = [sys.executable, "-m"]
        # Celery warns whoever is root; here that is a throw-away machine, not a server.
        quiet_python = [sys.executable, "-W", "ignore:You're running the worker", "-m"]
        celery = [*quiet_python, "celery", "--quiet", "-A", "jol"]
        self._start(Service("mail", sink_command(self.smtp_port, VAR / "mail")))
        self._start(
            Service(
                "worker",
                [*celery, "worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"],
                death_signal=signal.SIGQUIT,  # its cold stop: SIGTERM would first finish what it has in hand
                grace_seconds=30,
            )
        )
        self._start(
            Service("beat", [*celery, "beat", "-s", str(VAR / "beat-schedule"), "--pidfile", "", "-l", "WARNING"])
        )
        web = ["gunicorn", "jol.wsgi", "-c", "python:jol.serving", "-b", f"{LOOPBACK}:{self.port}"]
        options = ["--preload", "--graceful-timeout", "5", "--log-level", "warning"]
        self._start(Service("web", [*python, *web, *options], death_signal=signal.SIGQUIT, grace_seconds=15))
        wait_for_port(self.smtp_port)

    def _start(self, service: Service) -> None:
        self.services.append(service)
        service.start(folder=ROOT, environment=self._environment())

    def _restart(self, service: Service) -> None:
        if not service.may_restart():
            raise StartError(
                f"{service.name} has died more than {MOST_RESTARTS} times within a minute "
                f"({service.ending}), so everything is stopped; see its lines above."
            )
        say(f"{service.name} has ended ({service.ending}) and is started again")
        service.start(folder=ROOT, environment=self._environment())

    def _environment(self) -> dict[str, str]:
        fixed = {"DJANGO_SETTINGS_MODULE": "jol.settings", "PYTHONUNBUFFERED": "1"}
        # Worker and beat would load every page to check it; `dev.py check` and the tests do that.
        fixed |= {"CELERY_SKIP_CHECKS": "1"}
        return dict(os.environ) | self.variables | fixed

    # -- ready -----------------------------------------------------------------------------------------

    def _pages_answer(self) -> bool:
        """Ask for a page.  gunicorn listens before it can answer, so an open port says nothing."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=1)
        try:
            connection.request("GET", "/health/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        else:
            return True
        finally:
            connection.close()

    def _announce(self) -> None:
        lines = []
        if self.with_demo:
            lines += [f"Sign in with the password {demo_password()} as"]
            lines += [f"  {address:<32} {role}" for address, role in DEMO_ACCOUNTS.items()]
        if "EMAIL_URL" not in os.environ:
            lines += ["Mails land in var/mail/ as .eml files."]
        lines += ["Ctrl-C stops everything."]
        print("\n".join(["", *lines, ""]), flush=True)
        say(f"READY {self.variables['SITE_URL']}/")


def demo_password() -> str:
    return keep_secret(DEMO_PASSWORD, os.environ.get("DEMO_PASSWORD") or make_password())


def say(message: str) -> None:
    print(f"[{time.monotonic() - BEGAN:6.2f} s] {message}", flush=True)


def port_from_environment(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartError(f"{name} is {text!r}: set it to a port number.")
    return int(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py up", description="Start the portal and all it needs.")
    parser.add_argument("--empty", action="store_true", help="first start: without demonstration data")
    arguments = parser.parse_args()
    for end in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell starts what runs behind it with that ignored
        signal.signal(end, signal.default_int_handler)
    supervisor = Supervisor(with_demo=not arguments.empty)
    try:
        supervisor.start()
        supervisor.watch()
    except (StartError, PostgresError, RedisError, NotReadyError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        # A second Ctrl-C ends us at once, and the children by their death signals.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
