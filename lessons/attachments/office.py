"""What is inside DOCX, XLSX and PPTX files: no macros, no foreign objects, no tricks of XML."""

import re
import zipfile
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError  # nosec B405 # a type and an error: defusedxml reads

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from lessons.attachments.archives import DAMAGED, chunks_of, count
from lessons.attachments.kinds import MEGABYTE, Refused, gettext_noop

MAIN_PARTS = {
    "docx": "wordprocessingml.document.main+xml",
    "xlsx": "spreadsheetml.sheet.main+xml",
    "pptx": "presentationml.presentation.main+xml",
}
CONTENT_TYPES = "[Content_Types].xml"
#: The list of parts and a list of links are small; nothing larger is read as a whole.
MOST_XML = 2 * MEGABYTE
MACROS = gettext_noop("The file holds macros. Save it without them (as DOCX, XLSX or PPTX), and attach that")
FETCHES = gettext_noop("The file fetches something from elsewhere when it is opened. Take the link out of it")
OBJECTS = gettext_noop("The file holds an object of another program. Take it out, or attach the file as PDF")
#: Words of the list of parts, or of the names of parts, that tell of macros and of objects that run.
_MACRO = re.compile(r"macro|vbaproject|vbadata", re.IGNORECASE)
_OBJECT = re.compile(r"activex|oleobject|/embeddings/[^/]*\.bin$|ms-package", re.IGNORECASE)
#: Links that a program follows by itself on opening.
_FOLLOWED = ("attachedTemplate", "oleObject", "frame", "subDocument", "afChunk", "externalLinkPath")
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)|<\0!\0(D\0O\0C|E\0N\0T)|\0<\0!\0(D\0O\0C|E\0N\0T)", re.IGNORECASE)
_LOOK_BACK = 32
_EMBEDDED = re.compile(r"/embeddings/[^/]+\.(xlsx|docx|pptx)$", re.IGNORECASE)
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"MZ")


def check_parts(file: BinaryIO, code: str, *, depth: int = 0) -> None:
    """Refuse an Office file that cannot be attached, by its directory and its list of parts alone.

    :raises Refused: see `archives.count`; it holds macros or objects, or is of another kind than `code`
    """
    archive = count(file)
    names = [entry.filename for entry in archive.infolist()]
    if CONTENT_TYPES not in names:
        raise Refused(DAMAGED)
    if any(_MACRO.search(name) for name in names):
        raise Refused(MACROS)
    if any(_OBJECT.search(name) for name in names):
        raise Refused(OBJECTS)
    listed = _xml(archive, CONTENT_TYPES)
    types = [part.get("ContentType", "") for part in listed]
    if any(_MACRO.search(kind) for kind in types):
        raise Refused(MACROS)
    if any(_OBJECT.search(kind) for kind in types):
        raise Refused(OBJECTS)
    if not any(kind.endswith(MAIN_PARTS[code]) for kind in types):
        raise Refused(DAMAGED)


def look_inside(file: BinaryIO, code: str) -> list[str]:
    """Unpack every part without keeping it, and return what a moderator should know.

    :raises Refused: see `check_parts`; or a part declares entities, is another archive, or is not what it says
    """
    check_parts(file, code)
    archive = count(file)
    for entry in archive.infolist():
        _check_part(archive, entry)
        if entry.filename.endswith(".rels"):
            _check_links(_xml(archive, entry.filename))
    return [*_properties(archive), *_left_behind(archive, code)]


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    embedded = _EMBEDDED.search(entry.filename)
    before = b""
    for number, chunk in enumerate(chunks_of(archive, entry)):
        if number == 0 and chunk.startswith(_ARCHIVES) and not embedded:
            raise Refused(OBJECTS)
        if entry.filename.casefold().endswith((".xml", ".rels", ".vml")) and _DECLARES.search(before + chunk):
            raise Refused(DAMAGED)
        before = chunk[-_LOOK_BACK:]
    if embedded:
        _check_embedded(archive, entry, embedded[1].casefold())


def _check_embedded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, code: str) -> None:
    """The sheet behind a chart: an Office file within one.  It goes one level deep and no further."""
    import io

    inner = io.BytesIO(b"".join(chunks_of(archive, entry)))
    check_parts(inner, code)
    within = count(inner)
    for part in within.infolist():
        if _EMBEDDED.search(part.filename):
            raise Refused(OBJECTS)
        _check_part(within, part)


def _check_links(links: Element) -> None:
    for link in links:
        outside = link.get("TargetMode", "").casefold() == "external"
        if outside and link.get("Type", "").rpartition("/")[2] in _FOLLOWED:
            raise Refused(FETCHES)


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    """Return a small part, read without entities.

    :raises Refused: it is large, declares entities, or is no XML
    """
    entry = archive.getinfo(name)
    if entry.file_size > MOST_XML:
        raise Refused(DAMAGED)
    try:
        root: Element = fromstring(b"".join(chunks_of(archive, entry)), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Refused(DAMAGED) from error
    return root


#: Parts of docProps that name people or organisations: element -> what it is called.
_NAMED = {
    "creator": "Author",
    "lastModifiedBy": "Last changed by",
    "company": "Company",
    "Company": "Company",
    "Manager": "Manager",
}


def _properties(archive: zipfile.ZipFile) -> list[str]:
    found = []
    for name in ("docProps/core.xml", "docProps/app.xml"):
        if name in archive.namelist():
            for element in _xml(archive, name):
                called = _NAMED.get(element.tag.rpartition("}")[2])
                if called and (element.text or "").strip():
                    found.append(f"{called}: {(element.text or '').strip()[:100]}")
    return found


def _left_behind(archive: zipfile.ZipFile, code: str) -> list[str]:
    """Return what authors forget: comments, tracked changes, hidden sheets, notes of a talk."""
    names = [name.casefold() for name in archive.namelist()]
    found = []
    if any("comments" in name for name in names):
        found.append("It holds comments")
    if any("/notesslides/" in name for name in names):
        found.append("It holds the speaker’s notes")
    if code == "docx" and _holds(archive, "word/document.xml", rb"<w:(ins|del) "):
        found.append("It holds tracked changes")
    if code == "xlsx" and _holds(archive, "xl/workbook.xml", rb'state="(hidden|veryHidden)"'):
        found.append("It holds hidden sheets")
    slides = [name for name in archive.namelist() if code == "pptx" and _SLIDE.fullmatch(name)]
    if any(_holds(archive, name, rb'<p:sld[^>]*\bshow="0"') for name in slides):
        found.append("It holds hidden slides")
    if "docprops/custom.xml" in names:
        found.append("It holds properties that somebody or some program added")
    return found


def _holds(archive: zipfile.ZipFile, name: str, pattern: bytes) -> bool:
    if name not in archive.namelist():
        return False
    before = b""
    for chunk in chunks_of(archive, archive.getinfo(name)):
        if re.search(pattern, before + chunk):
            return True
        before = chunk[-_LOOK_BACK:]
    return False
