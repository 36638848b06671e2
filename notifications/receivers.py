"""What the moves of lessons mean for mail.  Runs in the transaction of the move and writes rows only."""

from django.dispatch import receiver

from accounts.models import User
from lessons.models import LessonMove
from lessons.signals import lesson_moved
from notifications.announcing import announce
from notifications.duties import write_duty_mails


@receiver(lesson_moved)
def tell_of_move(sender: object, *, entry: LessonMove, quiet: bool, claimer: User | None, **kwargs: object) -> None:
    announce(entry, quiet=quiet)
    if not quiet:
        write_duty_mails(entry, claimer=claimer)
