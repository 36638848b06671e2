"""Texts to search, and which of them answer which query."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "corpora"
#: Of the shared corpus: what a publication would be found by.
UK_FIELDS = ("lesson", "what_happened", "cause", "recommendation", "source_name", "national_risk", "themes")


@dataclass(frozen=True)
class Text:
    id: str
    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """`judged` holds, by query, how well each judged text answers it (0: not at all)."""

    name: str
    texts: list[Text]
    queries: dict[str, str]
    judged: dict[str, dict[str, float]]


def read_collection(folder: Path) -> Collection:
    """Read corpus.jsonl, queries.jsonl and qrels.tsv."""
    texts = [
        Text(str(row["_id"]), _text(row, "title"), (_text(row, "text"),)) for row in _lines(folder / "corpus.jsonl")
    ]
    queries = {str(row["_id"]): _text(row, "text") for row in _lines(folder / "queries.jsonl")}
    return Collection(folder.name, texts, queries, _judgements(folder / "qrels.tsv"))


def read_uk_lessons() -> Collection:
    """Read the judged set of the shared folder."""
    with _open(SHARED / "uk_lessons.csv") as file:
        texts = [Text(row["id"], row["title"], tuple(row[name] for name in UK_FIELDS)) for row in csv.DictReader(file)]
    queries = {str(row["_id"]): row["text"] for row in _lines(SHARED / "uk_lessons_queries.jsonl")}
    return Collection("uk_lessons", texts, queries, _judgements(SHARED / "uk_lessons_qrels.tsv"))


def _text(row: dict[str, object], name: str) -> str:
    """Return a field as PostgreSQL takes it: without NUL and halves of surrogate pairs."""
    text = str(row.get(name) or "").replace("\0", " ")
    return text.encode("utf-8", "replace").decode()


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with _open(path) as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _judgements(path: Path) -> dict[str, dict[str, float]]:
    judged: dict[str, dict[str, float]] = {}
    with _open(path) as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if len(row) >= 3 and row[-1].strip().lower() != "score":
                judged.setdefault(row[0].strip(), {})[row[1].strip()] = float(row[-1])
    return judged


def _open(path: Path):
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError:
        sys.exit(f"{path} is missing: the shared corpora lie in a folder `shared` beside the project.")


def load(texts: Iterable[Text]) -> dict[int, str]:
    """Publish the texts for all responders; return the id of each by the key of its publication."""
    from benchmarks._publications import Row, publish

    ids: dict[int, str] = {}

    def rows() -> Iterator[Row]:
        for number, text in enumerate(texts, start=1):
            ids[number] = text.id
            yield Row(number, text.title, text.parts)

    publish(rows())
    return ids
