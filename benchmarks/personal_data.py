"""How well the rules of `lessons/warnings` find what readers must not see, and how fast.

python3 dev.py bench personal_data [FILE.csv]

Measures recall and precision on the invented sentences of the tests.  FILE is any other table of texts, such as
SAFENET reports: nobody knows what is in it, so it is told what the rules find and how long they take.  Where its
publisher blanked a telephone number or an address of email, each number and address of the sentences is put in turn,
which shows whether what real people write around them keeps any from being found.
"""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import sys
import time
from collections import Counter
from pathlib import Path

SENTENCES = Path(__file__).resolve().parent.parent / "tests" / "data" / "personal_data.csv"
SHOWN = 12  # finds of each kind in FILE
BLANK = re.compile(r"\[(?:phone|email)\]")
AROUND = 200  # characters on either side of a blank
#: What has a form of its own, unlike names and dates of birth.
STRUCTURED = ("phone", "email", "postcode", "plate", "nhs_number", "ni_number")


def main(arguments: list[str]) -> None:
    import django

    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "jol.settings",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",  # the rules ask for nothing there
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    django.setup()
    figures = measure_sentences()
    if files := [one for one in arguments if not one.startswith("-")]:
        figures |= measure_file(Path(files[0]))
    print(json.dumps(figures))


def measure_sentences() -> dict[str, float]:
    """Return recall and precision of every kind on the sentences with known answers."""
    from lessons.warnings.check import look_through

    hits, missed, extra = Counter[str](), Counter[str](), Counter[str]()
    for sentence, expected in known_answers():
        found = Counter((str(one.kind), one.words) for one in look_through(sentence))
        hits.update(kind for kind, _ in (found & expected).elements())
        missed.update(kind for kind, _ in (expected - found).elements())
        extra.update(kind for kind, _ in (found - expected).elements())
    figures: dict[str, float] = {}
    print(f"{'kind':<15}{'there':>6}{'recall':>9}{'precision':>11}")
    for kind in sorted(hits | missed | extra):
        there, said = hits[kind] + missed[kind], hits[kind] + extra[kind]
        recall, precision = hits[kind] / there if there else 1.0, hits[kind] / said if said else 1.0
        print(f"{kind:<15}{there:>6}{recall:>9.3f}{precision:>11.3f}")
        figures |= {f"{kind}_recall": round(recall, 3), f"{kind}_precision": round(precision, 3)}
    return figures


def known_answers() -> list[tuple[str, Counter[tuple[str, str]]]]:
    """Return each sentence with what is in it: (kind, words), as often as it is there."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["sentence"], Counter(_answers(row["expected"]))) for row in rows]


def _answers(expected: str) -> list[tuple[str, str]]:
    pairs = [one.partition(":") for one in expected.split("|") if one]
    return [(kind, words) for kind, _, words in pairs]


def measure_file(path: Path) -> dict[str, float]:
    """Return how many records of `path` have a find of each kind, and the time a record takes."""
    from lessons.warnings.check import look_through

    with path.open(encoding="utf-8", newline="") as file:
        records = ["\n".join(row.values()) for row in csv.DictReader(file)]
    began = time.perf_counter()
    found = [look_through(record) for record in records]
    took = time.perf_counter() - began
    print(f"\n{path.name}: {len(records)} records, {sum(map(len, records))} characters")
    figures: dict[str, float] = {
        "records": len(records),
        "records_with_a_warning": sum(1 for one in found if one),
        "ms_per_record": round(1000 * took / max(1, len(records)), 3),
    }
    for kind in sorted({str(one.kind) for finds in found for one in finds}):
        words = [one.words for finds in found for one in finds if one.kind == kind]
        figures[f"{kind}_found"] = len(words)
        print(f"{kind:<15}{len(words):>6}   {' | '.join(dict.fromkeys(words[:: max(1, len(words) // SHOWN)]))[:400]}")
    return figures | measure_blanks(records)


def measure_blanks(records: list[str]) -> dict[str, float]:
    """Return the recall of each kind where its numbers stand in the blanks of `records`."""
    from lessons.warnings.check import look_through

    blanks = [(record, match) for record in records for match in BLANK.finditer(record)]
    if not blanks:
        return {}
    figures: dict[str, float] = {"blanks": len(blanks)}
    answers = {answer for _, expected in known_answers() for answer in expected}
    print(f"\n{len(blanks)} blanks, with what the sentences hold put into each")
    for kind in STRUCTURED:
        values = sorted(words for of, words in answers if of == kind)
        put = [
            (words, f"{record[max(0, gap.start() - AROUND) : gap.start()]}{words}{record[gap.end() :][:AROUND]}")
            for record, gap in blanks
            for words in values
        ]
        missed = [
            words for words, text in put if (kind, words) not in {(one.kind, one.words) for one in look_through(text)}
        ]
        figures[f"{kind}_recall_in_blanks"] = round(1 - len(missed) / len(put), 3)
        print(f"{kind:<15}{len(put):>6}{figures[f'{kind}_recall_in_blanks']:>9.3f}   {Counter(missed).most_common(3)}")
    return figures


if __name__ == "__main__":
    main(sys.argv[1:])
