"""Django's admin, for looking up reference data and the state of mails: nothing is added, changed or deleted here.

It is there with ADMIN_LOOK_UP=1 only, for the Secretariat, behind the sign-in, second factor and step-up of all else.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from accounts.models import Organisation, ResilienceArea, ResponderType, User
from accounts.roles import Role
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from lessons.models import Capability, NationalRisk, Theme
from notifications.models import Delivery


class LookUpSite(admin.AdminSite):
    site_header = site_title = "Look up"
    index_title = "Reference data and mails"
    index_template = "look_up/index.html"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody of the Secretariat confirmed lately who they are; a second factor is the middleware's."""
        user = request.user
        return isinstance(user, User) and user.has_role(Role.SECRETARIAT) and has_confirmed_lately(request)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the portal's own pages of sign-in; there is no other door.

        :raises PermissionDenied: whoever is signed in is not of the Secretariat
        """
        if not isinstance(request.user, User):
            return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")
        if not request.user.has_role(Role.SECRETARIAT):
            raise PermissionDenied
        return ask_to_confirm(request.GET.get("next") or reverse("admin:index"))


class LookUp(admin.ModelAdmin):
    """Reads and nothing else, and only the columns that are named."""

    actions = None
    list_per_page = 50

    def __init__(self, model: type[models.Model], site: admin.AdminSite) -> None:
        self.fields = self.readonly_fields = self.list_display  # type: ignore[misc, assignment]  # they name columns only
        super().__init__(model, site)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self.admin_site.has_permission(request)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, *_: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    has_delete_permission = has_change_permission

    def history_view(self, *_: object, **__: object) -> HttpResponse:
        """There is none: nothing is changed here.

        :raises Http404: always
        """
        raise Http404


def _columns(*names: str, search: tuple[str, ...] = ("code", "name")) -> type[LookUp]:
    return type("Columns", (LookUp,), {"list_display": names, "search_fields": search})


SHOWN: dict[type[models.Model], type[LookUp]] = {
    Organisation: _columns("code", "name", "type", "nation", "ended_at", "merged_into"),
    ResilienceArea: _columns("code", "name", "kind", "nation", "ended_at", "merged_into"),
    ResponderType: _columns("code", "name", "category", "sector"),
    NationalRisk: _columns("code", "name"),
    Theme: _columns("code", "name"),
    Capability: _columns("code", "name"),
    # Neither the text nor the token, which opens something.
    Delivery: _columns("id", "kind", "priority", "state", "attempts", "due_at", "reason", search=("id",)),
}
look_up = LookUpSite(name="admin")
for _model, _page in SHOWN.items():
    look_up.register(_model, _page)
