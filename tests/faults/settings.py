"""The real settings and an app that ends the process at a chosen place.  Worker processes of fault tests only."""

import os

from jol.settings import *  # noqa: F403  everything stays as it is

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.failpoints.Failpoints"]  # noqa: F405

if "TASK_SECONDS" in os.environ:  # how long a task may take until it is told to end, and until it is ended
    CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = map(int, os.environ["TASK_SECONDS"].split())
