"""Looking inside one file, in a process of its own: `python -m lessons.attachments.inside CODE FILE [DRAWN]`.

It prints one JSON object: `refused`, words for the person who sent it, or `findings`, what a moderator should know.
"""

import json
import sys
from pathlib import Path

from lessons.apart import limit

#: The address space of the process: a picture of 40 million pixels, twice, and the libraries.
MOST_MEMORY = 1024 * 1024 * 1024
MOST_SECONDS = 60


def look(code: str, path: Path, drawn: Path | None) -> list[str]:
    """Return what a moderator should know about the file; a picture is drawn anew.

    :raises Refused: it cannot be attached
    """
    from lessons.attachments import images, office, pdfs, texts

    with path.open("rb") as file:
        match code:
            case "pdf":
                return pdfs.look_inside(file)
            case "docx" | "xlsx" | "pptx":
                return office.look_inside(file, code)
            case "png" | "jpeg":
                with (drawn or path).open("wb") as to:
                    images.draw_anew(file, code, to)
            case _:
                texts.check(file)
    return []


def main(code: str, path: str, drawn: str = "") -> None:
    limit(memory=MOST_MEMORY, seconds=MOST_SECONDS)
    from lessons.attachments.kinds import Refused

    try:
        answer: dict[str, object] = {"findings": look(code, Path(path), Path(drawn) if drawn else None)}
    except Refused as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
