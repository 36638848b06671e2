"""How fast all lessons leave as NDJSON over HTTP: rows a second, first byte, memory, beside `psql COPY`.

    dev.py bench export [--rows 100000] [--forms ndjson,csv,xlsx] [--keep FOLDER] [--quick]

Texts are those of data/uk_lessons.csv, combined anew.  The same columns leave through COPY for comparison.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import random
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote

from benchmarks._answers import cpu_seconds, web_server
from benchmarks._database import portal_database
from devstack.postgres import find_binaries
from devstack.waiting import LOOPBACK

CORPUS = Path(__file__).resolve().parent.parent / "data" / "uk_lessons.csv"
WRITTEN = 2_000  # by the loader; the rest are copies of these rows
RUNS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--quick", action="store_true", help="10,000 rows, once")
    options.add_argument("--forms", default="ndjson,csv,xlsx", help="which files, with commas between")
    options.add_argument("--keep", type=Path, help="keep the database in this folder")
    chosen = options.parse_args()
    rows, runs = (10_000, 1) if chosen.quick else (chosen.rows, RUNS)
    with portal_database(chosen.keep) as url:
        load(rows)
        token = a_token()
        figures = measure(url, token, rows, runs, chosen.forms.split(","))
    print(json.dumps(figures))


def load(rows: int) -> None:
    from django.db import connection

    from benchmarks._publications import Row, indexes_built_afterwards, publish
    from lessons.models import Publication

    if kept := Publication.objects.count():
        assert kept == rows, f"{kept} lessons are kept, not {rows}"
        return
    with CORPUS.open(encoding="utf-8-sig", newline="") as file:
        texts = [[cell for cell in line if len(cell) > 80] for line in csv.reader(file)]
    texts = [text for text in texts if len(text) > 1]
    chance = random.Random(7)
    written = min(rows, WRITTEN)
    publish(
        Row(
            number + 1,
            f"Lesson {number} of an exercise",
            [chance.choice(chance.choice(texts)) for _ in range(3)],
            terms=(
                "kind:lesson_identified",
                f"risk:risk-{number % 80}",
                f"risk-theme:theme-{number % 9}",
                f"theme:theme-{number % 60}",
                f"area:area-{number % 48}",
                "sector:fire",
                "source:exercise",
                "brag:green",
            ),
        )
        for number in range(written)
    )
    with indexes_built_afterwards():
        _multiply(rows, written)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE lessons_lesson, lessons_publication")


def _multiply(rows: int, written: int) -> None:
    """Copy the rows that are there until there are `rows`."""
    from django.db import connection

    from lessons.models import Lesson, Publication

    with connection.cursor() as cursor:
        for model in (Lesson, Publication):
            names = [field.column for field in model._meta.local_concrete_fields]
            changed = {
                "id": "id + step",
                "lesson_id": "lesson_id + step",
                "reference": "'LI-2026-' || lpad((id + step)::text, 7, '0')",
                "published_at": "published_at + step * interval '1 minute'",
            }
            chosen = ", ".join(changed.get(name, f'"{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            table = model._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table},"  # noqa: S608 - names of our own columns
                f" generate_series({written}, {rows - written}, {written}) AS step"
            )


def a_token() -> str:
    from django.utils import timezone

    from accounts.models import TokenScope
    from accounts.tokens import create_token
    from benchmarks._reader import a_reader

    return create_token(user=a_reader(), scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())[1]


def measure(url: str, token: str, rows: int, runs: int, forms: list[str]) -> dict[str, float]:
    found = {}
    with web_server() as (port, worker):
        _download(port, token, "/api/v1/lessons/?page_size=1")  # what is loaded once
        before = _memory(worker)
        for form in forms:
            cpu = cpu_seconds(worker)
            taken = [_download(port, token, f"/api/v1/lessons.{form}") for _ in range(runs)]
            seconds = min(one[1] for one in taken)
            found[f"{form}_rows_per_second"] = round(rows / seconds)
            # What a machine with other work to do cannot spoil.
            found[f"{form}_rows_per_cpu_second"] = round(rows * runs / (cpu_seconds(worker) - cpu))
            found[f"{form}_first_byte_seconds"] = round(max(one[0] for one in taken), 3)
            found[f"{form}_megabytes"] = round(taken[0][2] / 1e6, 1)
            if form == "ndjson":
                assert taken[0][3] == rows, f"{taken[0][3]} lines of {rows}"
            found[f"{form}_memory_growth_mb"] = round((_memory(worker) - before) / 1024, 1)
            print({name: value for name, value in found.items() if name.startswith(form)})
    copied = min(_copy(url) for _ in range(runs))
    found["psql_copy_rows_per_second"] = round(rows / copied)
    if "ndjson" in forms:
        found["ndjson_to_copy"] = round(found["psql_copy_rows_per_second"] / found["ndjson_rows_per_second"], 2)
    return {"rows": rows} | found


def _download(port: int, token: str, path: str) -> tuple[float, float, int, int]:
    """Return seconds to the first byte of the body, seconds in all, bytes and lines."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=600)
    began = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Token {token}", "Host": f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read(500))
    piece = answer.read1()
    first = time.perf_counter() - began
    size = lines = 0
    while piece:
        size += len(piece)
        lines += piece.count(b"\n")
        piece = answer.read1(1 << 16)
    took = time.perf_counter() - began
    connection.close()
    return first, took, size, lines


def _memory(pid: int) -> int:
    """Return the most memory the process ever held, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def _copy(url: str) -> float:
    """Return the seconds that psql takes to copy the same columns of the same rows out."""
    from lessons.exports.document import COLUMNS

    names = [name.replace("lesson__", "l.") if name.startswith("lesson__") else f"p.{name}" for name in COLUMNS]
    query = (
        f"SELECT {', '.join(names)} FROM lessons_publication p JOIN lessons_lesson l ON l.id = p.lesson_id"  # noqa: S608
        " WHERE p.readers && ARRAY['official/all']::varchar[]"
        " AND p.superseded_at IS NULL AND p.published_at IS NOT NULL"
        " ORDER BY p.published_at DESC, p.id DESC"
    )
    psql = find_binaries() / "psql"
    command = [str(psql) if psql.exists() else "psql", unquote(url), "-c", f"COPY ({query}) TO STDOUT"]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
