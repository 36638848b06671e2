"""Pages of readers: home, the list, one lesson, National Risks."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import ResilienceArea, User
from accounts.statements import ByKeys, ByMemberships, Statement
from lessons import around
from lessons.access import get_publication
from lessons.actions.editions import CHANGE_TAXONOMY
from lessons.actions.foi import RECORD
from lessons.actions.reading import record_view
from lessons.kept import UNFILTERED, count_in_parts
from lessons.models import Attachment, Kind, Lesson, NationalRisk, Publication, PublicationQuerySet
from lessons.named import names_in, with_names
from lessons.statistics.counts import count_terms, together
from lessons.waiting import waiting_for

NEWEST_ON_HOME = 5
NEAR_ON_HOME = 3
#: Who works for more areas works for a nation: nothing is nearer to them.
AREAS_NEARBY = 12
LESSONS_ON_RISK_PAGE = 10

_AREAS = Statement(
    lambda user: ResilienceArea.objects.filter(organisations__in=user.groups).distinct().values_list("code", flat=True)
)
_NEWEST_NEAR = Statement(
    lambda user, near: (
        Publication.objects.readable_by(user).unarchived().filter(terms__overlap=near).for_cards()[:NEAR_ON_HOME]
    )
)
_NEWEST = Statement(
    lambda user, others: (
        Publication.objects.readable_by(user).unarchived().exclude(pk__in=others).for_cards()[:NEWEST_ON_HOME]
    )
)
_VERSIONS = Statement(
    lambda lesson: (
        Publication.objects.filter(lesson=lesson, published_at__isnull=False)
        .order_by("-version")
        .values("version", "published_at", "note")
    )
)
_RECORD = Statement(lambda user, pk: Lesson.objects.visible_to(user).filter(pk=pk).order_by("pk"))
_ATTACHMENTS = Statement(lambda lesson: Attachment.objects.for_readers().filter(lesson=lesson))


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in, as `LoginRequiredMiddleware` lets it through."""

    user: User


@login_not_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me; for a stranger, what this is and where to sign in."""
    if not request.user.is_authenticated:
        return render(request, "lessons/welcome.html")
    user = request.user
    readable = Publication.objects.readable_by(user).unarchived()
    keys = ByKeys(user)
    near = [f"area:{code}" for code in _AREAS(user=ByMemberships(user))]
    newest_near = _NEWEST_NEAR(user=keys, near=near) if 0 < len(near) <= AREAS_NEARBY else []
    newest = _NEWEST(user=keys, others=[text.pk for text in newest_near])
    context = {
        "waiting": waiting_for(user, timezone.now()),
        "newest": with_names(newest),
        "near": with_names(newest_near),
        "total": sum(count_in_parts(readable, user, PublicationQuerySet.count, by=UNFILTERED)),
        "kinds": Kind,
    }
    return render(request, "lessons/home.html", context)


@require_GET
def lesson(request: SignedInRequest, reference: str) -> HttpResponse:
    publication = get_publication(user=request.user, reference=reference)
    record_view(publication=publication, by=request.user, at=timezone.now())
    keys = around.opening_keys(publication, request.user)
    names = names_in([publication], areas=around.areas_in(keys))
    beside = around.look_around(publication, request.user)
    context = {
        "publication": with_names([publication], names)[0],
        "versions": _VERSIONS(lesson=publication.lesson_id),
        "record": next(iter(_RECORD(user=ByMemberships(request.user), pk=publication.lesson_id)), None),
        "recurrence": beside.recurrence,
        "similar": beside.similar,
        "of_event": beside.of_event,
        "ask_owner": around.ask_owner(publication),
        "reasons": around.why_readable(keys, names["area"]),
        "attachments": _ATTACHMENTS(lesson=publication.lesson_id),
        "records_foi_requests": request.user.has_perm(RECORD),
        "may_suspend": request.user.has_perm("lessons.suspend_lesson", publication.lesson),
    }
    return render(request, "lessons/lesson.html", context)


@require_GET
def national_risks(request: SignedInRequest) -> HttpResponse:
    """All risks of the newest edition by theme, each with the number of lessons the reader may read."""
    readable = Publication.objects.readable_by(request.user).unarchived()
    counts = together(count_in_parts(readable, request.user, count_terms, by=UNFILTERED)).under("risk")
    risks = sorted(NationalRisk.objects.current(), key=lambda risk: (risk.theme, risk.name))
    themes: dict[str, list[tuple[NationalRisk, int]]] = {}
    for risk in risks:
        themes.setdefault(risk.theme, []).append((risk, counts.get(risk.code, 0)))
    context = {"themes": themes, "may_load_editions": request.user.has_perm(CHANGE_TAXONOMY)}
    return render(request, "lessons/national_risks.html", context)


@require_GET
def national_risk(request: SignedInRequest, code: str) -> HttpResponse:
    editions = list(NationalRisk.objects.filter(code=code).order_by("-edition"))
    if not editions:
        raise Http404
    readable = Publication.objects.readable_by(request.user).unarchived().filter(terms__contains=[f"risk:{code}"])
    counts = together(count_in_parts(readable, request.user, count_terms, by=(("risk", code),)))
    context = {
        "risk": editions[0],
        "editions": editions,
        "others": NationalRisk.objects.filter(theme_code=editions[0].theme_code, edition=editions[0].edition)
        .exclude(code=code)
        .order_by("name"),
        "lessons": with_names(readable.for_list()[:LESSONS_ON_RISK_PAGE]),
        "kinds": counts.under("kind"),
        "themes": with_theme_names(counts.under("theme")),
        "total": counts.total,
    }
    return render(request, "lessons/national_risk.html", context)


def with_theme_names(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Return (code, name, count) of the themes that occur most, at most five."""
    from lessons.models import Theme

    names = dict(Theme.objects.filter(code__in=counts).values_list("code", "name"))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(code, names[code], count) for code, count in ranked if code in names][:5]
