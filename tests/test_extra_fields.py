"""Fields that a form or a program adds to what it may send: none of them moves anything.

Every write of the authorisation table that is allowed is made twice, as it is and with fields of the tables added that
no form has.  What is added points at an organisation, an area and a person nobody mentioned, and at a day and a
reference that nothing else has: afterwards no row says any of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lessons.models import Lesson
from tests.asking import ASKS, Ask
from tests.factories import OrganisationFactory, ResilienceAreaFactory, UserFactory
from tests.personas import PERSONAS, TOKENS
from tests.scenes import STATE_OF, Scene, scene_of
from tests.test_authorisation import TABLE

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BAIT = 987_654_321
DAY, REFERENCE = "2001-02-03", "LI-2001-66666"
EXTRA: dict[str, Any] = {
    **dict.fromkeys(("status", "moderation_status"), "published"),
    **dict.fromkeys(("organisation", "area", "audience_areas", "areas"), "bait"),
    **dict.fromkeys(("organisation_id", "area_id", "author_id", "event_id", "lesson_id", "id", "pk"), str(BAIT)),
    **dict.fromkeys(
        ("author", "owner", "user", "user_id", "person", "person_id", "by", "by_id", "given_by"), str(BAIT)
    ),
    **dict.fromkeys(("claimed_by", "claimed_by_id", "editors", "added_by", "published_by", "merged_into"), str(BAIT)),
    **dict.fromkeys(("published_at", "submitted_at", "suspended_at", "created_at", "ended_at"), f"{DAY}T00:00:00Z"),
    **dict.fromkeys(("due_on", "starts_on", "joined_at", "confirmed_at", "last_login"), DAY),
    **dict.fromkeys(("is_staff", "is_superuser", "is_active", "cleared", "mailbox_cleared"), "1"),
    **dict.fromkeys(("scopes", "groups", "user_permissions", "permissions"), "lessons.publish_lesson"),
    "reference": REFERENCE,
    "tier": "national",
    "marking": "official_sensitive",
    "handling": "Added",
    "audience": "national_team",
    "role": "secretariat",
    "readers": "official/all",
    "terms": f"area:{BAIT}",
    "version": str(BAIT),
    "row": str(BAIT),
    "external_id": REFERENCE,
    "contact": f"x{BAIT}@responder.example",
    "address": f"x{BAIT}@responder.example",
    "mailbox": f"x{BAIT}@responder.example",
    "sessions_began": str(BAIT),
}
#: What a program may say of its draft (docs of the API).
OF_A_DRAFT = {"organisation", "area", "audience", "audience_areas", "marking", "handling", "external_id", "contact"}
#: What these writes may say, besides what the table sends with them.
MAY_SAY = {
    "write draft by API": OF_A_DRAFT,
    "change draft by API": OF_A_DRAFT,
    "subscribe": {"areas"},
    "invite a reader": {"cleared"},
    "archive": {"reference"},
}


@pytest.fixture(autouse=True)
def _refusals_are_not_logged() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def baits() -> None:
    OrganisationFactory(pk=BAIT, code="bait", areas=[ResilienceAreaFactory(pk=BAIT, code="bait")])
    UserFactory(pk=BAIT, email="bait@responder.example")


class Mentions:
    """How many rows of each table say one of the added values."""

    def __init__(self) -> None:
        skipped = {"django_session", "cache", "accounts_ratecount"}
        tables = sorted(set(connection.introspection.table_names()) - skipped)
        said = "|".join((str(BAIT), DAY, REFERENCE, "bait"))
        each = (f"SELECT '{table}', count(*) FROM \"{table}\" AS row WHERE row::text ~ '{said}'" for table in tables)  # noqa: S608
        self.query = " UNION ALL ".join(each)

    def count(self) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(self.query)
            return {table: count for table, count in cursor.fetchall() if count}


def made(scene: Scene, ask: Ask, name: str, body: dict[str, Any], mentions: Mentions) -> dict[str, Any]:
    """Make a write, and return what came of it before it is undone."""
    url = reverse(ask.route, args=ask.at(scene, name))
    headers = {"Authorization": f"Token {scene.everybody.tokens[name]}"} if name in TOKENS else {}
    client = Client() if name in TOKENS else scene.everybody.clients[name]
    json = {"content_type": "application/json"} if ask.is_api else {}
    with transaction.atomic():
        answer = getattr(client, ask.method.lower() or "post")(url, body, headers=headers, **json)
        found = {
            "answer": answer.status_code,
            "mentions": mentions.count(),
            "lessons": sorted(Lesson.objects.values_list(*KEPT).order_by("title")[:10]),
            "staff": User.objects.filter(is_staff=True).count(),
            "accounts": User.objects.count(),
        }
        transaction.set_rollback(True)
    return found


KEPT = ("title", "status", "tier", "marking", "audience", "organisation__code", "area__code", "author__email", "brag")


@pytest.mark.parametrize("state", [*STATE_OF, "site"])
def test_added_fields_move_nothing(state: str) -> None:
    baits()
    scene = scene_of(state)
    mentions = Mentions()
    before, tried, wrong = mentions.count(), 0, []
    for row in (row for row in TABLE if row["state"] == state):
        allowed = [name for name in (*PERSONAS, *TOKENS) if row[name] == "L"]
        for ask in ASKS[row["verb"]]:
            who = [name for name in allowed if (name in PERSONAS or ask.is_api) and name != "P01"]
            if ask.sent is None or not who:
                continue
            name = who[0]
            body = ask.sent(scene, name)
            may_say = MAY_SAY.get(row["verb"], set())
            added = {field: value for field, value in EXTRA.items() if field not in body and field not in may_say}
            plain = made(scene, ask, name, ask.sent(scene, name), mentions)
            more = made(scene, ask, name, body | added, mentions)
            tried += 1
            if plain["answer"] >= 400 or more != plain or more["mentions"] != before:
                wrong.append(f"{row['verb']} · {ask.route} · {name}: {plain} and with more {more}")
    print(f"{state}: {tried} writes with {len(EXTRA)} fields added")
    assert not wrong, "\n".join(wrong)
