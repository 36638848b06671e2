"""The variables of a running `dev.py up`, for commands that are started beside it.  Standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

RUN_ENV = Path(__file__).resolve().parent.parent / "var" / "run.env"


def write_run_env(values: Mapping[str, str], path: Path = RUN_ENV) -> None:
    """Write the variables as KEY=VALUE lines that only we may read: a secret is among them."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())


def load_run_env(path: Path = RUN_ENV) -> None:
    """Set each variable of the file that the environment does not have; no file, nothing happens."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)
