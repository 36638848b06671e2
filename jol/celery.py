"""The Celery application.  Tasks only spread work: database rows decide what is done."""

import gc
import os
from logging import captureWarnings
from logging.config import dictConfig
from typing import Any

from celery import Celery, signals
from kombu.transport.redis import Channel, QoS

from accounts.trace import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jol.settings")

app = Celery("jol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class WorkInHand(QoS):
    """What a worker took from Redis over one line.  When that line is closed nothing is said of it any more.

    As after a crash the next relay finds the work again.  To put it back over a line that had just been cut, or to
    report it as done on one that was closed meanwhile, ended the worker's loop for good.
    """

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        if self._has_a_line:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if self._has_a_line:
            super().reject(delivery_tag, requeue=requeue)

    @property
    def _has_a_line(self) -> bool:
        line = self.channel.connection
        return line is not None and line.client is not None


Channel.QoS = WorkInHand


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
