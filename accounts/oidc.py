"""Signing in with OpenID Connect: what a provider says is believed only as far as its signature and our own words go.

allauth runs the code flow with state and PKCE; here the identity token is checked, and what becomes of a newcomer.
"""

import hashlib
from typing import Any, cast

import jwt
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from requests import Session

from accounts.linking import LinkError, link_own, name_of
from accounts.models import Organisation, User

#: Never "none", and never one by which the client's secret would sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
#: Of the claims that are read here, those that have to be words.
IN_WORDS = ["iss", "sub", "nonce", "name", "email"]
READ = [*REQUIRED, "azp", "name", "email", "email_verified", "amr", "acr"]
CLOCKS_OFF_SECONDS = 30
#: Addresses that a provider names, and that are asked from here.
ASKED = ["token_endpoint", "jwks_uri"]
#: Where the session keeps who came and has no account yet.
NEWCOMER = "oidc_newcomer"


class IdentityAdapter(OpenIDConnectOAuth2Adapter):
    """Reads the identity token of a provider, and nothing else of it."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the provider says of itself.

        :raises OAuth2Error: it would have us ask where anybody on the way could answer
        """
        config: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["server_url"]
        if not all(_may_be_asked(str(config.get(name)), issuer) for name in ASKED):
            raise OAuth2Error("The provider leads to an address without https.")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return who the provider says it is.

        :raises OAuth2Error: the token is missing, or does not hold
        """
        claims = self._claims(app, kwargs["response"].get("id_token") or "")
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.account.uid = identity_of(claims)
        login.account.extra_data = {}  # names and addresses of the provider are not kept
        login.claims = claims
        return login

    def _claims(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        issuer = app.settings["server_url"]
        if self.openid_config.get("issuer") != issuer:
            raise OAuth2Error("The provider names another issuer.")
        try:
            key = self._key(jwt.get_unverified_header(id_token))
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=issuer,
                leeway=CLOCKS_OFF_SECONDS,
                options={"require": REQUIRED},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise OAuth2Error("The identity token does not hold.") from error
        claims = {name: claims[name] for name in READ if claims.get(name) is not None}
        if not all(_is_words(claims.get(name, "")) for name in IN_WORDS):
            raise OAuth2Error("The identity token says something that is no word.")
        if not isinstance(claims["aud"], str) and claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The identity token is for another client.")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        with SocialAdapter().get_requests_session() as asked:
            answer = asked.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        [key] = [key for key in keys if key.key_id == header.get("kid")]
        return key


class SocialAdapter(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Hold the answer against the question, and lead newcomers to asking for access.

        :raises OAuth2Error: the token answers another question than ours
        """
        claims = sociallogin.claims
        if not constant_time_compare(str(claims["nonce"]), str(sociallogin.state.get("nonce"))):
            raise OAuth2Error("The identity token answers another question.")
        if sociallogin.state.get("process") == "connect":
            raise ImmediateHttpResponse(_linked(request, sociallogin))
        if not sociallogin.is_existing:
            request.session[NEWCOMER] = _newcomer(sociallogin)
            raise ImmediateHttpResponse(redirect("access_request"))
        if shows_second_factor(sociallogin.account.provider, claims):
            record_authentication(request, cast("User", sociallogin.user), "mfa", type="provider")

    def serialize_instance(self, instance: Any) -> dict[str, Any]:
        """Drop what was read of somebody's rights: the session keeps columns."""
        if isinstance(instance, User):
            instance.forget_rights()
        kept: dict[str, Any] = super().serialize_instance(instance)
        return kept

    def get_requests_session(self) -> Session:
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        return session


def _may_be_asked(address: str, issuer: str) -> bool:
    """Whether it is https, or of the issuer itself, which on loopback may do without (`jol.environment`)."""
    return address.startswith(("https://", f"{issuer.rstrip('/')}/"))


def _is_words(value: Any) -> bool:
    """Whether it can be stored and shown: half a pair of surrogates, which JSON can spell, cannot."""
    return isinstance(value, str) and "\0" not in value and value == value.encode(errors="ignore").decode()


def identity_of(claims: dict[str, Any]) -> str:
    """Return what stands for issuer and subject together: the same subject of another issuer is somebody else."""
    return hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()


def _linked(request: HttpRequest, login: SocialLogin) -> HttpResponse:
    """Link the provider to the account of whoever is signed in and asked for it."""
    if not isinstance(request.user, User):  # signed out meanwhile
        return redirect("account_login")
    provider = login.account.provider
    try:
        link_own(user=request.user, provider=provider, uid=login.account.uid, at=timezone.now())
    except LinkError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("You can sign in with %(name)s now.") % {"name": name_of(provider)})
    return redirect("security")


def _newcomer(login: SocialLogin) -> dict[str, str]:
    claims = login.claims
    vouched = claims.get("email_verified") is True
    return {
        "provider": login.account.provider if vouched else "",
        "uid": login.account.uid if vouched else "",
        "name": str(claims.get("name") or "")[:150],
        "email": str(claims.get("email") or "")[:254] if vouched else "",
        "organisation": configured(login.account.provider).get("organisation", ""),
    }


def is_vouched_for(newcomer: dict[str, str], email: str, organisation: Organisation) -> bool:
    """Whether what the provider said of a newcomer links them to this address in this organisation.

    The provider of one organisation knows its own people: of an address of another it may claim anything.
    """
    speaks_for = newcomer.get("organisation", "")
    return newcomer.get("email", "").lower() == email.lower() and speaks_for in {"", organisation.code}


def configured(provider: str) -> dict[str, Any]:
    return next((one for one in settings.OIDC_PROVIDERS if one["id"] == provider), {})


def shows_second_factor(provider: str, claims: dict[str, Any]) -> bool:
    """Whether the provider says that more than a password was asked for, in a word that was agreed on."""
    agreed = set(configured(provider).get("mfa", ["mfa"]))
    methods = claims.get("amr")
    said = [*methods, claims.get("acr")] if isinstance(methods, list) else [claims.get("acr")]
    return any(one in agreed for one in said if isinstance(one, str))
