"""The Celery application.  Tasks only spread work: database rows decide what is done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")

app = Celery("jol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
