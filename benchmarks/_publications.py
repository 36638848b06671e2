"""Publications by the thousand, written with COPY."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

BATCH = 2_000
#: Publications whose words are counted at once: each time all that are there are looked through for new ones.
COUNTED = 20_000
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
STAGING = """
CREATE TEMP TABLE staging (
    number bigint, title text, body text, document text, published_at timestamptz, terms text[], readers text[]
)"""


@dataclass(frozen=True)
class Row:
    number: int
    title: str
    parts: Sequence[str]
    terms: Sequence[str] = ("kind:lesson_identified",)
    readers: Sequence[str] = ("official/all", "national")

    @property
    def published_at(self) -> datetime:
        return FIRST + timedelta(minutes=30 * self.number)


def publish(rows: Iterable[Row]) -> int:
    """Publish each row as lesson and publication `number`; return how many."""
    from django.db import connection

    from lessons.search.counting import count_words

    lesson, publication = _templates()
    number = 0
    with indexes_built_afterwards(), connection.cursor() as cursor:
        cursor.execute(STAGING)
        each = iter(rows)
        while batch := list(islice(each, BATCH)):
            _copy(cursor, batch)
            cursor.execute(lesson)
            cursor.execute(publication)
            cursor.execute("TRUNCATE staging")
            number += len(batch)
        cursor.execute("DROP TABLE staging")
        for table in ("lessons_lesson", "lessons_publication"):  # whoever adds one later gets the next number
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE lessons_lesson, lessons_publication")
    count_words(at_a_time=COUNTED)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE lessons_word, lessons_lexeme")
    return number


@contextmanager
def indexes_built_afterwards() -> Iterator[None]:
    from django.contrib.postgres.indexes import GinIndex
    from django.db import connection

    from lessons.models import Publication

    indexes = [index for index in Publication._meta.indexes if isinstance(index, GinIndex)]
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Publication, index)
    yield
    with connection.schema_editor() as editor:
        editor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for index in indexes:
            editor.add_index(Publication, index)


def _copy(cursor, batch: list[Row]) -> None:
    from lessons.search.text import compose

    lines = io.StringIO()
    for row in batch:
        body = "\n\n".join(row.parts)
        document = compose(row.title, row.parts)
        values = [
            str(row.number),
            row.title[:120] or "-",
            body or "-",
            document,
            row.published_at.isoformat(),
            _array(row.terms),
            _array(row.readers),
        ]
        lines.write("\t".join(map(_escaped, values)) + "\n")
    lines.seek(0)
    cursor.copy_expert("COPY staging FROM STDIN", lines)


def _array(codes: Sequence[str]) -> str:
    return "{" + ",".join(f'"{code}"' for code in codes) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", " ").replace("\n", "\\n").replace("\r", "\\r")


def _templates() -> tuple[str, str]:
    """Return the statements that write lessons and publications from the staging table.

    What the table does not say is as in one lesson made by the models, which is then removed.
    """
    from accounts.models import Organisation, ResponderType, User
    from lessons.models import Event, Lesson, Publication
    from lessons.search.indexing import VECTOR

    kind, _ = ResponderType.objects.get_or_create(
        code="fire-and-rescue-service",
        defaults={"name": "Fire and rescue", "category": "1", "audience_category": "1", "sector": "fire"},
    )
    owner, _ = Organisation.objects.get_or_create(
        code="benchmark-frs", defaults={"name": "Benchmark FRS", "type": kind, "nation": "England"}
    )
    author, _ = User.objects.get_or_create(email="author@responder.example", defaults={"name": "Author"})
    event = Event.objects.create(organisation=owner, name="Exercise", kind="exercise")
    lesson = Lesson(id=0, kind="lesson_identified", event=event, organisation=owner, author=author, status="published")
    text = Publication(
        id=0, lesson=lesson, version=1, statement="-", brag="green", marking="official", audience="all_responders"
    )
    vector = VECTOR.format(id="s.number", document="s.document")
    return (
        _insert(lesson, {"id": "s.number", "reference": "'LI-2026-' || lpad(s.number::text, 7, '0')"}, ""),
        _insert(
            text,
            {
                "id": "s.number",
                "lesson_id": "s.number",
                "title": "s.title",
                "what_happened": "s.body",
                "published_at": "s.published_at",
                "terms": "s.terms",
                "readers": "s.readers",
                "search": "v.search",
                "length": "v.length",
            },
            f", LATERAL ({vector}) AS v",
        ),
    )


def _insert(one, given: dict[str, str], more: str) -> str:
    from django.db import connection

    columns = {}
    for field in one._meta.local_concrete_fields:
        value = field.pre_save(one, add=True) if getattr(field, "auto_now_add", False) else getattr(one, field.attname)
        columns[field.column] = field.get_db_prep_save(value, connection) if value is not None else None
    with connection.cursor() as cursor:
        values = [given.get(name) or cursor.mogrify("%s", [value]).decode() for name, value in columns.items()]
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {one._meta.db_table} ({names}) SELECT {', '.join(values)} FROM staging s{more}"  # noqa: S608
