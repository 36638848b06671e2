"""What the mail about use says: each lesson with what others did with it, in numbers; none of the words of others."""

from django.conf import settings
from django.urls import reverse

from lessons.models import Lesson, Publication
from notifications.digest_mail import MOST_LISTED, Digest, Line
from notifications.models import Delivery
from notifications.use import Use

WHY = (
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
    count = "A lesson you shared was" if len(uses) == 1 else f"{len(uses)} lessons you shared were"
    return Digest(
        subject=f"[{marking}] {count} used in {delivery.body['month']}",
        heading=f"{count} used in {delivery.body['month']}",
        groups=[("", lines)],
        more=len(uses) - len(listed),
        more_url=f"{settings.SITE_URL}{reverse('our_lessons')}",
        why=WHY,
    )


def _line(lesson: Lesson, publication: Publication | None, use: Use) -> Line:
    url = settings.SITE_URL + lesson.get_absolute_url()
    is_sensitive = lesson.is_sensitive or (publication is not None and publication.is_sensitive)
    title = "" if is_sensitive else (publication or lesson).title
    return Line(lesson.reference or "", lesson.get_kind_display(), url, title, in_words(use))


def in_words(use: Use) -> str:
    """Return what happened, in sentences."""
    said = [
        (use.opened, "{} other organisation{s} opened it for the first time."),
        (use.again, "{} published lesson{s} found the same again."),
        (use.merged, "{} lesson{s} saying the same {were} merged into it."),
        (use.downloaded, "People elsewhere downloaded it {} time{s}."),
    ]
    return " ".join(
        words.format(number, s="" if number == 1 else "s", were="was" if number == 1 else "were")
        for number, words in said
        if number
    )
