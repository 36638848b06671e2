"""The kinds of file that may be attached, and the refusal of all others."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
NAME_LENGTH = 150


def gettext_noop(words: str) -> str:
    """Mark words for translation.  Django's own asks for settings, and the process that looks inside files has none."""
    return words


class Refused(Exception):
    """The file cannot be attached.  The message is written for the person who sent it."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file, with the ends of names that it goes by."""

    code: str
    label: str
    media_type: str
    suffixes: tuple[str, ...]


OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    kind.code: kind
    for kind in (
        FileKind("pdf", "PDF", "application/pdf", ("pdf",)),
        FileKind("docx", "Word (DOCX)", f"{OFFICE}.wordprocessingml.document", ("docx",)),
        FileKind("xlsx", "Excel (XLSX)", f"{OFFICE}.spreadsheetml.sheet", ("xlsx",)),
        FileKind("pptx", "PowerPoint (PPTX)", f"{OFFICE}.presentationml.presentation", ("pptx",)),
        FileKind("png", "Image (PNG)", "image/png", ("png",)),
        FileKind("jpeg", "Image (JPEG)", "image/jpeg", ("jpg", "jpeg")),
        FileKind("csv", "Table (CSV)", "text/csv", ("csv",)),
        FileKind("txt", "Text (TXT)", "text/plain", ("txt",)),
    )
}
BY_SUFFIX = {suffix: kind for kind in KINDS.values() for suffix in kind.suffixes}
IN_WORDS = "PDF, DOCX, XLSX, PPTX, PNG, JPEG, CSV or TXT"

_OLD = gettext_noop("This kind of document cannot be attached. Save it as DOCX, XLSX, PPTX or PDF, and attach that")
_MACROS = gettext_noop("A file with macros cannot be attached. Save it as DOCX, XLSX or PPTX, and attach that")
_PHONE = gettext_noop("This kind of picture cannot be attached. Save or send it as JPEG, and attach that")
#: What to do about a file that people have at hand, by the end of its name.
INSTEAD = (
    dict.fromkeys(("doc", "xls", "ppt", "odt", "ods", "odp", "rtf", "pages", "numbers"), _OLD)
    | dict.fromkeys(("docm", "xlsm", "pptm"), _MACROS)
    | dict.fromkeys(("heic", "heif", "webp", "gif", "bmp", "tif", "tiff"), _PHONE)
)

#: Characters that turn the direction of writing, and other invisible ones, make a name look like another.
UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain_name(name: str) -> str:
    """Return the name of a file as text to show: without folders, invisible characters and excess length."""
    last = re.split(r"[/\\]", UNSEEN.sub("", name))[-1].strip(" .")
    if len(last) > NAME_LENGTH:
        stem, dot, suffix = last.rpartition(".")
        last = f"{stem[: NAME_LENGTH - len(suffix) - 2]}…{dot}{suffix[:10]}" if dot else last[:NAME_LENGTH]
    return last or "attachment"


def kind_by_name(name: str) -> FileKind:
    """Return the kind that the end of a name promises.

    :raises Refused: it is none of ours
    """
    _, dot, suffix = plain_name(name).rpartition(".")
    if dot and (kind := BY_SUFFIX.get(suffix.casefold())):
        return kind
    if words := INSTEAD.get(suffix.casefold()):
        raise Refused(gettext(words))
    raise Refused(gettext("This kind of file cannot be attached. Choose a %(kinds)s file") % {"kinds": IN_WORDS})
