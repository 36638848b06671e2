"""All addresses of the site and the API."""

from django.conf import settings
from django.urls import include, path
from django.views.generic import TemplateView

from jol import api, csp_reports, errors, health, manage, metrics, privacy

urlpatterns = [
    path("", include("lessons.urls")),
    path("", include("notifications.urls")),
    path("accounts/", include("accounts.urls")),
    path("api/v1/", include(api.urlpatterns)),
    path("manage/", manage.manage, name="manage"),
    path("health/", health.health, name="health"),
    path("health/live/", health.live, name="live"),
    path("health/ready/", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("csp-report/", csp_reports.csp_report, name="csp_report"),
    *[
        path(f"{name}/", errors.public(TemplateView.as_view(template_name=f"pages/{name}.html")), name=name)
        for name in ("about", "accessibility", "cookies")
    ],
    path("privacy/", privacy.privacy, name="privacy"),
]

if settings.ADMIN_LOOK_UP:
    from jol.look_up import look_up

    urlpatterns.append(path("look-up/", look_up.urls))

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
