"""What publishing a text would send: asked by moderators before they publish.  Nothing of it is stored."""

from django.db import connection, transaction
from django.dispatch import receiver

from lessons.models import LessonMove, Move, Publication
from lessons.preview import Mailing
from lessons.search import index
from lessons.signals import mailing_asked
from notifications import alert_mails
from notifications import fan_out_sql as sql
from notifications.mail_content import About
from notifications.models import CRITERIA, Frequency, Subscription

COUNT = "SELECT frequency, count(*) FROM wanted GROUP BY frequency"
#: Soonest first, as the fan-out has them.
WANTED = [frequency.value for frequency in Frequency if frequency != Frequency.OFF]


@receiver(mailing_asked)
def mailing_of(sender: object, *, text: Publication, **kwargs: object) -> Mailing:
    """Return the mail to subscribers about `text`, and how many would get it."""
    by_frequency = _addresses_by_frequency(text)
    at_once = by_frequency.pop(Frequency.AT_ONCE, 0)
    mail = alert_mails.new_lesson(About(text.lesson, LessonMove(lesson=text.lesson, move=Move.PUBLISH), text))
    facts = [f"{label}: {value}" for label, value in mail.facts]
    return Mailing(at_once, sum(by_frequency.values()), mail.subject, [mail.heading, *mail.paragraphs, *facts])


def _addresses_by_frequency(text: Publication) -> dict[str, int]:
    """Ask as the fan-out would; the words of a text can only be looked up where it is stored, so that is undone."""
    codes = {name: text.codes_of(prefix) for name, prefix in CRITERIA.items()}
    last = Subscription.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    everything = {"publication": text.pk or 0, "terms": text.terms, "readers": text.readers, "after": 0, "until": last}
    parameters = codes | everything | {"frequencies": WANTED}
    with transaction.atomic(), connection.cursor() as cursor:
        if text.pk:
            index(text)
        cursor.execute(sql.HOLDERS_MET, parameters)
        people, mailboxes = cursor.fetchone()
        cursor.execute(sql.MATCHING + COUNT, parameters | {"people": people, "mailboxes": mailboxes})
        found = dict(cursor.fetchall())
        transaction.set_rollback(True)
    return found
