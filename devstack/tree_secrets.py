"""Secrets do not belong into the repository: looks for what looks like one in every file that git knows.

A line that must hold such text says so with `no secret`; examples use the words of `PLACEHOLDERS`.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from devstack.installation import ROOT

PATTERNS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token of a forge or chat": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abp]-[\w-]{10,})"),
    "secret key of age": re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    "password in an address": re.compile(r"\b[a-z][a-z0-9+]*://[^\s/:@{}]+:(?P<word>[^\s/@{}$%<>]{4,})@"),
    "assigned secret": re.compile(
        r"(?i)\b[\w.]*(?:password|passwd|secret|token|api_?key)[\w.]*[\"']?\s*[:=]\s*[\"'](?P<word>[^\"'\s]{16,})[\"']"
    ),
}
PLACEHOLDERS = re.compile(r"(?i)change-?me|example|only-for|no-installation|password|secret|x{8}|test|\.\.\.|\{|%\(")
LEAST_BITS_EACH = 3.6  # of a letter: random words have more, names of things less
NOT_READ = (".png", ".jpg", ".pdf", ".docx", ".xlsx", ".woff2", ".zip", ".mo", "package-lock.json")
SAID = "no secret"


def looks_secret(line: str) -> str:
    """Return what a line seems to hold, or ""."""
    if SAID in line:
        return ""
    for name, pattern in PATTERNS.items():
        for found in pattern.finditer(line[:2000]):
            word = found.groupdict().get("word")
            if word is None or not (PLACEHOLDERS.search(word) or _is_a_name(word)):
                return name
    return ""


def _is_a_name(word: str) -> bool:
    """Whether a word is too regular for chance: random ones mix letters and digits, and hardly repeat any."""
    return not (re.search("[0-9]", word) and re.search("[A-Za-z]", word)) or _bits_each(word) < min(
        LEAST_BITS_EACH, 0.85 * math.log2(len(word))
    )


def _bits_each(word: str) -> float:
    """Return the entropy of a letter, by how often each is in the word."""
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())


def in_tree() -> Iterator[str]:
    """Yield place and kind of what looks like a secret."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if name.endswith(NOT_READ) or name.startswith(("requirements/", "data/")) or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if kind := looks_secret(line):
                yield f"{name}:{number} looks like a {kind}"


def main() -> int:
    told = list(in_tree())
    print("\n".join(told), end="\n" if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
