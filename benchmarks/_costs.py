"""How long Python and the database compute for one view of each sort, which other work on the machine spoils least."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

from benchmarks._answers import cpu_seconds
from benchmarks._visitors import MIX, View
from devstack.waiting import LOOPBACK


def costs(each: Iterator[View], number: int) -> dict[str, float]:
    """Ask so many views of each sort within this process, one after the other; return milliseconds, of the mix too."""
    from django.db import connection
    from django.test import Client, override_settings

    sorts: dict[str, list[View]] = defaultdict(list)
    while min(len(sorts[sort]) for sort in MIX) <= number:
        view = next(each)
        sorts[view.sort].append(view)
    connection.ensure_connection()
    backend: int = connection.connection.info.backend_pid
    browser, figures = Client(REMOTE_ADDR=LOOPBACK), dict.fromkeys(("mix_python_ms", "mix_database_ms"), 0.0)

    def ask(view: View) -> None:
        name, _, value = view.header.partition(": ")
        answer = browser.get(view.path, headers={name: value, "Host": LOOPBACK})
        assert answer.status_code in (200, 404), (view, answer.status_code)

    with override_settings(ALLOWED_HOSTS=[LOOPBACK], MFA_REQUIRED=False):
        for sort, share in MIX.items():
            ask(sorts[sort][0])  # what is loaded or counted once
            computed, in_database = time.process_time(), cpu_seconds(backend)
            for view in sorts[sort][1 : number + 1]:
                ask(view)
            spent = {"python": time.process_time() - computed, "database": cpu_seconds(backend) - in_database}
            for who, seconds in spent.items():
                figures[f"{sort}_{who}_ms"] = round(seconds / number * 1000, 1)
                figures[f"mix_{who}_ms"] = round(figures[f"mix_{who}_ms"] + seconds / number * share * 10, 1)
            print(f"{sort:14} " + "   ".join(f"{who} {figures[f'{sort}_{who}_ms']:6} ms" for who in spent))
    return figures
