"""What is counted, or made once, when two people ask for it in the same moment: one is told, nobody gets an error."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Membership, TokenScope, User
from accounts.people import give_role
from accounts.roles import Role
from accounts.tokens import MOST_TOKENS, TokenError, create_token
from notifications import actions
from notifications.actions import subscriptions
from notifications.models import Subscription
from tests.factories import OrganisationFactory, SubscriptionFactory, person

pytestmark = pytest.mark.django_db(transaction=True)


def while_another_is_at_it(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Return what comes of `second`, which begins before `first` is committed, and waits for that."""

    def in_a_thread() -> Any:
        try:
            return second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            first()
            late = threads.submit(in_a_thread)
            with pytest.raises(TooSlow):
                late.result(timeout=0.5)
        return late.result(timeout=10)


@pytest.mark.parametrize("address", ["sam@fire.example", "Sam@Fire.Example"])
def test_of_two_who_invite_one_new_address_at_once_the_second_finds_the_account(address: str) -> None:
    organisation, other = OrganisationFactory(), OrganisationFactory()
    by, also = (person(Role.ORGANISATION_ADMIN, organisation=one) for one in (organisation, other))
    given = {"role": Role.READER, "at": timezone.now()}

    late = while_another_is_at_it(
        lambda: give_role(email="sam@fire.example", organisation=organisation, by=by, **given),
        lambda: give_role(email=address, organisation=other, by=also, **given),
    )

    assert late.is_new
    assert User.objects.filter(email="sam@fire.example").count() == 1
    assert Membership.objects.filter(user__email="sam@fire.example").count() == 2


def test_of_two_who_give_the_same_role_at_once_the_second_gives_nothing_twice() -> None:
    organisation, user = OrganisationFactory(), person(Role.READER)
    by, also = (person(Role.ORGANISATION_ADMIN, organisation=organisation) for _ in range(2))
    given = {"email": user.email, "organisation": organisation, "role": Role.READER, "at": timezone.now()}

    late = while_another_is_at_it(lambda: give_role(by=by, **given), lambda: give_role(by=also, **given))

    assert not late.is_new
    assert Membership.objects.filter(user=user, organisation=organisation).count() == 1


def test_two_tokens_made_at_once_are_not_more_than_there_may_be() -> None:
    user, at = person(Role.READER), timezone.now()
    for _ in range(MOST_TOKENS - 1):
        ApiToken.objects.create(user=user, expiry=timedelta(days=1), name="one", scopes=["read:published"])

    def make() -> None:
        create_token(user=user, scopes=[TokenScope.READ_PUBLISHED], at=at, by=user)

    with pytest.raises(TokenError):
        while_another_is_at_it(make, make)

    assert ApiToken.objects.filter(user=user).count() == MOST_TOKENS


@pytest.mark.parametrize("whose", ["person", "mailbox"])
def test_nobody_has_more_subscriptions_than_anybody_reads(whose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_SUBSCRIPTIONS", 3)
    organisation = OrganisationFactory(mailbox="duty@fire.example")
    user = person(Role.JOL_SPOC, organisation=organisation)
    holder = {"organisation": organisation, "person": None} if whose == "mailbox" else {"person": user}
    ended = SubscriptionFactory(**holder, ended_at=timezone.now())
    first, _ = (SubscriptionFactory(**holder) for _ in range(2))

    def begin() -> None:
        box = organisation if whose == "mailbox" else None
        actions.subscribe(by=user, at=timezone.now(), criteria={"kinds": ["lesson_identified"]}, organisation=box)

    with pytest.raises(actions.TooManySubscriptions, match="There are 3 subscriptions already"):
        while_another_is_at_it(begin, begin)

    client = Client()
    client.force_login(user)
    sent = {
        "frequency": "daily",
        "kinds": ["lesson_identified"],
        "holder": "me" if whose == "person" else organisation.pk,
    }
    page = client.post(reverse("subscription_new"), sent)
    resumed = client.post(reverse("subscription_resume", args=[ended.token]), follow=True)
    assert (page.status_code, "There are 3 subscriptions already" in page.text) == (409, True)
    assert "There are 3 subscriptions already" in resumed.text
    assert Subscription.objects.current().filter(**holder).count() == 3

    actions.end_subscription(subscription=first, by=user, at=timezone.now())
    actions.resume_subscription(subscription=ended, by=user, at=timezone.now())
    assert Subscription.objects.current().filter(**holder).count() == 3
