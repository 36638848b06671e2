"""Published lessons that may say the same as one that waits: counted for the queue, compared before a decision."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from accounts.models import User
from lessons.beside import FEWEST_WORDS, TELLING
from lessons.models import Lesson, LookAlikes, Publication, PublicationQuerySet, Tier
from lessons.search.similar import most_alike

#: What fits a lesson less is about something else.
ALIKE = 0.22
MOST_SHOWN = 8
#: What is published meanwhile is counted when a count is so old; the page of a lesson looks afresh.
COUNTED_AGAIN_AFTER = timedelta(days=1)


def same_again(lesson: Lesson, publications: PublicationQuerySet) -> list[Publication]:
    """Return those `publications` that may say the same as `lesson`, most alike first."""
    said = " ".join(getattr(lesson, name) for name in TELLING)
    if len(said.split()) < FEWEST_WORDS:
        return []
    others = publications.unarchived().exclude(lesson=lesson)
    best = [one.pk for one in most_alike(said, others, MOST_SHOWN) if one.score >= ALIKE]
    texts = others.for_list().in_bulk(best)
    return [texts[pk] for pk in best if pk in texts]


def of_same_event(lesson: Lesson, user: User) -> QuerySet[Lesson]:
    """Return what else of the event waits for a decision of `user`: two agencies may have handed in the same."""
    waiting = Lesson.objects.visible_to(user).moderated_by(user).waiting()
    return waiting.filter(event=lesson.event_id).exclude(pk=lesson.pk).in_queue_order()[:MOST_SHOWN]


# -- counting ahead ------------------------------------------------------------------------------------
def count_next(*, at: datetime) -> bool:
    """Count the look-alikes of one lesson that waits; return whether there was one to count."""
    due = (
        Q(look_alikes=None) | Q(look_alikes__at__lt=F("submitted_at")) | Q(look_alikes__at__lt=at - COUNTED_AGAIN_AFTER)
    )
    lesson = Lesson.objects.waiting().filter(due).select_related("area").order_by("due_on", "pk").first()
    if lesson is None:
        return False
    count = len(same_again(lesson, _open_to_deciders(lesson)))
    LookAlikes.objects.update_or_create(lesson=lesson, defaults={"count": count, "at": at})
    return True


def _open_to_deciders(lesson: Lesson) -> PublicationQuerySet:
    """Return what everybody who may decide on `lesson` can read: the count tells nobody of more."""
    keys = ["official/all", "sensitive/all"]
    if lesson.tier == Tier.NATIONAL or lesson.area is None:
        keys = ["national"]
    else:
        area = lesson.area.code
        keys += [f"moderates:{area}", f"official/area:{area}", f"sensitive/area:{area}"]
    return Publication.objects.live().filter(readers__overlap=keys)
