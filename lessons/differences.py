"""What changed between two texts, word by word."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

#: A word with the space after it, so that what is put in or taken out reads as it was typed.
WORD = re.compile(r"\S+\s*|\s+")
LINE = re.compile(r".*\n|.+")
#: Comparisons of equal words; beyond it (the same few words thousands of times) the text counts as replaced.
MOST_COMPARISONS = 400_000

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Piece:
    kind: Kind
    text: str


def differences(before: str, after: str, *, by: re.Pattern[str] = WORD) -> list[Piece]:
    """Return both texts as one: what stayed, what was removed, what was added, in reading order.

    :param by: what is compared: `WORD` for running text, `LINE` for lists
    """
    if before == after:
        return [Piece("same", before)] if before else []
    old, new = by.findall(before), by.findall(after)
    counts = Counter(new)
    if sum(counts[word] for word in old) > MOST_COMPARISONS:
        return _pieces(removed=before, added=after)
    pieces: list[Piece] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        pieces += [Piece("same", gone)] if what == "equal" else _pieces(removed=gone, added=come)
    return pieces


def _pieces(*, removed: str, added: str) -> list[Piece]:
    return [piece for piece in (Piece("removed", removed), Piece("added", added)) if piece.text]
