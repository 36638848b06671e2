"""The Celery application.  Tasks only spread work: database rows decide what is done."""

import gc
import os
from logging import captureWarnings
from logging.config import dictConfig
from typing import Any

from celery import Celery, signals
from kombu.transport.redis import QoS

from accounts.trace import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")

app = Celery("jol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What is in hand when the line to Redis closes is not put back, as after a crash: the next relay finds the work again.
# Putting it back over a line that had just been cut ended the worker's loop for good, and its process stayed.
QoS.restore_at_shutdown = False


@signals.setup_logging.connect
def log_as_we_do(**_: object) -> None:
    """Keep Celery from lines of its own form."""
    from django.conf import settings

    dictConfig(settings.LOGGING)
    captureWarnings(True)


@signals.worker_process_init.connect
def keep_what_is_loaded(**_: object) -> None:
    """Have the collector look for garbage only among what comes from now on."""
    gc.collect()
    gc.freeze()


@signals.task_prerun.connect
def note_the_task(*, task_id: str, **_: Any) -> None:
    """Let the lines and audit rows of one task be joined, as those of one request are."""
    request_id.set(task_id)


@signals.task_postrun.connect
def forget_the_task(**_: object) -> None:
    request_id.set("")
