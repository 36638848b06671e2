"""Having a file looked at by a process of its own (`inside`)."""

from pathlib import Path

from lessons.apart import Ended, ask
from lessons.attachments.kinds import Refused, gettext_noop

PATIENCE_SECONDS = 120
UNSAFE = gettext_noop(
    "The file could not be opened safely. Save it again in its own program, or as PDF, and attach that"
)


def look_inside(code: str, path: Path, drawn: Path) -> list[str]:
    """Return what a moderator should know about the file at `path`; a picture is drawn anew to `drawn`.

    :raises Refused: it cannot be attached, or looking at it took too much memory or time
    """
    arguments = (code, str(path), str(drawn))
    try:
        answer = ask("lessons.attachments.inside", *arguments, patience_seconds=PATIENCE_SECONDS)
    except Ended as error:
        raise Refused(UNSAFE) from error
    if words := answer.get("refused"):
        raise Refused(words)
    return list(answer["findings"])
