"""A debrief sheet: uploaded, looked through cell by cell, mended in the page, and turned into drafts."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Organisation
from accounts.tables import Row, UnreadableTable
from lessons.attachments.kinds import MEGABYTE
from lessons.forms.choices import organisations_written_for
from lessons.forms.sheet import FILE_LIMIT, SheetForm, packed, unpacked
from lessons.importing.sheet import COLUMNS, ONE_OF, Sheet, SheetRow, template
from lessons.models import Status
from lessons.views.attachments import UPLOADS
from lessons.views.reading import SignedInRequest

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "POST"])
def submit_sheet(request: SignedInRequest) -> HttpResponse:
    """Upload a sheet; POST of its preview looks again at what was mended, or makes the drafts."""
    if not organisations_written_for(request.user).exists():
        raise PermissionDenied
    if request.method != "POST":
        return _upload_page(request, SheetForm(user=request.user))
    if "rows" in request.POST:
        return _from_preview(request)
    form = SheetForm(request.POST, request.FILES, user=request.user)
    if not form.is_valid():
        return _upload_page(request, form, status=422)
    now = timezone.now()
    if UPLOADS.is_used_up(str(request.user.pk), now):
        form.add_error("file", gettext("You attached very many files within an hour. Try again later"))
        return _upload_page(request, form, status=429)
    UPLOADS.count(str(request.user.pk), now)
    try:
        rows, left_out = form.rows()
    except UnreadableTable as error:
        form.add_error("file", str(error))
        return _upload_page(request, form, status=422)
    if not rows:
        form.add_error("file", gettext("The sheet has no rows below its first"))
        return _upload_page(request, form, status=422)
    return _preview(request, form.organisation_chosen, rows, left_out=left_out)


def _upload_page(request: SignedInRequest, form: SheetForm, status: int = 200) -> HttpResponse:
    return render(
        request, "lessons/writing/sheet.html", {"form": form, "most_megabytes": FILE_LIMIT // MEGABYTE}, status=status
    )


def _from_preview(request: SignedInRequest) -> HttpResponse:
    organisation = organisations_written_for(request.user).filter(code=request.POST.get("organisation", "")).first()
    mended = {name: str(value) for name, value in request.POST.items() if name.startswith(("cell-", "leave-"))}
    try:
        rows = unpacked(request.POST["rows"], mended)
    except ValueError:
        organisation = None
    if organisation is None:
        messages.info(request, gettext("That could not be read. Upload the sheet again."))
        return redirect("submit_sheet")
    if not rows:
        messages.info(request, gettext("Every row was left out."))
        return redirect("submit_sheet")
    sheet = Sheet(organisation)
    looked = sheet.look_through(rows)
    rest = [one for one in looked if one.problems]
    then = request.POST.get("then")
    if then not in {"all", "good"} or (rest and then == "all"):
        return _preview(request, organisation, rows, status=422 if rest else 200)
    made = sheet.make_drafts(looked, by=request.user, at=timezone.now())
    said = ngettext(
        "%(number)s draft was made. Open it to complete and submit it.",
        "%(number)s drafts were made. Open each to complete and submit it.",
        len(made),
    )
    messages.success(request, said % {"number": len(made)})
    if rest:
        return _preview(request, organisation, [one.row for one in rest])
    return redirect(f"{reverse('our_lessons')}?{urlencode({'status': Status.DRAFT})}")


def _preview(
    request: SignedInRequest,
    organisation: Organisation,
    rows: list[Row],
    *,
    left_out: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    sheet = Sheet(organisation)
    looked = sheet.look_through(rows)
    context = {
        "organisation": organisation,
        "packed": packed(rows),
        "left_out": left_out or [],
        "good": [one for one in looked if one.is_good],
        "known": [one for one in looked if one.is_known and not one.problems],
        "wrong": [(one, _cells(one, sheet)) for one in looked if one.problems],
        "count": len(looked),
        "is_refused": status != 200,
    }
    return render(request, "lessons/writing/sheet_preview.html", context, status=status)


def _cells(one: SheetRow, sheet: Sheet) -> list[dict[str, object]]:
    """Return what has to be mended in a row: each cell once, with all that is wrong in it."""
    cells: dict[str, dict[str, object]] = {}
    for problem in one.problems:
        value = one.row.cells.get(problem.column, "")
        cell = cells.setdefault(
            problem.column,
            {
                "column": problem.column,
                "name": f"cell-{one.row.line}-{list(COLUMNS).index(problem.column)}" if problem.column else "",
                "value": value,
                "is_long": len(value) > 60,
                "choices": sheet.choices()[problem.column] if problem.column in ONE_OF else [],
                "said": [],
            },
        )
        cell["said"].append(f"{problem.what} {problem.to_do}")  # type: ignore[attr-defined]
    return list(cells.values())


@require_GET
def submit_sheet_template(request: SignedInRequest) -> HttpResponse:
    """The empty sheet, with the lists of risks, themes and areas in it."""
    headers = {"Content-Disposition": 'attachment; filename="debrief-sheet.xlsx"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(template(), content_type=WORKBOOK, headers=headers)
