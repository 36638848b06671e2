"""Tasks only say that there may be work: rows decide, so one that is lost, late or run twice changes nothing."""

import logging
import time
from datetime import datetime
from functools import cache

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.locks import OneAtATime
from notifications.actions.quarters import make_if_due
from notifications.digests import begin_due_runs, run_batch
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, MailHold
from notifications.overdue import tell_of_overdue
from notifications.sending import lanes
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from notifications.use import write_due_mails

logger = logging.getLogger(__name__)

FAN_OUT_SECONDS = 5
SEND_SECONDS = 4
#: A task that waited so long is worth nothing: the next tick made another.
EXPIRES_SECONDS = 5


@shared_task
def relay() -> None:
    """Every second: close what silent senders left, start senders, and find out who is to hear of news."""
    now = timezone.now()
    lanes.prepare_lanes()
    if swept := lanes.sweep(at=now):
        logger.warning("%s senders went silent", swept)
    start_senders(at=now)
    if fan_out():
        start_senders(at=timezone.now())


@shared_task
def digest() -> None:
    """Every five minutes: begin the digests whose period has ended, and go on with those that are not done.

    A fortnight before a quarter ends its lessons digest is made, for the Secretariat to edit.
    """
    make_if_due(at=timezone.now())
    for run in begin_due_runs(at=timezone.now()):
        while run_batch(run=run, at=timezone.now()):
            start_senders(at=timezone.now())


@shared_task
def overdue() -> None:
    """Every quarter of an hour: write the mails about items that wait longer than was promised."""
    if tell_of_overdue(at=timezone.now()):
        start_senders(at=timezone.now())


@shared_task
def tell_of_use() -> None:
    """Every hour: once a month has ended, tell those who shared lessons that they were used."""
    if write_due_mails(at=timezone.now()):
        start_senders(at=timezone.now())


@shared_task
def send() -> None:
    """Send for a few seconds; if more is due then, ask for another turn behind the others."""
    sent = send_due(
        over=mail_connection(),
        per_second=settings.MAIL_PER_SECOND,
        per_domain_minute=settings.MAIL_PER_DOMAIN_MINUTE,
        seconds=SEND_SECONDS,
    )
    if sent:
        start_senders(at=timezone.now())


def start_senders(*, at: datetime) -> None:
    """Ask for as many senders as there is work and room for; for none while outgoing mail is off."""
    if MailHold.objects.in_force().exists():
        return
    if due := Delivery.objects.due(at).values("pk")[: lanes.lanes_wanted()].count():
        due = min(due, lanes.free_lanes(at=at))
    for _ in range(due):
        send.apply_async(expires=EXPIRES_SECONDS)


def fan_out(*, seconds: float = FAN_OUT_SECONDS) -> bool:
    """Fan announcements out for a while, unless another process does; say whether there was anything to do."""
    end = time.monotonic() + seconds
    worked = False
    waiting = Announcement.objects.filter(fanned_out_at=None, ended_at=None).order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [OneAtATime.FAN_OUT])
        if not cursor.fetchone()[0]:
            return False
        try:
            for announcement in waiting:
                worked = True
                batches = 0
                while fan_out_batch(announcement=announcement, at=timezone.now()):
                    batches += 1
                    if time.monotonic() > end:
                        return True
                if batches > 1:  # the planner should know before the senders ask
                    cursor.execute("SELECT analyse_mails()")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [OneAtATime.FAN_OUT])
    return worked


@cache
def mail_connection() -> MailConnection:
    """The connection of this worker process."""
    return MailConnection(Server.from_url(settings.EMAIL_URL))
