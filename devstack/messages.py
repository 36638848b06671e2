"""`dev.py messages`: bring locale/*/LC_MESSAGES/django.po up to date with code and templates, and compile them.

Babel reads and writes the catalogues, so that no gettext has to be installed.  What is compiled is kept in the
repository: a server, and a fresh copy, need neither Babel nor this.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from devstack.installation import ROOT

PACKAGES = ("jol", "notifications", "lessons", "accounts", "govuk")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
WIDTH = 110
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
#: English said as it is: what no catalogue has, Django looks for in three, which takes four times as long.
ENGLISH = ROOT / "locale" / "en_GB" / "LC_MESSAGES" / "django.mo"
#: Lines of the head of a catalogue that would differ at each run, or name nobody.
NOISE = re.compile(
    r'(?m)^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By): .*\n'
)

Found = tuple[str, int, str | tuple[str, ...], str | None]


def catalogues() -> list[Path]:
    return sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def found() -> Iterator[Found]:
    """Yield file, line, message and context of everything that is marked for translation."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _in_python(path, path.read_text())
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix in {".html", ".txt"}:
            yield from _in_python(path, _as_python(path))


def _as_python(path: Path) -> str:
    """Return a template as calls of gettext, one beside the other, on the lines where they stood."""
    lines = templatize(path.read_text(), origin=str(path)).splitlines()
    return "\n".join(line.strip() for line in lines)


def _in_python(path: Path, text: str) -> Iterator[Found]:
    name = str(path.relative_to(ROOT))
    for line, message, _, context in extract("python", io.BytesIO(text.encode()), KEYWORDS, options={}):
        yield name, line, message, context


def template() -> Catalog:
    """Return all that is marked, each with the files in which it stands."""
    catalogue = Catalog()
    for name, _line, message, context in found():
        catalogue.add(message, locations=[(name, 0)], context=context)
    for one in catalogue:
        one.locations = sorted(set(one.locations))
    return catalogue


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def write(path: Path, catalogue: Catalog) -> None:
    file = io.BytesIO()
    write_po(file, catalogue, width=WIDTH, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    path.write_text(NOISE.sub("", file.getvalue().decode()))
    path.with_suffix(".mo").write_bytes(compiled(read(path)))


def compiled(catalogue: Catalog) -> bytes:
    """Return it as Django reads it; the same words make the same bytes, whenever that is done."""
    catalogue.creation_date = catalogue.revision_date = LONG_AGO
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def english(marked: Catalog) -> Catalog:
    """Return what is marked as its own translation."""
    catalogue = Catalog(locale="en_GB")
    for message in marked:
        if message.id:
            catalogue.add(message.id, message.id, context=message.context)
    return catalogue


def main() -> int:
    marked = template()
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    ENGLISH.write_bytes(compiled(english(marked)))
    for path in catalogues():
        catalogue = read(path)
        # Plural forms, comments and who wrote it are the translator's: the update leaves them.
        catalogue.update(marked, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
        write(path, catalogue)
        missing = sum(not is_translated(message.string) for message in catalogue if message.id)
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {missing} without a translation")
    return 0


def is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(string and (isinstance(string, str) or all(string)))


if __name__ == "__main__":
    sys.exit(main())
