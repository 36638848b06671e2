"""The chain over the audit trail: each event sealed once, no business transaction held up, every tampering found."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.locks import OneAtATime
from accounts.models import AuditEvent, AuditSeal, UnsealedEvent, User
from accounts.tasks import seal_audit
from accounts.trail.anchors import anchor_if_due, newest_line
from accounts.trail.chain import COLUMNS, NOTHING, event_digest, link_hash
from accounts.trail.daily import mail_anchor_once_a_day
from accounts.trail.sealing import seal_all, seal_batch
from accounts.trail.verifying import Verification
from notifications.models import Delivery
from tests.factories import NOON, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    return settings.AUDIT_ANCHOR_DIR


@pytest.fixture
def somebody() -> User:
    return UserFactory()


def write(somebody: User, count: int) -> list[int]:
    """Write so many events, and return their numbers."""
    return [
        audit.record(action="test.act", subject=somebody, by=somebody, at=NOON, reason=str(number)).pk
        for number in range(count)
    ]


def faults(folder: Path) -> list[str]:
    return list(Verification(anchor_folder=folder, at=timezone.now()).faults())


# -- sealing -----------------------------------------------------------------------------------------------
def test_each_event_becomes_one_link_that_nobody_can_change(somebody: User, folder: Path) -> None:
    events = write(somebody, 5)

    assert [seal_batch(at=NOON, most=3), seal_all(at=NOON), seal_all(at=NOON)] == [3, 2, 0]

    assert list(AuditSeal.objects.order_by("sequence").values_list("sequence", "event_id")) == list(
        enumerate(events, start=1)
    )
    assert not UnsealedEvent.objects.exists()
    assert faults(folder) == []
    for change in (
        lambda: AuditSeal.objects.update(hash="0" * 64),
        lambda: AuditSeal.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE accounts_auditseal"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_events_are_sealed_while_another_process_counts_words_writes_mails_and_fans_out(somebody: User) -> None:
    write(somebody, 1)
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            for work in set(OneAtATime) - {OneAtATime.SEAL_AUDIT}:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [work])

        assert seal_batch(at=NOON) == 1
    finally:
        other.close()


def test_what_is_rolled_back_is_never_sealed_and_leaves_no_gap(somebody: User, folder: Path) -> None:
    with transaction.atomic():
        write(somebody, 2)
        transaction.set_rollback(True)
    write(somebody, 1)
    with transaction.atomic():  # a sealer that dies before its commit
        seal_all(at=NOON)
        transaction.set_rollback(True)

    assert seal_all(at=NOON) == 1
    assert faults(folder) == []


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_committed_late_is_sealed_once_and_waits_for_no_sealer(somebody: User, folder: Path) -> None:
    written, commit, sealed = threading.Event(), threading.Event(), threading.Event()
    late: list[int] = []

    def commits_late() -> None:
        with transaction.atomic():
            late.extend(write(somebody, 1))
            written.set()
            commit.wait(60)

    def seals_and_stays() -> None:
        """A sealer that has done its work and hangs before the commit, its lock held."""
        with transaction.atomic():
            seal_all(at=NOON)
            sealed.set()
            commit.wait(60)

    threads = [in_a_thread(commits_late)]
    assert written.wait(60)
    early = write(somebody, 1)
    threads.append(in_a_thread(seals_and_stays))
    assert sealed.wait(60)

    assert late[0] < early[0]
    assert seal_all(at=NOON) == 0, "one sealer at a time"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        meanwhile = write(somebody, 1)
    commit.set()
    for thread in threads:
        thread.join(60)
    seal_all(at=NOON)

    order = list(AuditSeal.objects.order_by("sequence").values_list("event_id", flat=True))
    assert (order[0], sorted(order[1:])) == (early[0], [late[0], meanwhile[0]])
    assert faults(folder) == []


@pytest.mark.django_db(transaction=True)
def test_many_who_write_and_several_who_seal_make_one_chain_without_gaps(somebody: User, folder: Path) -> None:
    done = threading.Event()

    def writes() -> None:
        for _ in range(20):
            with transaction.atomic():
                write(somebody, 3)

    def seals() -> None:
        while not done.is_set():
            seal_batch(at=timezone.now(), most=7)

    writers, sealers = [in_a_thread(writes) for _ in range(3)], [in_a_thread(seals) for _ in range(2)]
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in sealers:
        thread.join(60)
    seal_all(at=timezone.now())

    assert AuditSeal.objects.count() == AuditSeal.objects.latest("sequence").sequence == 180
    assert faults(folder) == []


def in_a_thread(target: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            target()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# -- the drill: somebody owns the database and switches its triggers off -----------------------------------------
def anew(first: int) -> None:
    """Write all links from `first` on anew, as if their events had always been what they are now."""
    seals = list(AuditSeal.objects.order_by("sequence"))
    before = seals[first - 2].hash if first > 1 else NOTHING
    for seal in seals[first - 1 :]:
        digest = event_digest(AuditEvent.objects.values_list(*COLUMNS).get(pk=seal.event_id))
        made = link_hash(
            sequence=seal.sequence,
            event_id=seal.event_id,
            digest=digest,
            previous=before,
            sealed_at=seal.sealed_at,
        )
        AuditSeal.objects.filter(pk=seal.pk).update(event_digest=digest, previous=before, hash=made)
        before = made


PUT_IN = """
INSERT INTO accounts_auditevent (id, at, action, role, object_type, object_id, reason, digest, request_id)
VALUES (999999, now(), 'test.act', '', 'x', '1', '', '', '')
"""
#: name -> what the owner does, with %(n)s for the number of the n-th event, and what is said of it.
DRILL: dict[str, tuple[str, list[str]]] = {
    "an event is changed": (
        "UPDATE accounts_auditevent SET actor_id = NULL WHERE id = %(3)s",
        ["Link 3 (event %(3)s): the event was changed."],
    ),
    "an event is deleted": (
        "DELETE FROM accounts_auditevent WHERE id = %(4)s",
        ["Link 4 (event %(4)s): the event was deleted."],
    ),
    "an event and its link are deleted": (
        "DELETE FROM accounts_auditevent WHERE id = %(4)s; DELETE FROM accounts_auditseal WHERE sequence = 4",
        ["Links 4 to 4: they are missing.", "Link 5 (event %(5)s): it does not follow the link before it."],
    ),
    "all is deleted but the last link": (
        "DELETE FROM accounts_auditevent WHERE id < %(8)s; DELETE FROM accounts_auditseal WHERE sequence < 8",
        ["Links 1 to 7: they are missing.", "Link 8 (event %(8)s): it does not follow the link before it."],
    ),
    "an event is put in": (
        PUT_IN,
        ["Event 999999: it was put in past the rules of the table."],
    ),
    "an event is put into the place of another": (
        (
            f"{PUT_IN}; UPDATE accounts_auditseal SET event_id = 999999 WHERE sequence = 2;"  # noqa: S608 - the drill
            "DELETE FROM accounts_auditevent WHERE id = %(2)s"
        ),
        ["Link 2 (event 999999): the link was changed.", "Link 2 (event 999999): the event was changed."],
    ),
    "two events change places": (
        (
            "UPDATE accounts_auditevent SET id = -1 WHERE id = %(2)s;"
            " UPDATE accounts_auditevent SET id = %(2)s WHERE id = %(3)s;"
            " UPDATE accounts_auditevent SET id = %(3)s WHERE id = -1"
        ),
        ["Link 2 (event %(2)s): the event was changed.", "Link 3 (event %(3)s): the event was changed."],
    ),
    "two links change places": (
        (
            "UPDATE accounts_auditseal SET sequence = -1 WHERE sequence = 2;"
            " UPDATE accounts_auditseal SET sequence = 2 WHERE sequence = 3;"
            " UPDATE accounts_auditseal SET sequence = 3 WHERE sequence = -1"
        ),
        [
            "Link 2 (event %(3)s): it does not follow the link before it.",
            "Link 2 (event %(3)s): the link was changed.",
            "Link 3 (event %(2)s): it does not follow the link before it.",
            "Link 3 (event %(2)s): the link was changed.",
            "Link 4 (event %(4)s): it does not follow the link before it.",
        ],
    ),
    "the end is cut off": (
        (
            "DELETE FROM accounts_auditevent WHERE id > %(6)s; DELETE FROM accounts_auditseal WHERE sequence > 6;"
            "DELETE FROM accounts_unsealedevent"
        ),
        ["Links 7 to 8: they were cut off after"],
    ),
    "everything is cut off": (
        "DELETE FROM accounts_auditevent; DELETE FROM accounts_auditseal; DELETE FROM accounts_unsealedevent",
        ["Links 1 to 8: they were cut off after"],
    ),
    "an event is deleted before it is sealed": (
        "DELETE FROM accounts_auditevent WHERE id = %(9)s",
        ["Event %(9)s: it was deleted before it was sealed."],
    ),
    "an event is kept from being sealed": (
        "DELETE FROM accounts_unsealedevent WHERE event_id = %(9)s",
        ["Event %(9)s: it was put in past the rules of the table."],
    ),
}


@pytest.fixture
def trail(somebody: User, folder: Path) -> dict[str, int]:
    """Eight events that are sealed and anchored, and a ninth that waits."""
    events = write(somebody, 8)
    seal_all(at=NOON)
    anchor_if_due(at=NOON)
    events += write(somebody, 1)
    assert faults(folder) == []
    return {str(number): event for number, event in enumerate(events, start=1)}


@pytest.fixture
def as_owner() -> Iterator[Callable[[str], None]]:
    """Run SQL as somebody whom no trigger of the table stops."""

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)

    return run


@pytest.mark.parametrize("name", DRILL)
def test_tampering_is_found_and_said_where(
    name: str, trail: dict[str, int], folder: Path, as_owner: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    sql, said = DRILL[name]
    as_owner(sql % trail)

    found = faults(folder)

    assert len(found) == len(said), found
    assert all(one.startswith(expected % trail) for one, expected in zip(found, said, strict=True)), found
    with pytest.raises(CommandError, match="The audit trail has"):
        call_command("verify_audit")
    assert (said[0] % trail) in capsys.readouterr().out


def test_a_chain_that_was_written_anew_is_not_the_one_that_was_anchored(
    trail: dict[str, int], folder: Path, as_owner: Callable[[str], None]
) -> None:
    as_owner(
        "UPDATE accounts_auditevent SET reason = 'another' WHERE id = (SELECT min(id) + 4 FROM accounts_auditevent)"
    )
    anew(5)

    [fault] = faults(folder)

    assert fault.startswith(f"Link 8 (event {trail['8']}): it is another one than was anchored at")


def test_an_anchor_that_was_changed_or_taken_away_is_noticed(trail: dict[str, int], folder: Path) -> None:
    [path] = folder.glob("*.ndjson")
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"hash": AuditSeal.objects.get(sequence=7).hash, "sequence": 7}) + "\nx\n")

    assert faults(folder) == [
        f"Anchor in {path.name}, line 1: its signature does not hold.",
        f"Anchor in {path.name}, line 2: its signature does not hold.",
    ]

    path.unlink()
    seal_all(at=NOON + timedelta(hours=25))
    assert faults(folder) == ["No anchor since the beginning: an end that was cut off would not be seen."]


def test_anchors_kept_elsewhere_are_those_that_are_named_or_nothing_is_verified(
    trail: dict[str, int],
    folder: Path,
    tmp_path: Path,
    as_owner: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    mailed = tmp_path / "lines of mails.txt"
    mailed.write_text(newest_line())
    call_command("verify_audit", anchors=mailed)
    for nowhere in (tmp_path / "misspelt", tmp_path):
        with pytest.raises(CommandError, match="has 1 fault"):
            call_command("verify_audit", anchors=nowhere)
        assert f"There is no anchor in {nowhere}." in capsys.readouterr().out

    sql, _ = DRILL["the end is cut off"]
    as_owner(sql % trail)
    shutil.rmtree(folder)
    call_command("verify_audit")
    with pytest.raises(CommandError, match="has 1 fault"):
        call_command("verify_audit", anchors=mailed)


def test_the_newest_anchor_goes_out_by_mail_once_a_day_and_so_does_that_there_is_none(
    trail: dict[str, int], folder: Path, settings: Any
) -> None:
    assert not mail_anchor_once_a_day(NOON), "nobody is named"
    settings.AUDIT_MAIL_TO = "watch@example.org"

    later = NOON + timedelta(days=2)
    assert [mail_anchor_once_a_day(at) for at in (NOON, NOON + timedelta(hours=5), later)] == [True, False, True]

    first, second = mail.outbox
    assert (first.subject, second.subject) == ("Audit trail: link 8", "Audit trail: no anchor for a day")
    assert newest_line() in first.body.splitlines(), "as it was signed"

    settings.EMAIL_BACKEND = "notifications.backend.DeliveryBackend"
    mail_anchor_once_a_day(later + timedelta(days=1))
    body = Delivery.objects.get().body or {}
    assert body["why"].startswith("You get this each day because whoever runs the portal chose this address")


def test_an_anchor_is_written_each_hour_and_holds_after_the_secret_has_changed(
    trail: dict[str, int], folder: Path, settings: Any
) -> None:
    assert not anchor_if_due(at=NOON + timedelta(minutes=59))
    assert anchor_if_due(at=NOON + timedelta(minutes=60))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 9, [settings.SECRET_KEY]
    assert anchor_if_due(at=NOON + timedelta(hours=2))

    assert faults(folder) == []
    [path] = folder.glob("*.ndjson")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["sequence"], line["count"]) for line in lines] == [(8, 8), (8, 9), (8, 9)]
    settings.SECRET_KEY_FALLBACKS = []
    assert len(faults(folder)) == 2
    settings.AUDIT_FORMER_KEYS = [lines[0]["key"]]
    assert faults(folder) == []


def test_an_event_that_waits_for_more_than_a_minute_is_a_fault_until_the_task_runs(
    somebody: User, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [event] = write(somebody, 1)
    UnsealedEvent.objects.update(since=timezone.now() - timedelta(seconds=61))

    [fault] = faults(folder)
    assert fault.startswith(f"Event {event}: it has waited for its seal since")

    seal_audit.apply()
    call_command("verify_audit")
    assert "1 anchors verified" in capsys.readouterr().out
    assert not UnsealedEvent.objects.exists()
