"""The real settings, with the few changes that make tests quick and self-contained."""

import os

# What a developer's shell exports must not reach the tests; servers come from devstack.pytest_servers.
os.environ |= {
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "DEBUG": "0",
    "STATIC_FROM_SOURCE": "1",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",  # and testserver, which Django adds: as if nobody else reached it
    "SITE_URL": "http://testserver",
    "MFA_REQUIRED": "0",  # tests sign people in without ceremony; those of the second factor switch it on
    "DISK_ALARM_PERCENT": "0",  # whatever the disk of this machine holds
    "EMAIL_URL": os.environ.get("EMAIL_URL", "smtp://127.0.0.1:1"),
}

from jol.settings import *  # noqa: F403  the environment comes first; everything else stays as it is

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow on purpose
STORAGES = STORAGES | {  # noqa: F405  no manifest: tests run before collectstatic
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A database in which the migrations have been run, where devstack has one: each test database begins as its copy.
DATABASES["default"]["TEST"]["TEMPLATE"] = os.environ.get("TEST_TEMPLATE")  # type: ignore[index]  # noqa: F405
DOWNLOADS_AT_ONCE = 10_000  # tests leave many unread, whose places no server gives back
