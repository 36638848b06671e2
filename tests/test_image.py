"""What the image holds, and its commands, in a folder that cannot be written: it takes no engine for containers."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import pytest
import requests

from devstack.privileges import RunAs, choose_run_as, popen_options
from devstack.waiting import LOOPBACK, find_free_port
from tests.portal import ROOT, database_url, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HOST = "lessons.example.org"


def make_image(folder: Path) -> None:
    """Copy what .dockerignore lets in, and the stylesheet as the first stage builds it."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] not in "#*"]
    for name in (line[1:] for line in lines if line.startswith("!")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    assert not any(fnmatch(path.name, ".env*") for path in folder.rglob("*"))


def prepare(folder: Path) -> None:
    """Run the RUN line that collects static files, as it stands in the Dockerfile, and take the right to write away."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    line = next(one for one in text.splitlines() if "collectstatic" in one)
    command = line.removeprefix("RUN ").split("&&")[0].replace("python ", f"{sys.executable} ")
    clean = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "jol.settings"}
    done = subprocess.run(["sh", "-ec", command], cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    subprocess.run(["chmod", "-R", "a-w", folder], check=True)


@contextmanager
def running(folder: Path, scratch: Path, port: int) -> Iterator[dict[str, str]]:
    """Start the image's command as its user would, who may write to a scratch folder alone."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "jol.settings",
        "SECRET_KEY": secrets.token_hex(32),
        "SITE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "BEHIND_PROXY": "1",
        "DATABASE_URL": database_url(),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "ATTACHMENTS_ROOT": str(scratch),
        "AUDIT_ANCHOR_DIR": str(scratch),
        "BIND": f"{LOOPBACK}:{port}",
        "TMPDIR": str(scratch),
    }
    text = (ROOT / "Dockerfile").read_text()
    command = re.findall(r'^CMD \["gunicorn", (.*)\]$', text, re.MULTILINE)[0]
    words = [sys.executable, "-m", "gunicorn", *re.findall(r'"([^"]+)"', command)]
    run_as = choose_run_as()
    options = (popen_options(run_as) if run_as is RunAs.NAMESPACE else {}) | {"cwd": folder, "start_new_session": True}
    with (scratch / "log").open("wb") as log:
        server = subprocess.Popen(words, env=environment, stdout=log, stderr=log, **options)
    try:
        yield environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(40)


def test_the_image_serves_pages_over_production_settings_from_a_folder_that_nobody_can_write(tmp_path: Path) -> None:
    folder, scratch, port = tmp_path / "app", tmp_path / "scratch", find_free_port()
    scratch.mkdir()
    make_image(folder)
    prepare(folder)
    before = sorted(folder.rglob("*"))

    with running(folder, scratch, port) as environment:

        def get(path: str) -> requests.Response:
            headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
            return requests.get(f"http://{LOOPBACK}:{port}{path}", headers=headers, timeout=20, allow_redirects=False)

        def asks(what: str) -> int:
            return subprocess.run([sys.executable, "docker/healthy.py", what], cwd=folder, env=environment).returncode

        wait_until(lambda: asks("live") == 0, seconds=60, what=(scratch / "log").read_text() or "the web server")
        assert asks("ready") == 0
        page = get("/")
        address = re.search(r'href="(/static/build/app\.[0-9a-f]+\.css)"', page.text)
        assert address
        styles = get(address[1])
        plain = requests.get(f"http://{LOOPBACK}:{port}/", headers={"Host": HOST}, timeout=20, allow_redirects=False)
        elsewhere = requests.get(f"http://{LOOPBACK}:{port}/", timeout=20)

    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert styles.status_code == 200
    assert "immutable" in styles.headers["Cache-Control"]
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/")
    assert elsewhere.status_code == 400
    assert sorted(folder.rglob("*")) == before, "nothing was written beside the program"
