"""The API tokens of a person: make one, see when each was used, end one."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.tokens import TokenForm
from accounts.models import ApiToken, TokenScope, User
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from accounts.tokens import TokenError, create_token, revoke_token


@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A new token is shown in the answer to its making, and nowhere else."""
    user = cast("User", request.user)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = text = None
    if request.method == "POST" and form.is_valid():
        scopes = form.cleaned_data["scopes"]
        if TokenScope.READ_SENSITIVE in scopes and not has_confirmed_lately(request):
            return ask_to_confirm(request.path)
        try:
            made, text = create_token(
                user=user,
                scopes=scopes,
                at=timezone.now(),
                name=form.cleaned_data["name"],
                lasts=form.lifetime,
                by=user,
            )
        except TokenError as error:
            form.add_error(None, str(error))
        else:
            form = TokenForm()
    context = {"form": form, "made": made, "text": text, "tokens": _rows(user), "now": timezone.now()}
    return render(request, "accounts/tokens.html", context)


def _rows(user: User) -> list[ApiToken]:
    found = list(ApiToken.objects.filter(user=user).order_by("-created", "pk"))
    words = dict(TokenScope.choices)
    for token in found:
        token.scope_words = [words[scope] for scope in token.scopes]
        token.has_expired = token.expiry is not None and token.expiry <= timezone.now()
    return found


@require_POST
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """End a token of one's own: the next request with it is refused."""
    user = cast("User", request.user)
    token = get_object_or_404(ApiToken, user=user, token_key=token_key)
    revoke_token(token=token, by=user, at=timezone.now())
    messages.success(request, gettext("The token “%(token)s” opens nothing any more.") % {"token": token.name})
    return redirect("tokens")
