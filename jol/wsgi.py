"""The web application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")

application = get_wsgi_application()
# The pages are loaded before gunicorn forks: once for all its processes, and not while the first reader waits.
_ = get_resolver().url_patterns
