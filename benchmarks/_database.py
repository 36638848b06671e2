"""A throw-away PostgreSQL with the portal's tables, for one benchmark.  Models are imported inside functions."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.postgres import Cluster


@contextmanager
def portal_database(keep: Path | None = None, *, durable: bool = False) -> Iterator[str]:
    """Start it, set Django up on it and migrate; yield its URL.  Everything is gone afterwards.

    :param keep: a folder in which it stays for the next time
    :param durable: it writes to disk what it says it has written, as in production
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever is ended politely ends what they began
    with tempfile.TemporaryDirectory(prefix="jol-bench-") as folder:
        cluster = Cluster((keep or Path(folder)) / "postgres", throwaway=not durable)
        cluster.start()
        try:
            os.environ |= {
                "DATABASE_URL": cluster.url,
                "DJANGO_SETTINGS_MODULE": "jol.settings",
                "DEBUG": "0",
                "STATIC_FROM_SOURCE": "1",  # as they are: no collectstatic
                "SECRET_KEY": secrets.token_hex(32),
                "LOG_LEVEL": "WARNING",
            }
            os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")  # nothing here needs a broker
            import django
            from django.core.management import call_command
            from django.db import connections

            django.setup()
            call_command("migrate", verbosity=0)
            yield cluster.url
            connections.close_all()
        finally:
            if keep:
                cluster.stop()
            else:
                cluster.delete()
