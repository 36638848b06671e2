"""What a portal in use holds beside its lessons: people, files and a record; and what is taken from readers."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import date
from secrets import token_bytes

EVENTS, PEOPLE, FILES, FILE_BYTES = 100_000, 2_000, 500, 100_000
#: More than in the two weeks that backups are kept.
SUSPENDED, NARROWED, HIDDEN, ENDED, UNCLEARED, ERASED = 200, 50, 50, 100, 100, 20


def fill() -> None:
    """Add people, files that readers get, and a sealed record with an anchor, to lessons that are there."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Membership, Organisation, User
    from accounts.trail.anchors import anchor_if_due
    from accounts.trail.sealing import seal_all
    from lessons.attachments.store import save
    from lessons.models import Attachment

    now, organisation = timezone.now(), Organisation.objects.get(code="benchmark-frs")
    people = User.objects.bulk_create(
        User(email=f"person{n}@responder.example", name=f"Person {n}") for n in range(PEOPLE)
    )
    role = {"role": "reader", "starts_on": date(2020, 1, 1), "cleared": True, "cleared_at": now}
    Membership.objects.bulk_create(Membership(user=user, organisation=organisation, **role) for user in people)
    for number in range(1, FILES + 1):
        content, key = token_bytes(FILE_BYTES), uuid.uuid4().hex
        save(key, io.BytesIO(content))
        Attachment.objects.create(
            lesson_id=number,
            key=key,
            name=f"plan-{number}.txt",
            type="txt",
            size=FILE_BYTES,
            sha256=hashlib.sha256(content).hexdigest(),
            added_by=people[0],
            added_at=now,
            check_at=now,
            scan="clean",
            published=True,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_auditevent (at, action, role, object_type, object_id, reason, digest, request_id)"
            " SELECT now(), 'lesson.read', 'reader', 'lessons.publication', n::text, '', repeat('a', 64), md5(n::text)"
            " FROM generate_series(1, %s) n",
            [EVENTS],
        )
    seal_all(at=timezone.now())  # the worker does so all the time
    anchor_if_due(at=timezone.now())


def withhold() -> str:
    """Take lessons, files and roles from readers; return what a way back to before must say of it."""
    from django.utils import timezone

    from accounts import people
    from accounts.models import Membership, Organisation, User
    from accounts.records.erasure import erase
    from lessons.actions.attachments import set_published
    from lessons.actions.moves import move_lesson
    from lessons.checklist import all_ticked
    from lessons.models import Attachment, Lesson, Move
    from lessons.publishing import working_text_of

    organisation = Organisation.objects.get(code="benchmark-frs")
    secretariat, administrator = (User.objects.create(email=f"{n}@responder.example") for n in range(2))
    for user, role in ((secretariat, "secretariat"), (administrator, "organisation_admin")):
        Membership.objects.create(user=user, organisation=organisation, role=role, starts_on=date(2020, 1, 1))
    change = {"by": secretariat, "note": "The dose is wrong."}
    lessons = Lesson.objects.filter(pk__gt=FILES).order_by("pk")
    for lesson in lessons[:SUSPENDED]:
        move_lesson(lesson=lesson, move=Move.SUSPEND, at=timezone.now(), **change)
    for lesson in lessons[SUSPENDED : SUSPENDED + NARROWED]:
        Lesson.objects.filter(pk=lesson.pk).update(audience="all_responders")
        text = working_text_of(lesson)
        text.audience, text.checklist, text.event_name = "national_team", all_ticked(), "Exercise"
        text.title, text.what_happened = "What only the national team may read now", "A valve was closed late."
        text.no_recommendation_because = "It is known."
        text.save()
        move_lesson(lesson=lesson, move=Move.PUBLISH_AGAIN, change="minor", at=timezone.now(), **change)
    for attachment in Attachment.objects.order_by("pk")[:HIDDEN]:
        set_published(attachment=attachment, published=False, by=secretariat, at=timezone.now())
    roles = Membership.objects.filter(user__email__startswith="person").order_by("pk")
    for membership in roles[:ENDED]:
        people.end_role(membership=membership, by=administrator, at=timezone.now())
    for membership in roles[ENDED : ENDED + UNCLEARED]:
        people.set_clearance(membership=membership, cleared=False, by=administrator, at=timezone.now())
    for user in User.objects.filter(email__startswith="person").order_by("-pk")[:ERASED]:
        erase(user=user, by=None, at=timezone.now())
    lost, roles_lost = SUSPENDED + NARROWED, ENDED + UNCLEARED
    return f"Withheld since this backup, and so again: {lost} lessons, {HIDDEN} files, {roles_lost} roles."
