"""The locked parts: Python packages of requirements/*.txt, npm packages of package-lock.json."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devstack.installation import ROOT

PYPI, NPM = "PyPI", "npm"
LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, order=True)
class Part:
    """
    :ivar is_shipped: part of the product, not only of what tests, checks and builds it
    :ivar hashes: of each of its files, SHA-256 (PyPI) or SHA-512 (npm), in hexadecimal
    """

    ecosystem: str
    name: str
    version: str
    is_shipped: bool = True
    licence: str = ""
    hashes: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """Its package URL, as SBOMs name it."""
        kind = "pypi" if self.ecosystem == PYPI else "npm"
        return f"pkg:{kind}/{self.name.replace('@', '%40')}@{self.version}"


def python_parts(folder: Path = ROOT / "requirements") -> Iterator[Part]:
    """Yield what the locks hold, each once; the product's is that of base.txt."""
    shipped = {(part.name, part.version) for part in _locked(folder / "base.txt")}
    seen: set[tuple[str, str]] = set()
    for lock in sorted(folder.glob("*.txt")):
        for part in _locked(lock):
            one = part.name, part.version
            if one not in seen:
                seen.add(one)
                yield Part(PYPI, *one, one in shipped, hashes=part.hashes)


def _locked(lock: Path) -> Iterator[Part]:
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", lock.read_text()):
        if found := LOCKED.match(block):
            name = re.sub(r"[-_.]+", "-", found["name"]).lower()
            yield Part(PYPI, name, found["version"], hashes=tuple(HASH.findall(block)))


def npm_parts(lock: Path = ROOT / "package-lock.json") -> Iterator[Part]:
    for path, one in json.loads(lock.read_text())["packages"].items():
        if not path:
            continue
        kind, _, digest = one.get("integrity", "").partition("-")
        hashes = (base64.b64decode(digest).hex(),) if kind == "sha512" else ()
        name = path.rpartition("node_modules/")[2]
        yield Part(NPM, name, one["version"], not one.get("dev", False), str(one.get("license", "")), hashes)
