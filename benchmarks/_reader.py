"""Somebody who reads what is open to all responders."""

from __future__ import annotations

from datetime import date


def a_reader():
    from accounts.models import Membership, Organisation, User

    user, made = User.objects.get_or_create(email="reader@responder.example", defaults={"name": "Reader"})
    if made:
        organisation = Organisation.objects.get(code="benchmark-frs")
        Membership.objects.create(user=user, organisation=organisation, role="reader", starts_on=date(2020, 1, 1))
    return user
