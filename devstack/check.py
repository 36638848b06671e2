"""`dev.py check`: every check there is, as many at a time as there are cores; says at the end which failed."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devstack.installation import ROOT, SCANNERS, install_scanners
from devstack.supply.vulnerabilities import NOT_DONE

BIN = Path(sys.executable).parent
# Settings need an address, these checks need no database: nobody listens there.
NO_DATABASE = "postgresql://nobody@/nothing?host=/nonexistent"


#: Settings as on a server, for Django's own checks of a deployment.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "jol.settings",
    "DEBUG": "0",
    "DEMO": "0",
    "STATIC_FROM_SOURCE": "0",
    "MFA_REQUIRED": "1",
    "SECRET_KEY": "a-key-of-no-installation-0123456789-abcdefghijklmnop",
    "SITE_URL": "https://lessons.example.org",
    "ALLOWED_HOSTS": "lessons.example.org",
    "REDIS_URL": "rediss://redis.example.org:6379/0",
    "EMAIL_URL": "smtp://mail.example.org:587?starttls=1",
    "DATABASE_URL": NO_DATABASE,
}
DEPLOYMENT = "manage.py check --deploy"
PACKAGES = ("jol", "notifications", "lessons", "accounts", "govuk", "devstack", "benchmarks")


def checks() -> dict[str, list[str]]:
    """Return the command of each check by its name, the longest first."""
    templates = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("templates/**/*.html"))]
    manage = [sys.executable, "-W", "ignore::RuntimeWarning", "manage.py"]
    found = {
        "mypy": [f"{BIN}/mypy"],
        "ruff format": [f"{BIN}/ruff", "format", "--check", "--output-format", "concise", "."],
        "ruff check": [f"{BIN}/ruff", "check", "--output-format", "concise", "."],
        "lint-imports": [f"{BIN}/lint-imports"],
        "manage.py check": [*manage, "check"],
        DEPLOYMENT: [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "makemigrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "bandit": [f"{SCANNERS}/bin/bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *PACKAGES],
        "semgrep": [sys.executable, "-m", "devstack.scan"],
        "secrets": [sys.executable, "-m", "devstack.tree_secrets"],
        "licences": [sys.executable, "-m", "devstack.supply.licences"],
        "known vulnerabilities": [sys.executable, "-m", "devstack.supply.vulnerabilities"],
        "bill of materials": [sys.executable, "-m", "devstack.supply.sbom"],
    }
    if templates:
        found["djade"] = [f"{BIN}/djade", "--check", "--target-version", "5.2", *templates]
        found["djlint"] = [f"{BIN}/djlint", "--lint", "--quiet", "templates"]
    return found


def main() -> int:
    install_scanners()
    environment = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": NO_DATABASE,
        "PYTHONPATH": str(ROOT),
    }

    def run(name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        settings = PRODUCTION if name == DEPLOYMENT else {}
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    found, failed, not_done = checks(), [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, done in zip(found, pool.map(run, found.keys(), found.values()), strict=True):
            print(f"-- {name}\n{done.stdout}", end="", flush=True)
            if done.returncode == NOT_DONE:
                not_done.append(name)
            elif done.returncode:
                failed.append(name)
    if not_done:
        print(f"NOT DONE: {', '.join(not_done)}")
    print(f"FAILED: {', '.join(failed)}" if failed else "All others passed." if not_done else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
