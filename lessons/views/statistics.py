"""Statistics over what the reader may read."""

import csv

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.cells import harmless
from lessons.filters import LessonFilters
from lessons.kept import one_snapshot
from lessons.statistics.figures import FIGURES
from lessons.statistics.pages import BY_CODE, PAGES
from lessons.statistics.study import Study
from lessons.views.reading import SignedInRequest


@require_GET
def statistics(request: SignedInRequest, page: str = "") -> HttpResponse:
    """One page of figures; the filters of the list narrow them."""
    if page not in BY_CODE:
        raise Http404
    filters = LessonFilters(request.GET)
    study = Study(request.user, filters, timezone.now())
    shown = BY_CODE[page]
    query = request.GET.urlencode()
    with one_snapshot():
        figures, total = [FIGURES[code](study) for code in shown.figures], study.counts.total
    context = {
        "shown": shown,
        "pages": [(one, _address(one.code), one is shown) for one in PAGES],
        "figures": figures,
        "total": total,
        "all_url": study.list_url(),
        "filters": filters,
        "query": f"?{query}" if query else "",
        "here": _address(page),
    }
    return render(request, "lessons/statistics/page.html", context)


def _address(code: str) -> str:
    return reverse("statistics_page", args=[code]) if code else reverse("statistics")


@require_GET
def statistics_csv(request: SignedInRequest, figure: str) -> HttpResponse:
    """The numbers of one figure."""
    if figure not in FIGURES:
        raise Http404
    drawn = FIGURES[figure](Study(request.user, LessonFilters(request.GET), timezone.now()))
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{figure}.csv"'
    writer = csv.writer(answer)
    writer.writerow(drawn.head)
    writer.writerows([harmless(cell) for cell in cells] for cells in drawn.cells())
    return answer
