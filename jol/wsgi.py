"""The web application, for gunicorn."""

import gc
import logging
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")
# No page waits long, nor keeps others waiting; workers and commands may.  libpq reads this for every connection.
os.environ.setdefault(
    "PGOPTIONS", "-c lock_timeout=3s -c statement_timeout=5s -c idle_in_transaction_session_timeout=60s"
)

logging.captureWarnings(True)  # lines like all others
application = get_wsgi_application()
# The pages are loaded before gunicorn forks: once for all its processes, and not while the first reader waits.
_ = get_resolver().url_patterns
# What is loaded stays.  Looking through it for garbage took a tenth of the time of a page, and wrote into memory that
# processes share.
gc.collect()
gc.freeze()
