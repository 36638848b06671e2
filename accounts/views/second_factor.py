"""Pages on which a person sets up a second factor, changes it, and gets recovery codes."""

from typing import cast

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.forms.second_factor import AppForm
from accounts.models import RecoveryCode, User
from accounts.notices import tell_of_change
from accounts.second_factor import has_second_factor, needs_second_factor, new_recovery_codes, note_second_factor
from accounts.step_up import ask_to_confirm, has_confirmed_lately

#: The secret of an app that is being set up waits in the session for the first code.
SECRET = "second_factor_secret"  # noqa: S105 - a key of the session


@require_http_methods(["GET"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """What somebody has; for those who lack it, where to begin."""
    user = cast("User", request.user)
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    context = {
        "apps": [one for one in factors if one.type == Authenticator.Type.TOTP],
        "passkeys": [one.wrap() for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "codes_left": RecoveryCode.objects.filter(user=user, used_at=None).count(),
        "is_needed": needs_second_factor(user),
        "may_remove": len(factors) > 1 or not needs_second_factor(user),
    }
    return render(request, "accounts/second_factor/factors.html", context)


@require_http_methods(["GET", "POST"])
def second_factor_app(request: HttpRequest) -> HttpResponse:
    """Show the QR code of a new app; POST with its first code stores it in the place of an earlier one."""
    user = cast("User", request.user)
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    secret = request.session.setdefault(SECRET, generate_totp_secret())
    form = AppForm(request.POST if request.method == "POST" else None, user=user, secret=secret)
    if request.method == "POST" and form.is_valid():
        del request.session[SECRET]
        form.save()
        tell_of_change(user, _("An authenticator app was set up for your account."))
        messages.success(request, gettext("Your authenticator app is set up."))
        return redirect("recovery_codes")
    adapter = get_adapter()
    app_url = adapter.build_totp_url(user, secret)
    drawn = adapter.build_totp_svg(app_url)
    context = {"form": form, "app_url": app_url, "qr": mark_safe(drawn), "secret": _in_groups(secret)}  # noqa: S308 - our drawing, no text
    return render(request, "accounts/second_factor/app.html", context)


def _in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


class AddPasskey(AddWebAuthnView):
    template_name = "accounts/second_factor/passkey.html"

    def form_valid(self, form: "AppForm") -> HttpResponse:
        super().form_valid(form)
        user = cast("User", self.request.user)
        note_second_factor(self.request, user, "webauthn")
        audit.record(action="factor.add", subject=user, by=user, at=timezone.now(), reason="passkey")
        tell_of_change(user, _("A passkey was added to your account."))
        return redirect(self.get_success_url())

    def get_success_url(self) -> str:
        return reverse("recovery_codes")


@require_POST
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an app or a passkey away; the last one stays where a second factor must be had."""
    user = cast("User", request.user)
    if not has_confirmed_lately(request):
        return ask_to_confirm(reverse("second_factor"))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two removals at once leave one
        factor = get_object_or_404(Authenticator, pk=pk, user=user)
        if not get_adapter().can_delete_authenticator(factor):
            raise PermissionDenied
        factor.delete()
        if not has_second_factor(user):
            RecoveryCode.objects.filter(user=user).delete()
        audit.record(action="factor.remove", subject=user, by=user, at=timezone.now(), reason=factor.type)
    tell_of_change(user, _("An authenticator app or a passkey was taken away from your account."))
    messages.success(request, gettext("It is taken away. It opens your account no more."))
    return redirect("second_factor")


@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New codes are shown in the answer to their making, and nowhere else."""
    user = cast("User", request.user)
    if not has_second_factor(user):
        return redirect("second_factor")
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    codes = new_recovery_codes(user=user, at=timezone.now()) if request.method == "POST" else []
    left = RecoveryCode.objects.filter(user=user, used_at=None).count()
    return render(request, "accounts/second_factor/recovery_codes.html", {"codes": codes, "left": left})
