#!/usr/bin/env python3
"""Django's commands for this project.  Beside a running `dev.py up` they find its servers."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from devstack.run_env import load_run_env

VENV_PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> None:
    if find_spec("django") is None:
        rerun_in_venv()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")
    load_run_env()

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def rerun_in_venv() -> None:
    """Go on as the Python of .venv, which has Django."""
    # Compared as they are called, not resolved: the Python of .venv is a link to the system's.
    if not VENV_PYTHON.exists() or Path(sys.executable) == VENV_PYTHON:
        sys.exit("Django is not installed here: `python3 dev.py up` makes .venv and installs it.")
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])


if __name__ == "__main__":
    main()
