"""Pages for those who look after people: an organisation's, an area's, the country's."""

from typing import cast

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts import people as actions
from accounts.forms.people import InviteForm, PlaceForm, RoleForm
from accounts.invitations import InvitationError
from accounts.merging import MERGE
from accounts.models import AccessRequest, Membership, User
from accounts.people import PeopleError, may_change
from accounts.places import Place, access_of, lessons_let_into, place_for, places_of
from accounts.roles import CLEARED_BY_ROLE, Role
from accounts.second_factor import has_second_factor
from accounts.sponsorships import sponsors_of
from accounts.step_up import ask_to_confirm, has_confirmed_lately
from accounts.upkeep import vacancies_of

PEOPLE_PER_PAGE = 50


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """The places that somebody looks after; the page of the place itself if it is one."""
    places = places_of(cast("User", request.user))
    if not places:
        raise PermissionDenied
    if len(places) == 1:
        return redirect(places[0].url)
    return render(request, "accounts/people/places.html", {"places": places})


@require_GET
def people_of(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Who has access here and to what, what is vacant, and who asks to be let in."""
    user = cast("User", request.user)
    place = place_for(user, kind, code)
    go = PlaceForm(request.GET or None, by=user) if place.kind == "national" else None
    if go and go.is_valid() and (chosen := go.url()):
        return redirect(chosen)
    everybody = User.objects.filter(pk__in=place.memberships().values("user")).order_by("name", "email", "pk")
    page = Paginator(everybody, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "place": place,
        "go": go,
        "page": page,
        "rows": _rows(place, page),
        "requests": place.requests(),
        "vacancies": vacancies_of(place.organisation) if place.organisation else [],
        "may_sponsor": place.kind != "area" and sponsors_of(user).exists(),
        "perms_to_merge": place.kind == "national" and user.has_perm(MERGE),
    }
    return render(request, "accounts/people/people.html", context)


def _rows(place: Place, people: "Page[User]") -> list[dict[str, object]]:
    """Return one row for each person of a page, with all their roles here."""
    held: dict[int, list[Membership]] = {user.pk: [] for user in people}
    for membership in place.memberships().filter(user__in=held).order_by("pk"):
        held[membership.user_id].append(membership)
    have_factor = set(Authenticator.objects.filter(user__in=held).values_list("user_id", flat=True))
    return [
        {
            "person": user,
            "memberships": held[user.pk],
            "reads_sensitive": any(m.cleared or m.role in CLEARED_BY_ROLE for m in held[user.pk]),
            "has_second_factor": user.pk in have_factor,
        }
        for user in people
    ]


@require_http_methods(["GET", "POST"])
def people_invite(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """The answer is the same whether the address has an account or not."""
    user = cast("User", request.user)
    place = place_for(user, kind, code)
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    form = InviteForm(request.POST if request.method == "POST" else None, place=place)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.give_role(
                email=values["email"],
                name=values["name"],
                organisation=place.organisation or values["organisation"],
                area=place.area,
                role=Role(values["role"]),
                cleared=values.get("cleared", False),
                ends_on=values["ends_on"],
                by=user,
                at=timezone.now(),
            )
        except InvitationError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                gettext("We have written to %(email)s. The role is theirs from now on.") % {"email": values["email"]},
            )
            return redirect(place.url)
    return render(request, "accounts/people/invite.html", {"place": place, "form": form})


@require_http_methods(["GET", "POST"])
def people_request(request: HttpRequest, kind: str, code: str, pk: int) -> HttpResponse:
    """Let somebody in who asked, or not."""
    user = cast("User", request.user)
    place = place_for(user, kind, code)
    asked = get_object_or_404(AccessRequest, pk__in=[one.pk for one in place.requests()], pk=pk)
    if not has_confirmed_lately(request):
        return ask_to_confirm(request.path)
    declined = request.POST.get("then") == "decline"
    form = RoleForm(request.POST if request.method == "POST" and not declined else None, place=place)
    if request.method == "POST" and (declined or form.is_valid()):
        values = (
            {"role": None}
            if declined
            else {"role": Role(form.cleaned_data["role"]), "ends_on": form.cleaned_data["ends_on"]}
        )
        try:
            actions.decide_on_access(request=asked, by=user, at=timezone.now(), **values)
        except (InvitationError, PeopleError) as error:
            form.add_error(None, str(error)) if form.is_bound else messages.error(request, str(error))
        else:
            declines = gettext("%(person)s is not let in.")
            invites = gettext("%(person)s gets a mail with a link to set a password.")
            messages.success(request, (declines if declined else invites) % {"person": asked.name})
            return redirect(place.url)
    return render(request, "accounts/people/request.html", {"place": place, "asked": asked, "form": form})


@require_http_methods(["GET", "POST"])
def people_person(request: HttpRequest, kind: str, code: str, pk: int) -> HttpResponse:
    """What one person has access to here; POST ends a role, changes clearance, wakes or closes."""
    user = cast("User", request.user)
    place = place_for(user, kind, code)
    held = list(place.memberships().filter(user=pk).order_by("pk"))
    person = get_object_or_404(User, pk__in=[m.user_id for m in held], pk=pk)
    if request.method == "POST":
        if request.POST.get("then") in {"clear", "forget_factors"} and not has_confirmed_lately(request):
            return ask_to_confirm(request.path)
        try:
            said = _change(request, place, person, held)
        except PeopleError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
        still_here = place.memberships().filter(user=pk).exists()
        return redirect("people_person", kind, code, pk) if still_here else redirect(place.url)
    context = {
        "place": place,
        "person": person,
        "accesses": [(access, may_change(user, access.membership)) for access in access_of(held)],
        "grants": lessons_let_into([place.organisation.pk] if place.organisation else []),
        "is_self": person.pk == user.pk,
        "has_second_factor": has_second_factor(person),
        "may_clear": Role.READER in place.roles,
        "may_all": all(may_change(user, membership) for membership in held),
        "cleared_by_role": CLEARED_BY_ROLE,
        "elsewhere": Membership.objects.active().filter(user=person).exclude(pk__in=[m.pk for m in held]).count(),
    }
    return render(request, "accounts/people/person.html", context)


def _change(request: HttpRequest, place: Place, person: User, held: list[Membership]) -> str:
    """Do what the button pressed says, and return what to tell.

    :raises Http404: the role is not one of theirs here
    """
    by, at, then = cast("User", request.user), timezone.now(), request.POST.get("then")
    if then == "leave" and place.organisation:
        actions.leave(user=person, organisation=place.organisation, by=by, at=at)
        said = gettext("%(person)s has left: every role here has ended. If that was a mistake, invite them again.")
        return said % {"person": person.get_full_name()}
    if then == "forget_factors":
        actions.forget_lost_factors(user=person, by=by, at=at)
        return gettext("%(person)s sets up a second factor at the next sign-in.") % {"person": person.get_full_name()}
    if then == "wake":
        actions.wake(user=person, by=by, at=at)
        return gettext("%(person)s can sign in again.") % {"person": person.get_full_name()}
    if then not in {"end", "clear", "unclear"}:
        raise PeopleError(gettext("Press one of the buttons."))
    chosen = [one for one in held if str(one.pk) == request.POST.get("membership")]
    if not chosen:
        raise Http404
    if then == "end":
        actions.end_role(membership=chosen[0], by=by, at=at)
        return gettext("The role has ended. If that was a mistake, invite them to it again.")
    actions.set_clearance(membership=chosen[0], cleared=then == "clear", by=by, at=at)
    if then == "clear":
        return gettext("They may read OFFICIAL-SENSITIVE from now on, where their organisation is in the audience.")
    return gettext("They may not read OFFICIAL-SENSITIVE any more.")
