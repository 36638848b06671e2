"""The real settings and an app that ends the process at a chosen place.  Worker processes of fault tests only."""

from jol.settings import *  # noqa: F403  everything stays as it is

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.failpoints.Failpoints"]  # noqa: F405
