"""Lists of words beside this file, one or more on a line."""

from pathlib import Path


def word_list(name: str) -> frozenset[str]:
    """Return the words of `name`.txt; lines that begin with # explain."""
    lines = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
