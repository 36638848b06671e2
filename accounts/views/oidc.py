"""The way to an OpenID Connect provider and back."""

import secrets
from typing import Any, cast

from allauth.account.views import LoginView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from accounts.linking import LinkError, name_of, unlink_own
from accounts.models import User
from accounts.oidc import IdentityAdapter
from accounts.step_up import ask_to_confirm, has_confirmed_lately


class Login(LoginView):
    """The sign-in page, with the providers there are."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {"providers": settings.OIDC_PROVIDERS}


@login_not_required
@require_POST
def oidc_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider; somebody who is signed in comes back with it linked to their account.

    :raises Http404: there is no such provider
    """
    process = "login"
    if request.user.is_authenticated:
        if not has_confirmed_lately(request):
            return ask_to_confirm("/accounts/")
        process = "connect"
    try:
        provider = get_adapter(request).get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    nonce = secrets.token_urlsafe(32)
    try:
        answer: HttpResponse = provider.redirect(request, process, auth_params={"nonce": nonce}, nonce=nonce)
    except RequestException as error:
        answer = render_authentication_error(request, provider, exception=error)
    return answer


@login_not_required
@require_GET
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider.

    :raises Http404: there is no such provider
    """
    adapter = IdentityAdapter(request, provider_id)
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (RequestException, OAuth2Error) as error:  # it does not say where to ask
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer


@require_POST
def oidc_unlink(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take a provider away from one's own account."""
    if not has_confirmed_lately(request):
        return ask_to_confirm(reverse("security"))
    try:
        unlink_own(user=cast("User", request.user), provider=provider_id, at=timezone.now())
    except LinkError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, gettext("%(name)s does not open your account any more.") % {"name": name_of(provider_id)}
        )
    return redirect("security")


@login_not_required
@require_GET
def oidc_cancelled(request: HttpRequest) -> HttpResponse:
    return redirect("account_login")
