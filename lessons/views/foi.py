"""Requests for information that concern lessons: for the Secretariat; to others there are no such pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lessons.actions import foi as actions
from lessons.forms.foi import AnswerForm, CloseForm, ConsultForm, OpenForm
from lessons.models.foi import FoiConsultee, FoiRequest
from lessons.views.reading import SignedInRequest

PER_PAGE = 20


def for_recorders(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def only_for_recorders(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(actions.RECORD):
            raise Http404
        return view(request, *args, **kwargs)

    return only_for_recorders


@require_http_methods(["GET", "POST"])
@for_recorders
def foi_list(request: SignedInRequest) -> HttpResponse:
    """All requests, or with `?lesson=` those about one lesson; open ones first; POST records one."""
    form = OpenForm(request.POST) if request.method == "POST" else OpenForm(initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.open_request(by=request.user, at=timezone.now(), **form.cleaned_data)
        except actions.RecordedBefore as error:
            form.add_error("reference", str(error))
        else:
            return redirect("foi_request", made.pk)
    found = FoiRequest.objects.select_related("lesson").order_by("-closed_at", "due_on", "pk")
    reference = request.GET.get("lesson", "")
    if reference:
        found = found.filter(lesson__reference=reference)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "reference": reference, "today": timezone.localdate()}
    return render(request, "lessons/foi/list.html", context, status=422 if form.errors else 200)


@require_GET
@for_recorders
def foi_request(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@require_POST
@for_recorders
def foi_consult(request: SignedInRequest, pk: int) -> HttpResponse:
    form = ConsultForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, consult=form)
    subject = get_object_or_404(FoiRequest, pk=pk)
    actions.consult(request=subject, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect("foi_request", pk)


@require_POST
@for_recorders
def foi_answer(request: SignedInRequest, pk: int, consultee: int) -> HttpResponse:
    form = AnswerForm(request.POST)
    if form.is_valid():
        subject = get_object_or_404(FoiConsultee.objects.select_related("organisation"), pk=consultee, request=pk)
        actions.record_answer(consultee=subject, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect("foi_request", pk)


@require_POST
@for_recorders
def foi_close(request: SignedInRequest, pk: int) -> HttpResponse:
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, close=form)
    subject = get_object_or_404(FoiRequest, pk=pk)
    actions.close_request(request=subject, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect("foi_request", pk)


def _page(
    request: SignedInRequest, pk: int, *, consult: ConsultForm | None = None, close: CloseForm | None = None
) -> HttpResponse:
    subject = get_object_or_404(FoiRequest.objects.select_related("lesson", "opened_by", "closed_by"), pk=pk)
    asked = subject.consultees.select_related("organisation").order_by("asked_on", "pk")
    context = {
        "subject": subject,
        "consultees": [(one, AnswerForm(auto_id=f"{one.pk}-%s")) for one in asked],
        "consult": consult or ConsultForm(),
        "close": close or CloseForm(),
        "form": consult or close,
        "today": timezone.localdate(),
    }
    return render(request, "lessons/foi/request.html", context, status=422 if consult or close else 200)
