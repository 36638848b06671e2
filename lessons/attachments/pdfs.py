"""What is inside a PDF: nothing that runs, starts or hides another file."""

import re
from typing import Any, BinaryIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from lessons.attachments.archives import DAMAGED, PROTECTED, end_of_directory
from lessons.attachments.kinds import Refused, gettext_noop
from lessons.attachments.texts import looks_like_markup

#: Keys and kinds of action that make a reader run, open or send something.
RUNS = {"/JS", "/JavaScript"}
ACTS = {"/Launch", "/JavaScript", "/ImportData", "/SubmitForm", "/GoToE", "/RichMediaExecute", "/Rendition"}
CARRIES = {"/EmbeddedFiles", "/EmbeddedFile", "/RichMedia", "/AF", "/XFA"}
#: Kinds of annotation with which people comment on a text.
COMMENTS = {
    "/Text", "/FreeText", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Ink", "/Stamp", "/Popup",
}  # fmt: skip
#: Objects of one file that are looked at; a report of some hundred pages has some ten thousand.
MOST_OBJECTS = 300_000

SCRIPT = gettext_noop(
    "The PDF holds a script, or starts something when it is opened. Print it to a new PDF, and attach that"
)
FILES = gettext_noop("The PDF holds other files. Take them out, or print it to a new PDF, and attach that")

_LOOSE = re.compile(rb"/(JavaScript|Launch|ImportData|EmbeddedFile)\b")
_XMP_AUTHOR = re.compile(rb"<dc:creator>[^<]*<rdf:Seq>[^<]*<rdf:li[^>]{0,100}>([^<]{1,100})</rdf:li>")
CHUNK = 1024 * 1024
_CONTAINERS = (IndirectObject, DictionaryObject, ArrayObject)


def check_start(file: BinaryIO) -> None:
    """Refuse what only begins or ends like a PDF.

    :raises Refused: it is two kinds of file in one, or cut off
    """
    file.seek(0)
    head = file.read(1024)
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 2048))
    if not head.startswith(b"%PDF-") or b"%%EOF" not in file.read() or looks_like_markup(head):
        raise Refused(DAMAGED)
    if end_of_directory(file):
        raise Refused(DAMAGED)


def look_inside(file: BinaryIO) -> list[str]:
    """Go through all objects, and return what a moderator should know.

    :raises Refused: it is encrypted or damaged, runs or starts something, or carries files
    """
    check_start(file)
    _check_loose_objects(file)
    file.seek(0)
    try:
        found = _go_through(PdfReader(file, strict=False))
        return list(dict.fromkeys([*found, *_authors_in_xmp(file)]))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise Refused(DAMAGED) from error


def _check_loose_objects(file: BinaryIO) -> None:
    """Refuse scripts and files in objects that nothing leads to: a reader that mends the file may find them."""
    file.seek(0)
    before = b""
    while chunk := file.read(CHUNK):
        if found := _LOOSE.search(before + chunk):
            raise Refused(FILES if found[1] == b"EmbeddedFile" else SCRIPT)
        before = chunk[-32:]


def _go_through(reader: PdfReader) -> list[str]:
    if reader.is_encrypted:
        raise Refused(PROTECTED)
    if "/Root" not in reader.trailer:  # readers would search for one, and each might find another
        raise Refused(DAMAGED)
    has_comments = _walk(reader)
    if not len(reader.pages):
        raise Refused(DAMAGED)
    information: dict[str, Any] = dict(reader.metadata or {})
    called = {"/Author": "Author", "/Company": "Company", "/Title": "Title"}
    found = [f"{name}: {str(information[key])[:100]}" for key, name in called.items() if information.get(key)]
    return [*found, *(["It holds comments"] if has_comments else [])]


def _authors_in_xmp(file: BinaryIO) -> list[str]:
    """Return who is named as author in the second place where a PDF does so; it is written without compression."""
    file.seek(0)
    names = [name.decode("utf-8", "replace").strip() for name in _XMP_AUTHOR.findall(file.read())]
    return [f"Author: {name}" for name in dict.fromkeys(names) if name]


def _walk(reader: PdfReader) -> bool:
    """Visit every object that can be reached from the trailer, none twice; say whether one is a comment."""
    has_comments = False
    waiting: list[Any] = [reader.trailer]
    seen: set[tuple[int, int]] = set()
    visited = 0
    while waiting:
        one = waiting.pop()
        visited += 1
        if visited > MOST_OBJECTS:
            raise Refused(DAMAGED)
        if isinstance(one, IndirectObject):
            if (one.idnum, one.generation) in seen:
                continue
            seen.add((one.idnum, one.generation))
            waiting.append(one.get_object())
        elif isinstance(one, DictionaryObject):  # a stream is one as well; what it holds is never unpacked
            _check(one)
            has_comments = has_comments or str(dict.get(one, "/Subtype", "")) in COMMENTS
            waiting += [value for value in dict.values(one) if isinstance(value, _CONTAINERS)]
        elif isinstance(one, ArrayObject):
            waiting += [value for value in list.__iter__(one) if isinstance(value, _CONTAINERS)]
    return has_comments


def _check(one: DictionaryObject) -> None:
    keys = set(dict.keys(one))
    # `[]` follows a value that is written elsewhere in the file; `get` does not.
    action, *kinds = (str(one[key]) if key in keys else "" for key in ("/S", "/Type", "/Subtype"))
    if keys & RUNS or action in ACTS:
        raise Refused(SCRIPT)
    if keys & CARRIES or set(kinds) & {"/EmbeddedFile", "/FileAttachment", "/RichMedia"}:
        raise Refused(FILES)
