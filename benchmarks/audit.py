"""What the chain over the audit trail costs: sealing, verifying, and whether anybody who writes waits for it.

    dev.py bench audit [--events 50000] [--writers 4] [--seconds 10] [--quick]

Writers each add one event in a transaction of its own, by turns alone and beside two sealers that run without a pause.
As a peer, the same writers take a lock and make their link themselves, in the transaction.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks._database import portal_database

ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=50_000)
    options.add_argument("--writers", type=int, default=4)
    options.add_argument("--seconds", type=float, default=10.0, help="of each round")
    options.add_argument("--quick", action="store_true", help="rounds of three seconds")
    chosen = options.parse_args()
    seconds = 3.0 if chosen.quick else chosen.seconds
    with portal_database(durable=True), tempfile.TemporaryDirectory() as anchors:
        figures = sealing_and_verifying(chosen.events, Path(anchors)) | writing(chosen.writers, seconds)
    print(json.dumps(figures))


def sealing_and_verifying(events: int, anchors: Path) -> dict[str, float]:
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    from accounts.trail.anchors import anchor_if_due
    from accounts.trail.sealing import seal_all
    from accounts.trail.verifying import Verification

    settings.AUDIT_ANCHOR_DIR = anchors
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditevent (at, action, role, object_type, object_id, reason, digest, request_id)"
            " SELECT now(), 'lesson.read', 'reader', 'lessons.publication', n::text, '', repeat('a', 64), md5(n::text)"
            " FROM generate_series(1, %s) n",
            [events],
        )
    began = time.perf_counter()
    assert seal_all(at=timezone.now()) == events
    sealed = time.perf_counter() - began
    anchor_if_due(at=timezone.now())
    trail = Verification(anchor_folder=anchors, at=timezone.now())
    began = time.perf_counter()
    assert list(trail.faults()) == []
    verified = time.perf_counter() - began
    assert (trail.links, trail.anchors) == (events, 1)
    return {
        "events": events,
        "sealed_per_second": round(events / sealed),
        "verified_seconds": round(verified, 2),
        "verified_per_second": round(events / verified),
    }


def writing(writers: int, seconds: float) -> dict[str, float]:
    from accounts.models import AuditSeal
    from accounts.trail.sealing import seal_all

    alone, beside, in_line = [], [], []
    for _ in range(ROUNDS):
        alone.append(written(writers, seconds, write_one))
        seal_all(at=_now())
        beside.append(written(writers, seconds, write_one, sealers=2))
        seal_all(at=_now())
        in_line.append(written(writers, seconds, link_one))
        print(f"a second: {alone[-1]:.0f} alone, {beside[-1]:.0f} beside sealers, {in_line[-1]:.0f} in line")
    assert AuditSeal.objects.count() == AuditSeal.objects.latest("sequence").sequence
    ratios = [one / other for one, other in zip(beside, alone, strict=True)]
    return {
        "written_per_second_alone": round(median(alone)),
        "written_per_second_beside_sealers": round(median(beside)),
        "written_beside_to_alone": round(median(ratios), 2),
        "written_per_second_in_line": round(median(in_line)),
    }


def written(writers: int, seconds: float, write: Callable[[], None], sealers: int = 0) -> float:
    """Return how many events the writers commit in a second."""
    from django.db import connection

    from accounts.trail.sealing import seal_batch

    counts, end = [0] * writers, time.perf_counter() + seconds

    def writes(number: int) -> None:
        while time.perf_counter() < end:
            write()
            counts[number] += 1
        connection.close()

    def seals() -> None:
        while time.perf_counter() < end:
            if not seal_batch(at=_now()):
                time.sleep(0.05)
        connection.close()

    threads = [threading.Thread(target=writes, args=[number]) for number in range(writers)]
    threads += [threading.Thread(target=seals) for _ in range(sealers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def write_one() -> None:
    from accounts.audit import record

    record(action="test.act", subject=None, by=None, at=_now())


def link_one() -> None:
    """Make the link at once, as a chain that is kept in the business transaction would."""
    from django.db import connection, transaction

    from accounts.locks import OneAtATime
    from accounts.trail.sealing import seal_batch

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OneAtATime.SEAL_AUDIT])
        write_one()
        seal_batch(at=_now())


def _now():
    from django.utils import timezone

    return timezone.now()


if __name__ == "__main__":
    main()
