"""Subscribers by the thousand, and lessons that are published to them."""

from __future__ import annotations

from datetime import date

SUBSCRIBERS_TABLES = "accounts_user, accounts_membership, notifications_subscription"


def subscribe(number: int, *, frequency: str = "at_once", prefix: str = "subscriber") -> None:
    """Add so many readers who ask for everything; the first is made by the models, the others are its copies."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Membership, User
    from notifications.fan_out_sql import RANDOM_LETTERS
    from notifications.models import Subscription

    now = timezone.now()
    person = User.objects.create(email=f"{prefix}-0@responder.example", name="Subscriber", password="!")  # noqa: S106
    member = Membership.objects.create(
        user=person, organisation=_organisation(), role="reader", starts_on=date(2020, 1, 1)
    )
    subscription = Subscription.objects.create(person=person, frequency=frequency, created_at=now, confirmed_at=now)
    added = f"one.id > {person.pk}"
    with connection.cursor() as cursor:
        email = f"'{prefix}-' || n || '@responder.example'"
        cursor.execute(_copies(person, {"email": email}, f"generate_series(1, {number - 1}) AS n", "true"))
        cursor.execute(_copies(member, {"user_id": "one.id"}, "accounts_user one", added))
        own = {"person_id": "one.id", "token": RANDOM_LETTERS}
        cursor.execute(_copies(subscription, own, "accounts_user one", added))
        cursor.execute(f"VACUUM ANALYZE {SUBSCRIBERS_TABLES}")


def _copies(row, changed: dict[str, str], per: str, where: str) -> str:
    """Return the statement that copies `row` once for each row of `per`, with other values in `changed`."""
    names = [field.column for field in row._meta.local_concrete_fields if not field.primary_key]
    chosen = ", ".join(changed.get(name, f'original."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    table = row._meta.db_table
    return (
        f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table} original, {per}"  # noqa: S608 - our own columns
        f" WHERE original.id = {row.pk} AND {where}"
    )


def lesson_in_review():
    """Return a lesson that can be published by the one who claimed it."""
    from django.utils import timezone

    from accounts.models import Membership, ResilienceArea, User
    from lessons.checklist import all_ticked
    from lessons.models import Event, Lesson, Publication, Status, Theme
    from lessons.publishing import working_text_of

    now, organisation = timezone.now(), _organisation()
    tile = {"kind": "LRF", "nation": "England", "tile_row": 1, "tile_col": 1}
    area, _ = ResilienceArea.objects.get_or_create(code="benchmark-area", defaults={"name": "Benchmark", **tile})
    author, _ = User.objects.get_or_create(email="author@responder.example", defaults={"name": "Author"})
    moderator, made = User.objects.get_or_create(email="moderator@responder.example", defaults={"name": "Moderator"})
    if made:
        Membership.objects.create(
            user=moderator, organisation=organisation, area=area, role="lrf_moderator", starts_on=date(2020, 1, 1)
        )
    event, _ = Event.objects.get_or_create(
        organisation=organisation, name="Exercise", kind="exercise", started_on=date(2020, 1, 1)
    )
    theme, _ = Theme.objects.get_or_create(code="communicate", name="Communicate", group=Theme.PRINCIPLE)
    number = Lesson.objects.count()
    lesson = Lesson.objects.create(
        kind="lesson_identified",
        title=f"Share one list of rest centres before the first call {number}",
        what_happened="Two control rooms worked from different lists of rest centres for an hour. " * 5,
        statement="Partners share one list of rest centres before an exercise begins.",
        recommendations=[{"text": "Keep one list of rest centres", "by_whom": "Local resilience forum"}],
        not_a_national_risk=True,
        brag="green",
        marking="official",
        audience="all_responders",
        event=event,
        organisation=organisation,
        area=area,
        author=author,
        tier="area",
        status=Status.IN_REVIEW,
        reference=f"LI-2020-{number:05d}",
        submitted_at=now,
        due_on=now.date(),
        claimed_by=moderator,
        claimed_at=now,
    )
    lesson.themes.set([theme])
    text = working_text_of(lesson)
    Publication.objects.filter(pk=text.pk).update(checklist=all_ticked())
    return lesson


def publish(lesson) -> None:
    from django.utils import timezone

    from lessons.actions.moves import move_lesson
    from lessons.models import Move

    move_lesson(lesson=lesson, move=Move.PUBLISH, by=lesson.claimed_by, at=timezone.now())


def _organisation():
    from accounts.models import Organisation, ResponderType

    kind, _ = ResponderType.objects.get_or_create(
        code="fire-and-rescue-service",
        defaults={"name": "Fire and rescue", "category": "1", "audience_category": "1", "sector": "fire"},
    )
    organisation, _ = Organisation.objects.get_or_create(
        code="benchmark-frs", defaults={"name": "Benchmark FRS", "type": kind, "nation": "England"}
    )
    return organisation
