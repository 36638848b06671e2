"""Files to attach: good ones of every kind, and hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from lessons.attachments.office import MAIN_PARTS

BASE = "application/vnd.openxmlformats-officedocument."
MAIN_NAMES = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(parts: dict[str, bytes | str], **options: Any) -> bytes:
    """Return an archive of `parts`."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", options.pop("compression", zipfile.ZIP_DEFLATED), **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def office(code: str, more: dict[str, bytes | str] | None = None, *, types: str = "", main: str = "") -> bytes:
    """Return a small DOCX, XLSX or PPTX.

    :param more: further parts, or others in place of those it has
    :param types: further entries of its list of parts
    :param main: the type of its main part, if it is another one
    """
    listed = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{MAIN_NAMES[code]}" ContentType="{main or BASE + MAIN_PARTS[code]}"/>{types}</Types>'
    )
    parts: dict[str, bytes | str] = {"[Content_Types].xml": listed, MAIN_NAMES[code]: "<main>Rest centres</main>"}
    return zipped(parts | (more or {}))


def pdf(**change: Any) -> bytes:
    """Return a PDF of one page.

    :param change: `password`, `script`, `attached`, `author`, `author_in_xmp`, `comment`, or
        `action` (what showing the page starts)
    """
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    if author := change.get("author"):
        writer.add_metadata({"/Author": author})
    if note := change.get("comment"):
        page[NameObject("/Annots")] = ArrayObject([writer._add_object(_comment(note))])
    if author := change.get("author_in_xmp"):
        writer.xmp_metadata = _XMP.format(author).encode()
    if script := change.get("script"):
        runs = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
        writer._root_object[NameObject("/OpenAction")] = DictionaryObject(runs)
    if attached := change.get("attached"):
        writer.add_attachment("inner.bin", attached)
    if action := change.get("action"):
        acts = {NameObject("/S"): writer._add_object(NameObject(action)), NameObject("/F"): TextStringObject("x")}
        page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): writer._add_object(DictionaryObject(acts))})
    if password := change.get("password"):
        writer.encrypt(password, algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq>'
    "</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def _comment(text: str) -> DictionaryObject:
    sides = ArrayObject([FloatObject(side) for side in (10, 10, 50, 50)])
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Text"),
            NameObject("/Rect"): sides,
            NameObject("/Contents"): TextStringObject(text),
        }
    )


def picture(code: str = "png", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """Return a picture; `exif` and the like as Pillow takes them."""
    written = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.new(mode, size, options.pop("colour", 7)).save(written, {"png": "PNG", "jpeg": "JPEG"}[code], **options)
    return written.getvalue()


def camera_notes() -> Image.Exif:
    """Return what a camera writes: its owner, its place on the map, and that it was held on its side."""
    exif = Image.Exif()
    exif[0x013B] = "Kowalczyk"  # artist
    exif[0xA430] = "Kowalczyk"  # camera owner
    exif[0x0112] = 6  # turn by 90 degrees
    exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "N", (54.0, 32.0, 10.0)
    return exif


def huge_png(width: int = 50_000, height: int = 50_000) -> bytes:
    """Return the head of a picture that says it is huge, and a little of its body."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack("!L", len(content)) + name + content + struct.pack("!L", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack("!LLBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def overlapping(copies: int = 200) -> bytes:
    """Return an archive whose directory names the same bytes again and again."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(90_000)) + kernel.flush()
    crc = zlib.crc32(bytes(90_000))
    names = ["[Content_Types].xml", *(f"part{number}.xml" for number in range(copies))]
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(packed), 90_000, len(names[0]), 0)
    file = local + names[0].encode() + packed
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(packed), 90_000, len(name), *[0] * 6)
        + name.encode()
        for name in names
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(file), 0)
    return file + directory + end


def lying(code: str = "docx") -> bytes:
    """Return an Office file one of whose parts holds far more than the directory says."""
    whole = bytearray(office(code, {"word/media/image1.emf": bytes(30 * 1024 * 1024)}))
    said, true = struct.pack("<L", 40_000), struct.pack("<L", 30 * 1024 * 1024)
    return bytes(whole.replace(true, said))


GOOD = {
    "plan.pdf": pdf(),
    "plan.docx": office("docx"),
    "list.xlsx": office("xlsx"),
    "talk.pptx": office("pptx"),
    "map.png": picture("png"),
    "photo.jpg": picture("jpeg"),
    "Photo.JPEG": picture("jpeg"),
    "table.csv": "centre;places\r\nCafé;40\r\n".encode("cp1252"),
    "notes.txt": "Réunion à 9 h – tout va bien\n".encode(),
}
