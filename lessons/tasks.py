"""Tasks only say that there may be work: rows decide, so one that is lost, late or run twice changes nothing."""

import time

from celery import shared_task
from django.utils import timezone

from lessons.actions.scanning import check_next
from lessons.api.deprecations import tell_owners
from lessons.attachments.scanners import scanner
from lessons.kept import fold_stamps
from lessons.presence import forget_closed
from lessons.same_again import count_next
from lessons.search.counting import count_words as bring_counts_up_to_date

#: No check is begun later, so that the last one ends before the task's time is up.
CHECK_SECONDS = 20
#: The same for look-alikes.
COUNT_SECONDS = 10


@shared_task
def check_attachments() -> None:
    """Every few seconds: check the files that wait, for a while."""
    end = time.monotonic() + CHECK_SECONDS
    with_ = scanner()
    while time.monotonic() < end and check_next(scanner=with_, at=timezone.now()):
        pass


@shared_task
def count_words() -> None:
    """Every minute: count the words of what was published, suspended or superseded since; fold its stamps."""
    bring_counts_up_to_date()
    fold_stamps()


@shared_task
def count_look_alikes() -> None:
    """Every half minute: count the look-alikes of what waits for moderators, for a while; forget who closed a page."""
    bring_counts_up_to_date()  # where words of new texts are not counted yet, everything looks alike
    end = time.monotonic() + COUNT_SECONDS
    while time.monotonic() < end and count_next(at=timezone.now()):
        pass
    forget_closed(at=timezone.now())


@shared_task
def tell_of_deprecations() -> None:
    """Every hour: tell owners of tokens which address of the API goes, if one does."""
    tell_owners(at=timezone.now())
