"""A process of its own for what opens files that somebody sent: little memory, little time, and no secret.

Decoders are where hostile files do their work; the worst that one can do is to end this process.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MOST_WRITTEN = 64 * 1024 * 1024


class Ended(Exception):
    """The process ended without an answer: it took too much, or broke."""


def ask(module: str, *arguments: str, patience_seconds: int) -> dict[str, Any]:
    """Run `python -m module arguments` and return the JSON object that it prints.

    :param patience_seconds: for one that hangs without computing: it ends itself before
    :raises Ended: it printed none
    """
    environment = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=patience_seconds, check=True
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise Ended from error
    return answer


def limit(*, memory: int, seconds: int) -> None:
    """Bind this process, for good.

    :param memory: bytes of address space, with all libraries
    :param seconds: of computing
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
