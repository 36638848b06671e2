"""What is inside attachments: good files pass, hostile ones are refused, and none of them takes much with it."""

import io
import re
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation
from PIL import Image

from lessons.actions.attachments import MOST_ATTACHMENTS
from lessons.apart import ROOT
from lessons.attachments import archives, images
from lessons.attachments.content import kind_of
from lessons.attachments.findings import SENTENCES, in_words
from lessons.attachments.kinds import KINDS, MOST_BYTES, Refused, kind_by_name, plain_name
from lessons.attachments.opening import look_inside
from tests.files import (
    BASE,
    GOOD,
    MAIN_NAMES,
    RELATIONS,
    camera_notes,
    huge_png,
    lying,
    office,
    overlapping,
    pdf,
    picture,
    zipped,
)

MEGABYTE = 1024 * 1024


def test_what_may_be_attached_is_as_documented() -> None:
    text = (ROOT / "docs" / "boundaries.md").read_text().split("## What may be attached")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| (.+?) \| (\..+?) \|$", text, re.MULTILINE))

    assert rows == {one.label: ", ".join(f".{suffix}" for suffix in one.suffixes) for one in KINDS.values()}
    numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", text.rpartition(".txt |")[2])]
    assert numbers == [
        MOST_BYTES // MEGABYTE,
        MOST_ATTACHMENTS,
        archives.MOST_ENTRIES,
        archives.MOST_UNPACKED // MEGABYTE,
        images.MOST_PIXELS,
    ]


def kind(content: bytes, name: str) -> str:
    return kind_of(io.BytesIO(content), name).code


def findings(content: bytes, code: str, folder: Path) -> list[str]:
    (folder / "file").write_bytes(content)
    return look_inside(code, folder / "file", folder / "drawn")


# -- names and types -----------------------------------------------------------------------------------
def code_of(name: str) -> str:
    """Return the kind that a name promises."""
    suffix = name.rpartition(".")[2].lower()
    return "jpeg" if suffix == "jpg" else suffix


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_what_its_name_says(name: str) -> None:
    assert kind(GOOD[name], name) == code_of(name)


@pytest.mark.parametrize(
    "name",
    [
        "a.pdf.exe",
        "a.php",
        "a.svg",
        "a.html",
        "a.xhtml",
        "a.docm",
        "a.xlsm",
        "a.zip",
        "a.gif",
        "pdf",
        "",
        ".",
        "a.pdf/x",
    ],
)
def test_a_name_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="cannot be attached"):
        kind(GOOD["plan.pdf"], name)


TEXTS = {"csv", "txt"}
MISNAMED = [
    (one, other)
    for one in GOOD
    for other in GOOD
    if code_of(one) != code_of(other) and not {code_of(one), code_of(other)} <= TEXTS
]


@pytest.mark.parametrize(("content", "name"), MISNAMED)
def test_a_name_that_does_not_fit_the_content_is_refused(content: str, name: str) -> None:
    with pytest.raises(Refused):
        kind(GOOD[content], name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\somebody\\plan.pdf", "plan.pdf"),
        ("a.php\0.pdf", "a.php.pdf"),
        ("plan\u202efdp.txt", "planfdp.txt"),
        ("CON.txt", "CON.txt"),
        ("plan\r\n.pdf", "plan.pdf"),
        ("", "attachment"),
        ("...", "attachment"),
    ],
)
def test_a_name_is_kept_as_plain_text(name: str, shown: str) -> None:
    assert plain_name(name) == shown


def test_a_name_of_three_hundred_characters_keeps_its_end() -> None:
    shortened = plain_name("n" * 300 + ".pdf")

    assert len(shortened) <= 150
    assert shortened.endswith("….pdf")


# -- two kinds in one, pages in disguise -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (GOOD["plan.pdf"] + GOOD["plan.docx"], "plan.pdf"),
        (GOOD["plan.pdf"] + GOOD["plan.docx"], "plan.docx"),
        (b"<html><script>alert(1)</script>" + GOOD["plan.pdf"], "plan.pdf"),
        (GOOD["plan.pdf"].replace(b"%PDF-1.3\n", b"%PDF-1.3\n<html><script>alert(1)</script>\n"), "plan.pdf"),
        (b"GIF89a/*" + b"x" * 99 + b"*/=1;alert(1)", "map.png"),
        (b"GIF89a" + b"x" * 99, "notes.txt"),
        (b"<!DOCTYPE html><p>Hello", "notes.txt"),
        (b"\xef\xbb\xbf \n<HTML><body onload=x>", "notes.txt"),
        ("<script>alert(1)</script>".encode("utf-16"), "notes.txt"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "table.csv"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "notes.txt"),
        (b"some\0binary", "notes.txt"),
        (b"\x1b[2Jescape \x07", "table.csv"),
        (b"MZ\x90\0", "notes.txt"),
        (b"%PDF-1.7 and no more", "plan.pdf"),
        (GOOD["plan.docx"][:-30], "plan.docx"),
        (GOOD["plan.docx"] + b"<html>", "plan.docx"),
        (b"junk" + GOOD["plan.docx"], "plan.docx"),
        (b"", "notes.txt"),
        (bytes(MOST_BYTES + 1), "notes.txt"),
    ],
)
def test_what_is_two_things_or_none_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(Refused):
        kind(content, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_may_come_in_the_encodings_that_offices_use(encoding: str) -> None:
    assert kind("Größe;Café\r\n<5 minutes\t12\r\n".encode(encoding), "table.csv") == "csv"


# -- archives that unpack to too much ----------------------------------------------------------------------
def symlink() -> bytes:
    link = zipfile.ZipInfo("word/link")
    link.external_attr = 0o120777 << 16
    whole = io.BytesIO(GOOD["plan.docx"])
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    return whole.getvalue()


def encrypted_entry() -> bytes:
    whole = bytearray(GOOD["plan.docx"])
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.find(signature) + flags] |= 1
    return bytes(whole)


def many_entries_in_a_small_directory() -> bytes:
    """An end of directory that names 65,000 entries."""
    whole = bytearray(GOOD["plan.docx"])
    end = whole.rfind(archives.DIRECTORY_END)
    whole[end + 8 : end + 12] = struct.pack("<2H", 65_000, 65_000)
    return bytes(whole)


def three_hundred_megabytes() -> bytes:
    """Return a sheet whose parts shrink to a sixtieth: each is honest, together they are too much."""
    noise = b"".join(struct.pack("!L", (number * 2_654_435_761) & 0xFFFFFFFF) for number in range(250_000))
    return office("xlsx", {f"xl/media/{number}.emf": noise + bytes(59 * MEGABYTE) for number in range(5)})


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a ratio of a thousand": lambda: office("docx", {"word/media/image1.emf": bytes(90 * MEGABYTE)}),
    "300 megabytes in all": three_hundred_megabytes,
    "two thousand entries": lambda: office("docx", {f"word/part{number}.xml": "" for number in range(2_001)}),
    "65,000 entries": many_entries_in_a_small_directory,
    "entries that overlap": overlapping,
    "a link": symlink,
    "a way out": lambda: office("docx", {"../../evil.xml": "x"}),
    "an absolute path": lambda: office("docx", {"/etc/evil.xml": "x"}),
    "a path of another system": lambda: office("docx", {"c:evil.xml": "x"}),
    "an encrypted entry": encrypted_entry,
    "an unknown packing": lambda: zipped({"[Content_Types].xml": "x" * 99}, compression=zipfile.ZIP_BZIP2),
    "no list of parts": lambda: zipped({"word/document.xml": "x"}),
    "names that differ by case only": lambda: office("docx", {"word/a.xml": "x", "word/A.xml": "y"}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name.startswith("300") else name for name in ARCHIVES]
)
def test_a_hostile_archive_is_refused_at_once_and_before_it_is_unpacked(name: str) -> None:
    content = ARCHIVES[name]()
    begun = time.monotonic()

    with pytest.raises(Refused):
        kind(content, "list.xlsx" if name.startswith("300") else "plan.docx")

    assert time.monotonic() - begun < 10  # a second is promised


MEASURED = """
import resource, sys
from lessons.attachments.content import kind_of
from lessons.attachments.kinds import Refused
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with open(sys.argv[1], "rb") as file:
        kind_of(file, sys.argv[2])
except Refused:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "name",
    [
        "a ratio of a thousand",
        pytest.param("300 megabytes in all", marks=pytest.mark.slow),
        "two thousand entries",
        "entries that overlap",
    ],
)
def test_refusing_a_bomb_takes_little_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(ARCHIVES[name]())
    called = "list.xlsx" if name.startswith("300") else "plan.docx"

    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "bomb"), called],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 100 * 1024  # kilobytes


def test_a_directory_of_hundreds_of_thousands_of_entries_is_not_even_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, *[0] * 6) + b"x"
    directory = entry * 400_000
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(local), 0)
    (tmp_path / "bomb").write_bytes(local + directory + end)

    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "bomb"), "plan.docx"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 50 * 1024


def test_a_part_that_holds_more_than_the_directory_says_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    content = lying()
    assert kind(content, "plan.docx") == "docx"

    with pytest.raises(Refused, match="unpacks to more"):
        findings(content, "docx", tmp_path)


def test_a_large_honest_file_is_taken(tmp_path: Path) -> None:
    noise = b"".join(struct.pack("!L", (number * 2_654_435_761) & 0xFFFFFFFF) for number in range(2_000_000))
    content = office("pptx", {"ppt/media/image1.png": noise})

    assert kind(content, "talk.pptx") == "pptx"
    assert findings(content, "pptx", tmp_path) == []


# -- inside Office files ---------------------------------------------------------------------------------
def part_type(kind_: str, name: str = "/x/y") -> str:
    return f'<Override PartName="{name}" ContentType="{kind_}"/>'


def relation(kind_: str, target: str = "http://198.51.100.7/a.dotm") -> str:
    return (
        f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" TargetMode="External" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind_}" Target="{target}"/>'
        "</Relationships>"
    )


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{("&a" + (str(n - 1) if n else "") + ";") * 10}">' for n in range(1, 9))
    + "]><l>&a8;</l>"
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'

HOSTILE_OFFICE = {
    "macros": office("docx", {"word/vbaProject.bin": "x"}),
    "macros by another name": office(
        "docx", types=part_type("application/vnd.ms-office.vbaProject", "/word/harmless.bin")
    ),
    "a renamed docm": office("docx", main="application/vnd.ms-word.document.macroEnabled.main+xml"),
    "macros of Excel 4": office("xlsx", {"xl/macrosheets/sheet1.xml": "<x/>"}),
    "an object": office("docx", {"word/embeddings/oleObject1.bin": "x"}),
    "an object by another name": office("docx", {"word/media/image1.emf": b"\xd0\xcf\x11\xe0 object"}),
    "a program": office("docx", {"word/media/image1.emf": b"MZ program"}),
    "an ActiveX control": office("pptx", {"ppt/activeX/activeX1.xml": "<x/>"}),
    "an archive within": office("docx", {"word/media/image1.emf": zipped({"a": "b"})}),
    "macros in an embedded sheet": office(
        "docx", {"word/embeddings/sheet.xlsx": office("xlsx", {"xl/vbaProject.bin": "x"})}
    ),
    "a bomb in an embedded sheet": office(
        "docx", {"word/embeddings/sheet.xlsx": office("xlsx", {"xl/media/a.emf": bytes(9 * MEGABYTE)})}
    ),
    "embedded twice": office(
        "docx",
        {"word/embeddings/a.xlsx": office("xlsx", {"xl/embeddings/b.docx": office("docx")})},
    ),
    "a billion laughs": office("docx", {"word/document.xml": LAUGHS}),
    "laughs in the list of parts": office("docx", {"[Content_Types].xml": LAUGHS}),
    "an external entity": office("xlsx", {"xl/sharedStrings.xml": EXTERNAL}),
    "an external entity in UTF-16": office("xlsx", {"xl/sharedStrings.xml": EXTERNAL.encode("utf-16")}),
    "an entity behind a long comment": office("docx", {"word/document.xml": f"<!--{'x' * 65_530}-->{EXTERNAL}"}),
    "a template from elsewhere": office("docx", {"word/_rels/settings.xml.rels": relation("attachedTemplate")}),
    "another kind of document": office("docx", main=f"{BASE}presentationml.presentation.main+xml"),
    "password protection": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000),
}


@pytest.mark.parametrize("name", HOSTILE_OFFICE)
def test_an_office_file_with_something_hostile_is_refused(name: str, tmp_path: Path) -> None:
    content = HOSTILE_OFFICE[name]
    code = next((code for code, main in MAIN_NAMES.items() if main.encode() in content), "docx")

    with pytest.raises(Refused):
        attached(content, code, tmp_path)


def attached(content: bytes, code: str, folder: Path) -> list[str]:
    """Treat a file as the portal does: what it is at once, what is inside later."""
    assert kind(content, f"file.{code}") == code
    return findings(content, code, folder)


def test_macros_and_passwords_are_refused_at_once_in_words_that_say_what_to_do() -> None:
    for name, words in (("macros", "Save it without them"), ("password protection", "protected by a password")):
        with pytest.raises(Refused, match=words):
            kind(HOSTILE_OFFICE[name], "plan.docx")


def test_a_chart_with_its_sheet_a_link_and_a_printer_setting_are_harmless(tmp_path: Path) -> None:
    content = office(
        "pptx",
        {
            "ppt/embeddings/Microsoft_Excel_Sheet1.xlsx": office("xlsx"),
            "ppt/slides/_rels/slide1.xml.rels": relation("hyperlink", "https://www.example.org/"),
            "ppt/printerSettings1.bin": b"\x01\x02",
        },
    )

    assert kind(content, "talk.pptx") == "pptx"
    assert findings(content, "pptx", tmp_path) == []


@pytest.mark.slow
def test_a_moderator_is_told_of_authors_comments_changes_and_hidden_sheets(tmp_path: Path) -> None:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Kowalczyk</dc:creator></cp:coreProperties>'
    )
    app = "<Properties><Company>Example Fire</Company></Properties>"
    word = office(
        "docx",
        {
            "docProps/core.xml": core,
            "docProps/app.xml": app,
            "word/comments.xml": "<x/>",
            "word/document.xml": '<w:p xmlns:w="w"><w:ins w:author="a">x</w:ins></w:p>',
        },
    )
    sheet = office("xlsx", {"xl/workbook.xml": '<sheets><sheet name="a" state="hidden"/></sheets>'})
    talk = office(
        "pptx",
        {
            "ppt/notesSlides/notesSlide1.xml": "<x/>",
            "ppt/slides/slide2.xml": '<p:sld xmlns:p="p" show="0"><p:cSld/></p:sld>',
            "docProps/custom.xml": "<x/>",
        },
    )

    assert (found := findings(word, "docx", tmp_path)) == [
        "Author: Kowalczyk",
        "Company: Example Fire",
        "It holds comments",
        "It holds tracked changes",
    ]
    with translation.override("cy"):
        assert [in_words(one) for one in found[1:3]] == ["Cwmni: Example Fire", "Mae’n cynnwys sylwadau"]
    assert findings(sheet, "xlsx", tmp_path) == ["It holds hidden sheets"]
    assert (found := findings(talk, "pptx", tmp_path)) == [
        "It holds the speaker’s notes",
        "It holds hidden slides",
        "It holds properties that somebody or some program added",
    ]
    assert set(found) < set(SENTENCES), "each can be said in another language"


# -- inside PDF ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pdf(password="secret"), "password"),
        (pdf(script="app.alert(1)"), "script"),
        (pdf(script="app.alert(1)").replace(b"/JavaScript", b"/Java#53cript").replace(b"/JS ", b"/#4aS "), "script"),
        (pdf(action="/Launch"), "script"),
        (pdf(action="/ImportData"), "script"),
        (pdf(attached=b"MZ"), "other files"),
        (GOOD["plan.pdf"].replace(b"/Root", b"/Toor"), "damaged"),
        (pdf(script="app.alert(1)").replace(b"/OpenAction", b"/Nothing"), "script"),
        (pdf() + b"9 0 obj\n<< /S /Launch /F (x) >>\nendobj\n%%EOF\n", "script"),
        (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", "damaged"),
    ],
)
def test_a_pdf_that_runs_hides_or_carries_something_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    assert kind(content, "plan.pdf") == "pdf"

    with pytest.raises(Refused, match=words):
        findings(content, "pdf", tmp_path)


def test_a_moderator_is_told_who_wrote_a_pdf_and_of_comments_in_it(tmp_path: Path) -> None:
    assert findings(pdf(author="Kowalczyk"), "pdf", tmp_path) == ["Author: Kowalczyk"]
    assert findings(pdf(author_in_xmp="Kowalczyk"), "pdf", tmp_path) == ["Author: Kowalczyk"]
    assert findings(pdf(author="Kowalczyk", comment="Is this so?"), "pdf", tmp_path) == [
        "Author: Kowalczyk",
        "It holds comments",
    ]


# -- pictures --------------------------------------------------------------------------------------------------
def test_a_picture_of_too_many_pixels_is_refused_by_its_head() -> None:
    begun = time.monotonic()

    with pytest.raises(Refused, match="40 million pixels"):
        kind(huge_png(), "map.png")

    assert time.monotonic() - begun < 10


def test_a_picture_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    photo = picture("jpeg", (800, 600))

    with pytest.raises(Refused):
        findings(photo[: len(photo) // 2], "jpeg", tmp_path)
    with pytest.raises(Refused):
        findings(huge_png(4000, 4000), "png", tmp_path)


def test_of_a_moving_picture_only_the_first_frame_is_kept(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), (number, 0, 0)) for number in range(50)]
    written = io.BytesIO()
    frames[0].save(written, "PNG", save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(written.getvalue())).n_frames == 50

    findings(written.getvalue(), "png", tmp_path)

    assert getattr(Image.open(tmp_path / "drawn"), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("code", "mode", "drawn_in"),
    [
        ("png", "RGBA", "RGBA"),
        ("png", "LA", "LA"),
        ("png", "P", "RGB"),
        ("png", "1", "RGB"),
        ("png", "I;16", "RGB"),
        ("png", "L", "L"),
        ("jpeg", "CMYK", "RGB"),
        ("jpeg", "L", "L"),
    ],
)
def test_a_picture_of_every_mode_is_drawn_anew(code: str, mode: str, drawn_in: str, tmp_path: Path) -> None:
    findings(picture(code, mode=mode, colour=1 if mode in {"1", "P", "L", "I;16"} else None), code, tmp_path)

    assert Image.open(tmp_path / "drawn").mode == drawn_in


def test_a_picture_of_forty_million_pixels_is_drawn_within_the_memory_allowed(tmp_path: Path) -> None:
    photo = picture("jpeg", (8_000, 5_000), exif=camera_notes())

    findings(photo, "jpeg", tmp_path)

    assert Image.open(tmp_path / "drawn").size == (5_000, 8_000)


def test_looking_inside_cannot_take_much_memory() -> None:
    greedy = "from lessons.apart import limit\nlimit(memory=1024**3, seconds=60)\nbytearray(2 * 1024**3)"

    done = subprocess.run([sys.executable, "-c", greedy], cwd=ROOT, capture_output=True, text=True)

    assert "MemoryError" in done.stderr


def test_a_file_that_ends_the_process_that_looks_at_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="opened safely"):
        look_inside("pdf", tmp_path / "missing", tmp_path / "drawn")


@pytest.mark.parametrize(
    ("name", "words"),
    [("minutes.DOC", "DOCX"), ("log.xlsm", "macros"), ("scene.heic", "JPEG"), ("run.exe", "PDF, DOCX")],
)
def test_what_people_have_at_hand_is_refused_with_what_to_do_instead(name: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        kind_by_name(name)
