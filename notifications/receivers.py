"""What the moves of lessons mean for mail.  Runs in the transaction of the move and writes rows only."""

from datetime import datetime

from django.db.models import F, Func, Value
from django.dispatch import receiver

from accounts.models import Organisation, ResilienceArea, User
from accounts.signals import areas_merged, organisations_merged
from lessons.models import LessonMove
from lessons.signals import lesson_moved, register_loaded
from notifications.announcing import announce
from notifications.duties import write_duty_mails
from notifications.left_register import tell_holders
from notifications.models import Subscription


@receiver(lesson_moved)
def tell_of_move(sender: object, *, entry: LessonMove, quiet: bool, claimer: User | None, **kwargs: object) -> None:
    announce(entry, quiet=quiet)
    if not quiet:
        write_duty_mails(entry, claimer=claimer)


@receiver(organisations_merged)
def keep_mailbox_subscriptions(*, source: Organisation, target: Organisation, **_: object) -> None:
    """Let what the mailbox of `source` wanted to hear come to that of `target`."""
    Subscription.objects.current().filter(organisation=source).update(organisation=target)


@receiver(areas_merged)
def keep_areas_of_subscriptions(*, source: ResilienceArea, target: ResilienceArea, **_: object) -> None:
    """Name the area that is left in what people want to hear."""
    named = Subscription.objects.filter(areas__contains=[source.code])
    both = named.filter(areas__contains=[target.code])
    both.update(areas=Func(F("areas"), Value(source.code), function="array_remove"))
    named.update(areas=Func(F("areas"), Value(source.code), Value(target.code), function="array_replace"))


@receiver(register_loaded)
def tell_of_risks_that_left(sender: object, *, edition: str, left: set[str], at: datetime, **_: object) -> None:
    if left:
        tell_holders(edition=edition, codes=left, at=at)
