"""Asking for the password or a code once more, before something that a screen left alone should not allow.

Never before a suspension: what is dangerous must be gone at once.
"""

import logging
import time

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.security_events import note


def has_confirmed_lately(request: HttpRequest) -> bool:
    """Whether the person signed in, or gave a factor again, within `ACCOUNT_REAUTHENTICATION_TIMEOUT`."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_to_confirm(back_to: str) -> HttpResponseRedirect:
    """Return the way to the page that asks, and from there to `back_to`."""
    note("step_up.asked", level=logging.INFO)
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back_to})}")
