"""Having a file looked at by a process of its own (`inside`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from lessons.attachments.kinds import Refused, gettext_noop

ROOT = Path(__file__).resolve().parent.parent.parent
#: The process ends itself before; this is for one that hangs without computing.
PATIENCE_SECONDS = 120
UNSAFE = gettext_noop(
    "The file could not be opened safely. Save it again in its own program, or as PDF, and attach that"
)


def look_inside(code: str, path: Path, drawn: Path) -> list[str]:
    """Return what a moderator should know about the file at `path`; a picture is drawn anew to `drawn`.

    :raises Refused: it cannot be attached, or looking at it took too much memory or time
    """
    command = [sys.executable, "-m", "lessons.attachments.inside", code, str(path), str(drawn)]
    environment = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE_SECONDS, check=True
        )
        answer = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise Refused(UNSAFE) from error
    if words := answer.get("refused"):
        raise Refused(words)
    return list(answer["findings"])
