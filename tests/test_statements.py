"""Statements made once ask what they would ask if they were made anew, whoever asks."""

from collections import Counter

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.statements import ByKeys, ByMemberships, Statement
from lessons.models import Lesson, Publication
from tests.factories import MembershipFactory, OrganisationFactory, ResilienceAreaFactory, person

pytestmark = pytest.mark.django_db

RECORDS = Statement(lambda user, pk: Lesson.objects.visible_to(user).filter(pk=pk).order_by("pk"))
TEXTS = Statement(lambda user: Publication.objects.readable_by(user).unarchived().for_list()[:5])


def people() -> list[User]:
    """People whose rights have different shapes, and two with the same."""
    area = ResilienceAreaFactory()
    several = person(Role.READER)
    MembershipFactory(user=several, role=Role.JOL_SPOC, organisation=OrganisationFactory())
    MembershipFactory(user=several, role=Role.JOL_LEAD, organisation=several.active_memberships[0].organisation)
    moderator = person(Role.LRF_MODERATOR, area=area)
    return [
        person(Role.READER),
        person(Role.READER),
        person(Role.SECRETARIAT),
        person(Role.AUDITOR),
        person(Role.SYSTEM_ADMIN),
        moderator,
        several,
    ]


def test_a_statement_asks_for_each_person_what_their_query_set_asks() -> None:
    for one in people():
        user = User.objects.get(pk=one.pk)
        for statement, given, plain in (
            (RECORDS, {"user": ByMemberships(user), "pk": 7}, {"user": user, "pk": 7}),
            (TEXTS, {"user": ByKeys(user)}, {"user": user}),
        ):
            asked = statement.sql(**given)
            if asked is None:
                assert statement.build(**plain).query.is_empty()
                continue
            sql, parameters = statement.build(**plain).query.sql_with_params()
            assert asked[0] == sql
            assert Counter(map(repr, asked[1])) == Counter(map(repr, parameters))
