"""What changed for a reader: the state of every lesson they may read or could read, by when it came to be so.

Only stored facts are used, and only of versions that one of the reader's keys opens: nobody learns of a lesson from
the feed that they could not read.
"""

from django.db.models import Case, CharField, DateTimeField, Exists, F, Max, OuterRef, Subquery, Value, When
from django.db.models.functions import Greatest

from accounts.models import User
from lessons.models import LessonMove, Move, Publication, PublicationQuerySet, Status


def changes_for(user: User) -> PublicationQuerySet:
    """Return the newest version of each lesson that `user` may open, with `changed_at`, `state` and `target`.

    States: published, archived, suspended, merged, and withdrawn: a newer version is not for this reader.
    """
    opened = Publication.objects.filter(published_at__isnull=False).opened_by(user)
    newer = opened.filter(lesson=OuterRef("lesson"), version__gt=OuterRef("version"))
    restored = (
        LessonMove.objects.filter(lesson=OuterRef("lesson"), move=Move.RESTORE)
        .order_by()
        .values("lesson")
        .annotate(last=Max("at"))
        .values("last")
    )
    target = Publication.objects.readable_by(user).filter(lesson=OuterRef("lesson__merged_into"))
    in_force = {"superseded_at": None}
    return (
        opened.filter(~Exists(newer))
        .select_related("lesson")
        .annotate(
            changed_at=Case(
                # Greatest of PostgreSQL leaves out what is null.
                When(
                    **in_force,
                    then=Greatest("published_at", "suspended_at", "archived_at", Subquery(restored)),
                ),
                default=F("superseded_at"),
                output_field=DateTimeField(),
            ),
            state=Case(
                When(**in_force, suspended_at__isnull=False, then=Value("suspended")),
                When(**in_force, archived_at__isnull=False, then=Value("archived")),
                When(**in_force, then=Value("published")),
                When(lesson__status=Status.MERGED, then=Value("merged")),
                default=Value("withdrawn"),
                output_field=CharField(),
            ),
            target=Subquery(target.values("lesson__reference")[:1]),
            known_as=F("lesson__reference"),
        )
        .only("version", "published_at", "lesson__reference", "lesson__kind")
    )
