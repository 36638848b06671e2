"""Statements made once ask what they would ask if they were made anew, whoever asks."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import EmptyResultSet

from accounts.backends import _USER
from accounts.models import User
from accounts.models.people import _IN_FORCE
from accounts.roles import Role
from accounts.session_store import _STORED
from accounts.statements import AsOne, ByKeys, ByMemberships, Statement
from lessons.access import _CURRENT
from lessons.around import _TEXTS
from lessons.models import Lesson, Publication, Status
from lessons.named import _NAMES
from lessons.recurring import _LINKS
from lessons.results import _SHOWN
from lessons.views.reading import _AREAS, _ATTACHMENTS, _NEWEST, _NEWEST_NEAR, _RECORD, _VERSIONS
from lessons.waiting import _WRITTEN
from notifications.bounces.lifting import _GROUPS
from tests.factories import NOON, LessonFactory, MembershipFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

EVENT = ["Storm", date(2026, 3, 1), "incident"]
#: Each statement with things to ask, of which `user` is one of `people`.
ASKED: list[tuple[Statement[Any], dict[str, Any]]] = [
    (_STORED, {"key": "k" * 32, "now": NOON}),
    (_USER, {"pk": 7}),
    (_IN_FORCE, {"user": 7}),
    (_CURRENT, {"user": ByKeys, "reference": "LI-2026-0000001"}),
    (_TEXTS, {"user": ByKeys, "similar": [1, 2], "linked": [], "pk": 3, "event": EVENT}),
    (_TEXTS, {"user": ByKeys, "similar": [], "linked": [5], "pk": 3, "event": []}),
    (_LINKS, {"user": ByKeys}),
    (_RECORD, {"user": ByMemberships, "pk": 7}),
    (_VERSIONS, {"lesson": 7}),
    (_ATTACHMENTS, {"lesson": 7}),
    (_WRITTEN, {"user": ByMemberships}),
    (_GROUPS, {"user": ByMemberships}),
    (_AREAS, {"user": ByMemberships}),
    (_NEWEST, {"user": ByKeys, "others": [1, 2, 3]}),
    (_NEWEST_NEAR, {"user": ByKeys, "near": ["area:kent"]}),
    (_SHOWN, {"user": ByKeys, "keys": AsOne([3, 1]), "query": None}),
    (_SHOWN, {"user": ByKeys, "keys": AsOne([3, 1]), "query": "'radio'"}),
    (_NAMES, {"risk": AsOne(["a"]), "theme": AsOne([]), "capability": AsOne(["b", "c"]), "area": AsOne([])}),
]


def people() -> list[User]:
    """People whose rights differ in shape, and two whose rights do not."""
    area = ResilienceAreaFactory()
    several = person(Role.READER, cleared=True)
    spoc = MembershipFactory(user=several, role=Role.JOL_SPOC, organisation=OrganisationFactory(areas=[area]))
    MembershipFactory(user=several, role=Role.JOL_LEAD, organisation=spoc.organisation)
    limited = person(Role.SECRETARIAT)
    limited.without_sensitive = True
    roles = (Role.READER, Role.READER, Role.CONTRIBUTOR, Role.SECRETARIAT, Role.AUDITOR, Role.SYSTEM_ADMIN)
    leaver = person(Role.READER, is_active=False)
    return [*map(person, roles), person(Role.LRF_MODERATOR, area=area), several, limited, leaver]


def test_a_statement_asks_for_each_person_what_their_query_set_asks() -> None:
    everybody = people()
    for statement, asked in ASKED:
        for user in everybody:
            given = {name: value(user) if isinstance(value, type) else value for name, value in asked.items()}
            plain = {name: _plain(value) for name, value in given.items()}
            try:
                sql, parameters = statement.build(**plain).query.sql_with_params()
            except EmptyResultSet:
                assert statement.sql(**given) is None
                continue
            made = statement.sql(**given)
            assert made is not None
            assert made[0] == sql
            assert Counter(map(repr, made[1])) == Counter(map(repr, parameters))


def _plain(value: Any) -> Any:
    return value.user if isinstance(value, ByKeys | ByMemberships) else getattr(value, "values", value)


def test_rows_are_those_of_the_query_set() -> None:
    lesson: Lesson = LessonFactory(status=Status.PUBLISHED)
    reader, stranger = person(Role.READER), person(Role.SYSTEM_ADMIN)
    for user in (reader, lesson.author, stranger):
        record = _RECORD(user=ByMemberships(user), pk=lesson.pk)
        assert record == list(Lesson.objects.visible_to(user).filter(pk=lesson.pk))
        current = _CURRENT(user=ByKeys(user), reference=lesson.reference)
        assert current == list(Publication.objects.opened_by(user).current().filter(lesson=lesson))
        assert all(one.lesson.organisation == lesson.organisation for one in current)
    assert _VERSIONS(lesson=lesson.pk)[0]["version"] == 1
