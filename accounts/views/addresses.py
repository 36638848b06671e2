"""Pages on which a person changes their mail address."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts import addresses
from accounts.forms.addresses import AddressForm
from accounts.models import User
from accounts.step_up import ask_to_confirm, has_confirmed_lately


@require_http_methods(["GET", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Ask for the new address; the answer is the same whether it has an account or not."""
    user = cast("User", request.user)
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            addresses.offer(user=user, address=form.cleaned_data["email"])
        except addresses.AddressError as error:
            form.add_error("email", str(error))
        else:
            messages.success(
                request, gettext("We have written to the new address. Follow the link in that mail within an hour.")
            )
            return redirect("security")
    return render(request, "accounts/address.html", {"form": form})


@require_http_methods(["GET", "POST"])
def address_confirm(request: HttpRequest, signed: str) -> HttpResponse:
    """Ask before the address is changed: programs that look at mails follow links."""
    user, problem = cast("User", request.user), ""
    if request.method == "POST":
        try:
            addresses.confirm(signed=signed, by=user, at=timezone.now())
        except addresses.AddressError as error:
            problem = str(error)
        else:
            messages.success(request, gettext("Your address is changed. Sign in with it."))
            return redirect("account_login")
    status = 409 if problem else 200
    return render(request, "accounts/address_confirm.html", {"problem": problem}, status=status)
