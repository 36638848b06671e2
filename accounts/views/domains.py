"""The page on which an organisation says which mail addresses are work addresses."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.domains import DomainError, may_set_domains, set_domains
from accounts.forms.domains import DomainsForm
from accounts.models import Organisation, User
from accounts.step_up import ask_to_confirm, has_confirmed_lately


@require_http_methods(["GET", "POST"])
def mail_domains(request: HttpRequest, code: str) -> HttpResponse:
    user = cast("User", request.user)
    organisation = get_object_or_404(Organisation.objects.current(), code=code)
    if not may_set_domains(user, organisation):
        raise PermissionDenied
    if request.method == "POST" and not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    stored = {"domains": "\n".join(organisation.mail_domains)}
    form = DomainsForm(request.POST if request.method == "POST" else None, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            set_domains(organisation=organisation, domains=form.cleaned_data["domains"], by=user, at=timezone.now())
        except DomainError as error:
            form.add_error("domains", str(error))
        else:
            messages.success(request, gettext("This holds for invitations and requests from now on."))
            return redirect("mail_domains", code)
    context = {"form": form, "organisation": organisation}
    return render(request, "accounts/people/domains.html", context, status=422 if form.is_bound else 200)
