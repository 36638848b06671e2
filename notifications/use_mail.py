"""What the mail about use says: each lesson with what others did with it, in numbers; none of the words of others."""

from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lessons.models import Lesson, Publication
from notifications.digest_mail import MOST_LISTED, Digest, Line
from notifications.models import Delivery
from notifications.use import Use

WHY = _(
    "You get this once a month, if anything happened, because you wrote these lessons, or are the JOL SPoC of the "
    "organisation that owns them."
)


def use_mail_of(delivery: Delivery) -> Digest:
    """Return the mail of `delivery`: a digest with one group."""
    if delivery.body is None:
        raise ValueError(f"delivery {delivery.pk} says nothing")
    uses = [Use(**use) for use in delivery.body["uses"]]
    listed = uses[:MOST_LISTED]
    lessons = Lesson.objects.in_bulk([use.lesson for use in listed])
    current = Publication.objects.current().filter(lesson__in=lessons).defer("search").select_related("lesson")
    published = {publication.lesson_id: publication for publication in current}
    lines = [_line(lessons[use.lesson], published.get(use.lesson), use) for use in listed if use.lesson in lessons]
    marking = "OFFICIAL-SENSITIVE" if any(not line.title for line in lines) else "OFFICIAL"
    month = date_format(datetime.strptime(delivery.body["month"], "%B %Y").replace(tzinfo=UTC), "F Y")
    heading = ngettext(
        "A lesson you shared was used in %(month)s", "%(number)s lessons you shared were used in %(month)s", len(uses)
    ) % {"number": len(uses), "month": month}
    return Digest(
        subject=f"[{marking}] {heading}",
        heading=heading,
        groups=[("", lines)],
        more=len(uses) - len(listed),
        more_url=f"{settings.SITE_URL}{reverse('our_lessons')}",
        why=str(WHY),
    )


def _line(lesson: Lesson, publication: Publication | None, use: Use) -> Line:
    url = settings.SITE_URL + lesson.get_absolute_url()
    is_sensitive = lesson.is_sensitive or (publication is not None and publication.is_sensitive)
    title = "" if is_sensitive else (publication or lesson).title
    return Line(lesson.reference or "", lesson.get_kind_display(), url, title, in_words(use))


def in_words(use: Use) -> str:
    """Return what happened, in sentences."""
    said = [
        (
            use.opened,
            ngettext(
                "%(number)s other organisation opened it for the first time.",
                "%(number)s other organisations opened it for the first time.",
                use.opened,
            ),
        ),
        (
            use.again,
            ngettext(
                "%(number)s published lesson found the same again.",
                "%(number)s published lessons found the same again.",
                use.again,
            ),
        ),
        (
            use.merged,
            ngettext(
                "%(number)s lesson saying the same was merged into it.",
                "%(number)s lessons saying the same were merged into it.",
                use.merged,
            ),
        ),
        (
            use.downloaded,
            ngettext(
                "People elsewhere downloaded it %(number)s time.",
                "People elsewhere downloaded it %(number)s times.",
                use.downloaded,
            ),
        ),
    ]
    return " ".join(words % {"number": number} for number, words in said if number)
