"""The routes of the REST API, its pages and its errors."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import SimpleRouter
from rest_framework.views import set_rollback

from jol import schema  # noqa: F401 - registers itself
from jol.docs import api_docs
from jol.errors import PROBLEM_JSON
from jol.parsing import TooLarge
from lessons import api as lessons_api
from lessons.access import Moved, Suspended
from lessons.errors import LessonError


def problem_details(error: Exception, context: dict[str, object]) -> HttpResponse | None:
    """Turn what a view raised into problem details (RFC 9457); None: it is a fault of ours."""
    if isinstance(error, Moved):
        return HttpResponseRedirect(reverse("api:lesson-detail", args=[error.reference]))
    error = _named(error)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    body = {"type": "about:blank", "title": HTTPStatus(error.status_code).phrase, "status": error.status_code}
    if isinstance(error, exceptions.ValidationError):
        body |= {"title": "Some values are not right.", "errors": error.detail}
    else:
        body["detail"] = error.detail
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(body, status=error.status_code, headers=headers, content_type=PROBLEM_JSON)


def _named(error: Exception) -> Exception:
    """Return the error of the API that stands for an error of ours or of Django."""
    if isinstance(error, Http404):
        return exceptions.NotFound("There is nothing here that you may read.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, Suspended):
        return Gone()
    if isinstance(error, LessonError):
        return Conflict(str(error))
    return TooLarge() if isinstance(error, RequestDataTooBig) else error


class Gone(exceptions.APIException):
    status_code = 410
    default_detail = "This lesson is suspended. Do not use it, and withdraw copies of it."
    default_code = "suspended"


class Conflict(exceptions.APIException):
    status_code = 409
    default_detail = "This cannot be done as things stand."
    default_code = "conflict"


class SchemaView(SpectacularAPIView):
    """The OpenAPI description.  Public: it describes open-source software and holds nothing of the content."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


router = SimpleRouter()
router.register("lessons", lessons_api.LessonViewSet, basename="lesson")
router.register("events", lessons_api.EventViewSet, basename="event")
router.register("changes", lessons_api.ChangeViewSet, basename="change")
router.register("drafts", lessons_api.DraftViewSet, basename="draft")
router.register("national-risks", lessons_api.NationalRiskViewSet, basename="national-risk")
router.register("themes", lessons_api.ThemeViewSet, basename="theme")
router.register("capabilities", lessons_api.CapabilityViewSet, basename="capability")
router.register("organisations", lessons_api.OrganisationViewSet, basename="organisation")
router.register("resilience-areas", lessons_api.AreaViewSet, basename="resilience-area")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((router.urls, "api"))),
    re_path(r"^lessons\.(?P<form>csv|xlsx|ndjson)$", lessons_api.ExportView.as_view(), name="api-export"),
    path("statistics/", lessons_api.StatisticsView.as_view(), name="api-statistics"),
    path("similar/", lessons_api.SimilarView.as_view(), name="api-similar"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", api_docs, name="api-docs"),
]
