"""What must hold after any fault.  One function asks all of it; each question is a sentence."""

from __future__ import annotations

import re
from collections import Counter
from email import message_from_bytes, policy
from email.utils import parseaddr

from django.utils import timezone

from accounts.models import AuditEvent
from accounts.trail.sealing import seal_all
from accounts.trail.verifying import Verification
from lessons.models import Move
from notifications.models import Announcement, AnnouncementKind, Delivery, Lane, State
from tests.faults.harness import Harness, Taken
from tests.faults.world import CANARY, World

#: Nothing more happens to these by itself.
AT_REST = (State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED)


def assert_sound(harness: Harness, world: World, *, repeats: int) -> None:
    """Ask everything, once no mail is due or in a sender's hands.

    :param repeats: as many mails may have arrived a second time: one for each sender that died, or was cut off, in the
        moment between the final dot and the note that the mail has gone
    """
    harness.settle()
    taken = harness.taken()
    rows = {row.message_id_header: row for row in Delivery.objects.all()}
    everybody_who_asked_for_it_has_one_row(world)
    every_row_has_come_to_an_end_or_is_due_later()
    what_arrived_is_what_is_marked(taken, rows)
    nothing_arrived_more_often_than_the_faults_explain(taken, repeats)
    nothing_was_sent_after_its_lesson_was_suspended(taken, rows, world)
    no_words_of_a_sensitive_lesson_are_in_a_mail(taken)
    each_mail_has_one_recipient_and_names_it(taken)
    each_move_is_in_the_audit_trail_once(world)
    the_chain_of_the_audit_trail_is_whole(harness)


def everybody_who_asked_for_it_has_one_row(world: World) -> None:
    """I1."""
    for news in Announcement.objects.filter(kind=AnnouncementKind.PUBLISHED).select_related("publication"):
        told = list(Delivery.objects.filter(announcement=news).values_list("address", flat=True))
        wanted = set(world.readers)
        assert len(told) == len(set(told)), f"{news}: somebody is told twice"
        assert set(told) <= wanted, f"{news}: {set(told) - wanted} did not ask for it"
        if not news.ended_at:
            assert set(told) == wanted, f"{news}: {len(wanted - set(told))} are not told"


def every_row_has_come_to_an_end_or_is_due_later() -> None:
    """I2."""
    now = timezone.now()
    open_ones = Delivery.objects.exclude(state__in=AT_REST).exclude(state=State.UNCERTAIN, due_at=None)
    late = [(row.pk, row.state) for row in open_ones if row.due_at is None or row.due_at <= now]
    assert not late, f"left behind: {late}"
    assert not Lane.objects.filter(holder__isnull=False, lease_until__lt=now).exists()


def what_arrived_is_what_is_marked(taken: list[Taken], rows: dict[str, Delivery]) -> None:
    """I3."""
    arrived = {mail.message_id for mail in taken}
    sent = {key for key, row in rows.items() if row.state == State.SENT}
    assert not sent - arrived, f"{len(sent - arrived)} are marked as sent and never arrived"
    for key in arrived - sent:
        row = rows.get(key)
        assert row, f"{key} arrived and is no row"
        may_have_gone = row.state == State.UNCERTAIN or row.uncertain_tries or row.attempts
        assert may_have_gone, f"{key} arrived and is {row.state}"


def nothing_arrived_more_often_than_the_faults_explain(taken: list[Taken], repeats: int) -> None:
    """I4."""
    often = Counter(mail.message_id for mail in taken)
    assert often.total() - len(often) <= repeats, f"repeated: {[key for key, times in often.items() if times > 1]}"


def nothing_was_sent_after_its_lesson_was_suspended(
    taken: list[Taken], rows: dict[str, Delivery], world: World
) -> None:
    """I5."""
    news = {row.pk: row.publication.lesson_id for row in Announcement.objects.select_related("publication")}
    for mail in taken:
        row = rows[mail.message_id]
        suspended_at = world.suspended.get(news.get(row.announcement_id, 0))
        if suspended_at and row.kind in {"new_lesson", "correction"}:
            assert mail.at <= suspended_at, (
                f"{mail.message_id} came {mail.at - suspended_at:.3f} s after the suspension"
            )


def no_words_of_a_sensitive_lesson_are_in_a_mail(taken: list[Taken]) -> None:
    """I6.  Soft line breaks of quoted-printable are taken out first."""
    for mail in taken:
        assert CANARY not in re.sub(rb"=\r?\n", b"", mail.content).decode("ascii")


def each_mail_has_one_recipient_and_names_it(taken: list[Taken]) -> None:
    """I7."""
    for mail in taken:
        message = message_from_bytes(mail.content.partition(b"\r\n\r\n")[0], policy=policy.default)
        assert [parseaddr(message["To"])[1]] == list(mail.recipients)
        assert str(message["Message-ID"]) == mail.message_id


def each_move_is_in_the_audit_trail_once(world: World) -> None:
    """I8."""
    wanted = Counter((f"lesson.{move.move}", str(move.lesson_id)) for move in world.moves)
    lessons = {lesson for _, lesson in wanted}
    moves = [f"lesson.{move}" for move in Move]
    found = AuditEvent.objects.filter(object_type="lessons.lesson", object_id__in=lessons, action__in=moves)
    assert Counter(found.values_list("action", "object_id")) == wanted


def the_chain_of_the_audit_trail_is_whole(harness: Harness) -> None:
    """I8."""
    now = timezone.now()
    seal_all(at=now)
    assert list(Verification(anchor_folder=harness.folder / "audit", at=now).faults()) == []
