"""The health page: facts, and red when mails wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Delivery
from tests.factories import DeliveryFactory

pytestmark = pytest.mark.django_db


def test_it_says_ok_to_anybody(client: Client) -> None:
    answer = client.get("/health/")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 503)])
def test_it_turns_red_when_a_due_mail_waits_too_long(client: Client, minutes: int, status: int) -> None:
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=minutes))

    answer = client.get("/health/")

    assert answer.status_code == status
    assert Delivery.objects.get().address not in answer.content.decode()
