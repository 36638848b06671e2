"""How gunicorn runs the portal: `gunicorn -c python:jol.serving jol.wsgi`.

HUP begins new processes and lets the old ones finish what they have in hand; TERM ends alike.
"""

import gc
import os
import sys

from gunicorn.workers.base import Worker

from jol.environment import env_number

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(env_number("WEB_PROCESSES", default=2))
worker_class = "jol.overload.Worker"
threads = 4
timeout = 30
graceful_timeout = 25  # less than what docker-compose.yml gives before it kills
keepalive = 5  # more than nginx keeps an idle connection to us, so that it never uses one that has just been closed
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn's heartbeat; no disk
max_requests = 0
control_socket_disable = True
accesslog = None  # jol.request_log has a line for each request, without its path or query: they tell content
logconfig_dict = {  # as the portal's own lines, from the first one on
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "jol.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL") or "INFO"},
    "loggers": {"gunicorn.error": {"propagate": True, "handlers": []}, "gunicorn.access": {"level": "CRITICAL"}},
}
#: Who has an answer of the database waits no longer for a thread that computes, ten times in a page.
SWITCH_SECONDS = 0.0005
#: New objects before the youngest are looked through for garbage: with Python's 700 it was several times a page.
YOUNG_OBJECTS = 20_000
#: Times that everything is looked through for garbage; by then the pages have loaded what they need for good.
LOOKS_AT_ALL = 10


def post_worker_init(worker: Worker) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    gc.callbacks.append(set_aside)


def set_aside(phase: str, told: dict[str, int]) -> None:
    """Have nobody look again through what stays: at templates and words of the language, 50 to 100 ms in some page."""
    oldest = len(gc.get_threshold()) - 1
    if phase == "stop" and told["generation"] == oldest:
        gc.freeze()
        if gc.get_stats()[oldest]["collections"] >= LOOKS_AT_ALL:
            gc.callbacks.remove(set_aside)
