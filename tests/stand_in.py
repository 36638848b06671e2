"""A product of a few lines, so that the supervisor can be tested in seconds and in a folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from devstack.installation import ROOT
from devstack.privileges import RunAs, choose_run_as
from devstack.waiting import find_free_port

SOURCES = {
    "jol/settings.py": """
import os
from urllib.parse import parse_qs, urlsplit
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "jol.urls"
INSTALLED_APPS = ["jol"]
_url = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": _url.path[1:],
    "USER": _url.username, "HOST": parse_qs(_url.query)["host"][0]}}
CELERY_BROKER_URL = os.environ["REDIS_URL"].replace("unix://", "redis+socket://")
""",
    "jol/celery.py": """
from celery import Celery
from kombu.transport.redis import QoS
QoS.restore_at_shutdown = False  # as in ours
app = Celery("jol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {"tick": {"task": "tick", "schedule": 1.0}}
@app.task(name="tick")
def tick():
    print("beat ticks", flush=True)
@app.task(name="errand")
def errand():
    print("the errand is done", flush=True)
""",
    "jol/wsgi.py": """
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
""",
    "jol/serving.py": """
worker_class, workers, threads = "gthread", 2, 4
control_socket_disable = True
""",
    "jol/urls.py": """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("health/", lambda request: HttpResponse("well"))]
""",
    "jol/management/commands/load_reference.py": """
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, **options):
        self.stdout.write("reference data are loaded")
""",
    "jol/management/commands/load_demo.py": """
from django.core.management.base import BaseCommand
class Command(BaseCommand):
    def handle(self, **options):
        self.stdout.write("demonstration data are loaded")
""",
}
PATIENCE_SECONDS = 60
# The servers under test are the ones that the run was told to use; nothing else comes from outside.
BARE_ENVIRONMENT = {"PATH": "/usr/bin:/bin"} | {
    name: os.environ[name] for name in ("PG_BIN", "REDIS_BIN", "PG_ROOT_MODE") if name in os.environ
}


def make_stand_in(folder: Path) -> Path:
    """Make a project that has our devstack and next to nothing to run on it."""
    let_postgres_pass(folder)
    shutil.copytree(ROOT / "devstack", folder / "devstack", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("dev.py", "manage.py"):
        shutil.copy(ROOT / name, folder)
    for name, source in SOURCES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return folder


class Up:
    """One `dev.py up` of a stand-in, past the installation."""

    def __init__(self, folder: Path, *arguments: str, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or find_free_port()
        self.smtp_port = find_free_port()
        self.output_file = folder / f"output-{time.monotonic_ns()}.txt"
        with self.output_file.open("w") as output:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "devstack.up", *arguments],
                cwd=folder,
                env=BARE_ENVIRONMENT | {"PORT": str(self.port), "SMTP_PORT": str(self.smtp_port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Wait until the output says `text`."""
        wait_until(lambda: self.output.count(text) >= times, lambda: f"never said {text!r}: {self.output}")

    def wait_until_ready(self) -> None:
        self.wait_for("READY http://")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS) as answer:
            return str(answer.read().decode())

    def get_or_nothing(self, path: str) -> str | None:
        try:
            return self.get(path)
        except OSError:
            return None

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send the signal and return the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(how)
        return self.child.wait(PATIENCE_SECONDS)


def let_postgres_pass(folder: Path) -> None:
    """Open pytest's folders where root has to run PostgreSQL as `nobody`."""
    if choose_run_as() is RunAs.NOBODY:
        for parent in (folder, *folder.parents):
            if parent != Path(tempfile.gettempdir()) and parent.is_relative_to(tempfile.gettempdir()):
                parent.chmod(parent.stat().st_mode | 0o711)


def processes_in(folder: Path) -> dict[int, str]:
    """Return the command lines, by number, of living processes that work in the folder or name it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            works_in = str((process / "cwd").readlink())
        except OSError:  # it ended meanwhile
            continue
        if command and (str(folder) in command or works_in.startswith(str(folder))):
            found[int(process.name)] = command
    return found


def wait_until(condition, complaint) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, complaint()
        time.sleep(0.05)
