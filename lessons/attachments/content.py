"""Telling what a file is by what it holds, quickly enough to answer at once."""

from typing import BinaryIO

import filetype

from lessons.attachments import archives, images, office, pdfs, texts
from lessons.attachments.kinds import MOST_BYTES, FileKind, Refused, gettext_noop, kind_by_name

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD = gettext_noop("The file is protected by a password, or of an old format. Save it as DOCX, XLSX or PPTX")
EMPTY = gettext_noop("The file is empty")
TOO_LARGE = gettext_noop("The file is larger than 20 megabytes")


def kind_of(file: BinaryIO, name: str) -> FileKind:
    """Return the kind of a file, if its name and what it holds agree.

    What takes long (unpacking, drawing, going through a PDF) is left to `inside`.

    :raises Refused: it is none of ours, not what it says, too large, empty, encrypted, or holds macros
    """
    kind = kind_by_name(name)
    file.seek(0, 2)
    size = file.tell()
    if not size:
        raise Refused(EMPTY)
    if size > MOST_BYTES:
        raise Refused(TOO_LARGE)
    file.seek(0)
    head = file.read(8192)
    match kind.code:
        case "pdf":
            pdfs.check_start(file)
        case "docx" | "xlsx" | "pptx":
            if head.startswith(_OLD_OFFICE):
                raise Refused(OLD)
            office.check_parts(file, kind.code)
        case "png" | "jpeg":
            images.opened(file, kind.code)
        case "csv" | "txt":
            if filetype.guess(head) is not None:
                raise Refused(archives.DAMAGED)
            texts.check(file)
    file.seek(0)
    return kind
