"""Asking for the password once more, before something that a screen left alone should not allow."""

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode


def has_confirmed_lately(request: HttpRequest) -> bool:
    """Whether the person gave the password (or another factor) again within `ACCOUNT_REAUTHENTICATION_TIMEOUT`."""
    return bool(did_recently_reauthenticate(request))


def ask_to_confirm(back_to: str) -> HttpResponseRedirect:
    """Return the way to the page that asks, and from there to `back_to`."""
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back_to})}")
