"""The editions of the risk register: what is loaded, and taking a new one in."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from lessons.actions.editions import CHANGE_TAXONOMY, UnclearRegister, load_edition
from lessons.editions import LONGEST_FILE, Comparison, Edition, read_edition
from lessons.forms.editions import BecameForm, RegisterForm
from lessons.models import NationalRisk, Publication
from lessons.statistics.counts import count_terms
from lessons.views.reading import SignedInRequest


@permission_required(CHANGE_TAXONOMY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def registers(request: SignedInRequest) -> HttpResponse:
    """Which editions are loaded; POST looks at a file and stores nothing."""
    form = RegisterForm(request.POST, request.FILES) if request.method == "POST" else RegisterForm()
    problems: tuple[str, ...] = ()
    if form.is_valid():
        content: bytes = form.cleaned_data["file"].read()
        edition = read_edition(content)
        if not edition.problems:
            comparison = _compare(request, edition)
            text = as_text(content)
            return _preview(request, comparison, BecameForm(comparison=comparison, content=text))
        problems = edition.problems
    editions = NationalRisk.objects.values("edition").annotate(entries=Count("pk")).order_by("-edition")
    context = {"form": form, "problems": problems, "editions": editions}
    return render(request, "lessons/editions/registers.html", context, status=422 if form.errors or problems else 200)


@permission_required(CHANGE_TAXONOMY, raise_exception=True)
@require_POST
def register_load(request: SignedInRequest) -> HttpResponse:
    """Store the edition that was looked at, with what was confirmed about it."""
    content = request.POST.get("content", "").encode()[: LONGEST_FILE + 1]
    edition = read_edition(content)
    if edition.problems:
        messages.error(request, gettext("The file did not arrive as it was. Choose it again."))
        return redirect("registers")
    comparison = _compare(request, edition)
    form = BecameForm(request.POST, comparison=comparison)
    if not form.is_valid():
        return _preview(request, comparison, form, status=422)
    try:
        loaded = load_edition(edition=edition, became=form.became, by=request.user, at=timezone.now())
    except UnclearRegister as error:
        form.add_error(None, str(error))
        return _preview(request, comparison, form, status=422)
    messages.success(
        request,
        gettext("%(edition)s is loaded: %(added)s entries added, %(changed)s changed.")
        % {"edition": edition.name, "added": loaded.added, "changed": loaded.changed},
    )
    return redirect("registers")


def as_text(content: bytes) -> str:
    """Return the file as the text that a form can carry; it was found readable in one of these."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


def _compare(request: SignedInRequest, edition: Edition) -> Comparison:
    readable = Publication.objects.readable_by(request.user)
    return Comparison(edition, lessons=count_terms(readable).under("risk"))


def _preview(request: SignedInRequest, comparison: Comparison, form: BecameForm, *, status: int = 200) -> HttpResponse:
    context = {"comparison": comparison, "form": form}
    return render(request, "lessons/editions/preview.html", context, status=status)
