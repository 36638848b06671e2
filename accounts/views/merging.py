"""The page on which the Secretariat merges organisations or areas."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.forms.merging import MergeAreasForm, MergeForm, MergeOrganisationsForm
from accounts.merging import MERGE, MergeError, merge_areas, merge_organisations
from accounts.models import User
from accounts.step_up import ask_to_confirm, has_confirmed_lately

MERGERS: dict[str, tuple[type[MergeForm], Callable[..., None]]] = {
    "organisations": (MergeOrganisationsForm, merge_organisations),
    "areas": (MergeAreasForm, merge_areas),
}


@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, what: str) -> HttpResponse:
    """Let one organisation or area go into another.

    :raises Http404: neither is merged here
    """
    user = cast("User", request.user)
    if what not in MERGERS:
        raise Http404
    if not user.has_perm(MERGE):
        raise PermissionDenied
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    form_class, action = MERGERS[what]
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        source, target = form.cleaned_data["source"], form.cleaned_data["target"]
        try:
            action(source=source, target=target, by=user, at=timezone.now())
        except MergeError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                gettext("%(source)s has gone into %(target)s.") % {"source": source.name, "target": target.name},
            )
            return redirect("merge_places", what)
    return render(request, "accounts/merge.html", {"form": form, "what": what})
