"""Checking files that were added: one at a time, under a lease, again until there is a verdict."""

import logging
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copyfileobj

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import audit
from accounts.languages import language_of
from accounts.models import Membership, User
from accounts.notices import send_plain
from accounts.roles import Role
from lessons.actions.attachments import digest_of
from lessons.attachments import store
from lessons.attachments.findings import MALWARE
from lessons.attachments.kinds import MOST_BYTES, Refused
from lessons.attachments.opening import UNSAFE, look_inside
from lessons.attachments.scanners import Scanner, ScannerAway
from lessons.models import Attachment
from lessons.models.attachments import Scan

logger = logging.getLogger(__name__)

#: Longer than a check can take: after it, whoever began is taken to be gone.
LEASE = timedelta(minutes=7)
#: Checks that ended without a word, before the file is taken for what ended them.
MOST_ATTEMPTS = 4
#: While the scanner is away: after 30 seconds, 1, 2, 4, 8, then every 15 minutes.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)
#: Staff hear of it once a day, when the scanner was away so long.
TELL_AFTER, TOLD_FOR = timedelta(minutes=30), timedelta(days=1)
TOO_LARGE = gettext_noop("The picture is larger than 20 megabytes once it is drawn anew. Attach it as JPEG")
LOST = gettext_noop("The file was lost on the way. Attach it again")


def oldest_unchecked_seconds(*, at: datetime) -> float:
    """Return how long the file has waited that was added first of those without a verdict; 0.0 without one."""
    oldest = Attachment.objects.filter(scan=Scan.WAITING).aggregate(oldest=Min("added_at"))["oldest"]
    return max(0.0, round((at - oldest).total_seconds(), 1)) if oldest else 0.0


def check_next(*, scanner: Scanner, at: datetime) -> bool:
    """Check the file that waits longest, and say whether there was one."""
    attachment = _claim(at)
    if attachment is None:
        return False
    if attachment.attempts > MOST_ATTEMPTS:
        _refuse(attachment, UNSAFE, at)
        return True
    try:
        _check(attachment, scanner)
    except Refused as error:
        _refuse(attachment, str(error), at)
    except ScannerAway as error:
        _put_off(attachment, error, at)
    except FileNotFoundError:
        _refuse(attachment, LOST, at)
    return True


@transaction.atomic
def _claim(at: datetime) -> Attachment | None:
    attachment = Attachment.objects.due(at).select_for_update(skip_locked=True, of=("self",)).first()
    if attachment:
        attachment.check_at, attachment.attempts = at + LEASE, attachment.attempts + 1
        attachment.save(update_fields=["check_at", "attempts"])
    return attachment


def _check(attachment: Attachment, scanner: Scanner) -> None:
    """Scan the file, look inside it, and release it.

    :raises Refused: something was found
    :raises ScannerAway: there is no verdict
    """
    with tempfile.TemporaryDirectory(prefix="attachment-") as folder:
        path, drawn = Path(folder) / "file", Path(folder) / "drawn"
        with store.opened(attachment.key) as stored, path.open("wb") as copy:
            copyfileobj(stored, copy)
        with path.open("rb") as file:
            if found := scanner.find(file):
                raise Refused(MALWARE.format(name=found[:80]))
        findings = look_inside(attachment.type, path, drawn)
        _release(attachment, findings, drawn if drawn.exists() else path)


@transaction.atomic
def _release(attachment: Attachment, findings: list[str], path: Path) -> None:
    at = timezone.now()
    with path.open("rb") as file:
        size, digest = file.seek(0, 2), digest_of(file)
        if not 0 < size <= MOST_BYTES:
            raise Refused(TOO_LARGE)
        mine = _still_mine(attachment)
        if mine is None:
            return
        if digest != attachment.sha256:
            store.save(attachment.key, file)
    mine.scan, mine.checked_at, mine.size, mine.sha256 = Scan.CLEAN, at, size, digest
    mine.findings = [finding[:150] for finding in findings[:20]]
    mine.save(update_fields=["scan", "checked_at", "size", "sha256", "findings"])
    audit.record(action="attachment.clean", subject=mine, by=None, at=at, digest=digest)


@transaction.atomic
def _refuse(attachment: Attachment, reason: str, at: datetime) -> None:
    """Refuse the file, and take its bytes away: nobody needs them any more."""
    if mine := _still_mine(attachment):
        mine.scan, mine.reason, mine.checked_at = Scan.REFUSED, reason[:300], at
        mine.save(update_fields=["scan", "reason", "checked_at"])
        audit.record(action="attachment.refuse", subject=mine, by=None, at=at, digest=mine.sha256)
        key = mine.key
        transaction.on_commit(lambda: store.delete(key))


@transaction.atomic
def _put_off(attachment: Attachment, why: ScannerAway, at: datetime) -> None:
    mine = _still_mine(attachment)
    if mine is None:
        return
    mine.check_at = at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(mine.delays, 10))
    mine.delays, mine.attempts = mine.delays + 1, 0
    mine.save(update_fields=["check_at", "delays", "attempts"])
    logger.error("The scanner of attachments is away (%s); attachment %s waits", why, mine.key)
    if at - mine.added_at >= TELL_AFTER and cache.add("scanner-away", 1, timeout=int(TOLD_FOR.total_seconds())):
        _tell_staff()


def _still_mine(attachment: Attachment) -> Attachment | None:
    """Return the row, locked, unless it was removed, or somebody else took it up when the lease ran out."""
    rows = Attachment.objects.select_for_update(of=("self",)).filter(pk=attachment.pk, scan=Scan.WAITING)
    return rows.filter(attempts=attachment.attempts, check_at=attachment.check_at).first()


def _tell_staff() -> None:
    staff = Membership.objects.active().filter(role=Role.SECRETARIAT, user__is_active=True)
    waiting = Attachment.objects.filter(scan=Scan.WAITING).count()
    for one in User.objects.filter(memberships__in=staff).distinct():
        with language_of(one):
            text = gettext(
                "The virus scanner does not answer. Attachments that wait for it, and cannot be downloaded: "
                "%(waiting)s. They are checked by themselves once it answers. Please tell whoever runs the servers."
            ) % {"waiting": waiting}
            why = gettext("You get this because you are of the Secretariat, which hears of it once a day.")
            send_plain(one.email, gettext("The virus scanner does not answer"), f"{text}\n\n{_home()}\n", why=why)


def _home() -> str:
    return f"{settings.SITE_URL}{reverse('home')}"
