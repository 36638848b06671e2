"""Downloading all lessons that the filters of the list find."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.alarms import tell_of_downloads
from accounts.downloads import RETRY_SECONDS, TooManyAtOnce
from accounts.models import User
from accounts.rates import EXPORTS, too_many
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from lessons.exports.download import chosen, download
from lessons.filters import LessonFilters
from lessons.forms.exports import DownloadForm
from lessons.models import Marking
from lessons.views.reading import SignedInRequest


@require_http_methods(["GET", "POST"])
def lesson_download(request: SignedInRequest) -> HttpResponseBase:
    """The filters are in the address, as on the list; a file is made by pressing the button only."""
    filters = LessonFilters(request.GET)
    found = chosen(filters, request.user).order_by()
    total, sensitive = found.count(), found.filter(marking=Marking.SENSITIVE).count()
    form = DownloadForm(request.POST if request.method == "POST" else None, initial=request.GET, sensitive=sensitive)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data.get("sensitive") and not has_confirmed_lately(request):
            return ask_to_confirm(_address(request, form))
        return _file(request, filters, form)
    context = {"form": form, "filters": filters, "total": total, "sensitive": sensitive}
    return render(request, "lessons/download.html", context)


def _file(request: SignedInRequest, filters: LessonFilters, form: DownloadForm) -> HttpResponseBase:
    user: User = request.user
    at = timezone.now()
    used = EXPORTS.count(str(user.pk), at)
    if used.is_first_too_much:
        tell_of_downloads(user, at)
    if used.is_too_much:
        return too_many(request, used.wait_seconds)
    user.without_sensitive = not form.cleaned_data.get("sensitive")
    try:
        return download(filters=filters, form=form.cleaned_data["form"], by=user, at=at)
    except TooManyAtOnce:
        return too_many(request, RETRY_SECONDS)


def _address(request: SignedInRequest, form: DownloadForm) -> str:
    """Return the address of this page with what was chosen in it."""
    query = request.GET.copy()
    query["form"], query["sensitive"] = form.cleaned_data["form"], "on"
    return f"{request.path}?{query.urlencode()}"
