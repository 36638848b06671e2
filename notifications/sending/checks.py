"""The last look before the hand-over: does what the mail says still hold, and may the address still have it?

A suspension that commits while mails are being handed over must stop them exactly.  So senders hold a shared lock per
lesson for short windows, and the suspending transaction takes it exclusively before it commits.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from django.db.utils import OperationalError

from lessons.models import Publication
from notifications.kept_plans import KeptPlan
from notifications.models import Delivery, DeliveryKind, Notice, Priority, QuarterDigest, State, Suppression
from notifications.sending.digest_checks import Item, items_of, rows_about
from notifications.sending.quarter_checks import Chosen, chosen_of, quarters_about

#: First key of the advisory locks on lessons; the second is the lesson's.
LOCK_SPACE = 20_260
#: A silent mail server must not make a suspension wait for ever; its sender looks again before the text goes out.
LONGEST_WAIT_FOR_SENDERS = "5s"
#: These say nothing that a reader must be entitled to; whoever got the lesson gets them.
TO_WHOEVER_GOT_IT = (DeliveryKind.STOP_USING,)
BY_SUBSCRIPTION = (DeliveryKind.NEW_LESSON, DeliveryKind.CORRECTION)
CLOSED = "The account or organisation is closed."
NOT_CONFIRMED = "The mailbox was changed, or is not confirmed."
UNWANTED = "Not wanted any more."
BOUNCES = "The address bounces."


@dataclass(frozen=True)
class Verdict:
    """`reason` says why not to send.  If it is empty, `reasons` are those of the Notice that hold now, and `current` is
    the key of the version that readers get.
    """

    reason: str = ""
    state: State = State.CANCELLED  # what it comes to, with a reason
    reasons: list[dict[str, Any]] = field(default_factory=list)
    current: int | None = None
    items: tuple[Item, ...] = ()  # of a digest
    chosen: Chosen | None = None  # of a quarterly digest


#: Per mail of an announcement: what stands in the way, the current version, and the subscriptions it was sent for.
ABOUT_ANNOUNCED = KeptPlan(
    "about_announced",
    ["bigint[]"],
    """
WITH asked AS MATERIALIZED (
    SELECT n.delivery_id, jsonb_agg(jsonb_build_array(s.person_id, s.organisation_id, reason) ORDER BY s.id) AS reasons
    FROM notifications_notice n
    CROSS JOIN LATERAL jsonb_array_elements(n.reasons) AS reason
    JOIN notifications_subscription s ON s.id = (reason ->> 'subscription')::bigint
    LEFT JOIN accounts_user su ON su.id = s.person_id
    LEFT JOIN accounts_organisation so ON so.id = s.organisation_id
    WHERE n.delivery_id = ANY($1) AND s.ended_at IS NULL AND s.frequency <> 'off'
      AND coalesce(lower(su.email), CASE WHEN so.mailbox_confirmed_at IS NOT NULL THEN lower(so.mailbox) END)
          = n.address
    GROUP BY n.delivery_id
)
SELECT d.id, d.kind, d.person_id, d.organisation_id, a.ended_at IS NOT NULL AS ended,
       current.id AS current,
       (u.id IS NULL OR (u.is_active AND u.dormant_at IS NULL)) AND (o.id IS NULL OR o.ended_at IS NULL) AS active,
       coalesce(asked.reasons, '[]') AS reasons
FROM notifications_delivery d
LEFT JOIN asked ON asked.delivery_id = d.id
JOIN notifications_announcement a ON a.id = d.announcement_id
JOIN lessons_publication p ON p.id = a.publication_id
LEFT JOIN lessons_publication current ON current.lesson_id = p.lesson_id
    AND current.published_at IS NOT NULL AND current.superseded_at IS NULL AND current.suspended_at IS NULL
LEFT JOIN accounts_user u ON u.id = d.person_id
LEFT JOIN accounts_organisation o ON o.id = d.organisation_id
WHERE d.id = ANY($1)
""",
)
KEYS_OF_PEOPLE = KeptPlan(
    "keys_of_people",
    ["bigint[]", "text[]"],
    "SELECT user_id, key FROM reader_key WHERE user_id = ANY($1) AND key = ANY($2)",
)
#: Before it is confirmed a mailbox gets nothing but the question whether it wants to be.
ABOUT_OTHERS = """
SELECT d.id, (u.id IS NULL OR (u.is_active AND u.dormant_at IS NULL)) AND (o.id IS NULL OR o.ended_at IS NULL),
       o.id IS NULL OR (lower(o.mailbox) = d.address AND (o.mailbox_confirmed_at IS NOT NULL OR d.kind = %s)),
       d.kind = %s AND EXISTS (
           SELECT 1 FROM notifications_usemailsoff off WHERE off.person_id = d.person_id
       )
FROM notifications_delivery d
LEFT JOIN accounts_user u ON u.id = d.person_id
LEFT JOIN accounts_organisation o ON o.id = d.organisation_id
WHERE d.id = ANY(%s)
"""


def look(deliveries: Iterable[Delivery]) -> dict[int, Verdict]:
    """Return what is to be done with each mail, by its key.  A few queries, however many there are."""
    deliveries = list(deliveries)
    announced = [one.pk for one in deliveries if one.announcement_id]
    digests = [one.pk for one in deliveries if one.kind == DeliveryKind.DIGEST]
    others = [one.pk for one in deliveries if not one.announcement_id and one.kind != DeliveryKind.DIGEST]
    verdicts: dict[int, Verdict] = {}
    with connection.cursor() as cursor:
        if announced:
            found = ABOUT_ANNOUNCED.ask(announced)
            _add_readers(found)
            keys = _keys_of(cursor, found)
            verdicts |= {facts["id"]: _verdict(facts, keys) for facts in found}
        if digests:
            rows, quarters = rows_about(digests), quarters_about(digests)
            keys = _keys_of(cursor, [*rows, *quarters])
            items, chosen = items_of(rows, keys), chosen_of(quarters, keys)
            verdicts |= dict.fromkeys(digests, Verdict("Nothing is left of it."))
            for key in items.keys() | chosen.keys():
                verdicts[key] = Verdict(items=tuple(items.get(key, ())), chosen=chosen.get(key))
        if others:
            cursor.execute(ABOUT_OTHERS, [DeliveryKind.MAILBOX_CONFIRMATION, DeliveryKind.LESSON_USED, others])
            for key, active, reachable, unwanted in cursor.fetchall():
                reason = NOT_CONFIRMED if not reachable else UNWANTED if unwanted else ""
                verdicts[key] = Verdict(reason if active else CLOSED)
    for key in _to_bouncing_addresses(deliveries):
        if key in verdicts and not verdicts[key].reason:
            verdicts[key] = replace(verdicts[key], reason=BOUNCES, state=State.SUPPRESSED)
    return verdicts


def _add_readers(found: list[dict[str, Any]]) -> None:
    """Most of them are about one publication: its readers are fetched once."""
    publications = Publication.objects.filter(pk__in={facts["current"] for facts in found} - {None})
    readers = dict(publications.values_list("pk", "readers"))
    for facts in found:
        facts["readers"] = readers.get(facts["current"], [])


def _to_bouncing_addresses(deliveries: list[Delivery]) -> Iterator[int]:
    """Yield the mails whose address is suppressed.  Sign-in mails go nevertheless: somebody has just asked for one."""
    addresses = {one.address for one in deliveries if one.priority != Priority.TRANSACTIONAL}
    if not addresses:
        return
    suppressed = set(Suppression.objects.in_force().filter(address__any_of=addresses).values_list("address", flat=True))
    for one in deliveries:
        if one.address in suppressed and one.priority != Priority.TRANSACTIONAL:
            yield one.pk


Holder = tuple[int | None, int | None]  # person, organisation


def _keys_of(cursor: Any, found: list[dict[str, Any]]) -> dict[Holder, set[str]]:
    """Return the keys of all who are named, as far as they open one of the publications."""
    lists = {id(facts["readers"]): facts["readers"] for facts in found}
    readers = sorted({key for one in lists.values() for key in one or []})
    holders: set[Holder] = {(facts.get("person_id"), facts.get("organisation_id")) for facts in found}
    for facts in found:
        if isinstance(facts["reasons"], str):  # Django has the driver leave JSON as text
            facts["reasons"] = json.loads(facts["reasons"])
        holders |= {(person, organisation) for person, organisation, reason in facts["reasons"]}
    keys: dict[Holder, set[str]] = {}
    people = [person for person, organisation in holders if person]
    for row in KEYS_OF_PEOPLE.ask(people, readers):
        keys.setdefault((row["user_id"], None), set()).add(row["key"])
    mailboxes = [organisation for person, organisation in holders if organisation]
    if mailboxes:
        cursor.execute(
            "SELECT organisation_id, key FROM mailbox_key WHERE organisation_id = ANY(%s) AND key = ANY(%s)",
            [mailboxes, readers],
        )
        for organisation, key in cursor.fetchall():
            keys.setdefault((None, organisation), set()).add(key)
    return keys


def _verdict(facts: dict[str, Any], keys: dict[Holder, set[str]]) -> Verdict:
    def opens(person: int | None, organisation: int | None) -> bool:
        return not keys.get((person, organisation), set()).isdisjoint(facts["readers"])

    if facts["ended"]:
        return Verdict("Suspended, or replaced by later news.")
    if not facts["active"]:
        return Verdict(CLOSED)
    if facts["kind"] in TO_WHOEVER_GOT_IT:
        return Verdict()
    if facts["current"] is None:
        return Verdict("No longer published.")
    if facts["kind"] not in BY_SUBSCRIPTION:
        entitled = opens(facts["person_id"], facts["organisation_id"])
        return Verdict(current=facts["current"]) if entitled else Verdict("Not entitled to it any more.")
    reasons = [reason for person, organisation, reason in facts["reasons"] if opens(person, organisation)]
    if not reasons:
        return Verdict("No subscription that is on, and entitled, matches any more.")
    return Verdict(reasons=reasons, current=facts["current"])


def lessons_of(deliveries: Iterable[Delivery]) -> list[int]:
    """Return the keys of the lessons that announced mails and digests are about, in order."""
    deliveries = list(deliveries)
    news = {one.announcement_id: one for one in deliveries if one.announcement_id}.values()
    lessons = {one.announcement.publication.lesson_id for one in news if one.announcement}
    digests = [one.pk for one in deliveries if one.kind == DeliveryKind.DIGEST]
    if digests:
        in_digests = Notice.objects.filter(delivery__in=digests)
        lessons |= set(in_digests.values_list("announcement__publication__lesson", flat=True))
        starts = {one.digest_run.period_start for one in deliveries if one.digest_run}
        for quarter in QuarterDigest.objects.sent().filter(period_start__in=starts):
            lessons |= set(quarter.lessons_sent)
    return sorted(lessons)


@contextmanager
def window(lessons: Iterable[int]) -> Iterator[None]:
    """Hold off suspensions of these lessons; keep it short."""
    lessons = sorted(lessons)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock_shared(%s, lesson) FROM unnest(%s::int[]) AS lesson", [LOCK_SPACE, lessons]
        )
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:  # the server lets go by itself
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock_shared(%s, lesson) FROM unnest(%s::int[]) AS lesson",
                    [LOCK_SPACE, lessons],
                )


def wait_for_senders(lesson: int) -> None:
    """Within the transaction that takes a publication away: let hand-overs in progress end, and no other begin."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT_FOR_SENDERS])
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, lesson])
            cursor.execute("SELECT set_config('lock_timeout', '0', true)")
    except OperationalError:
        pass  # a mail server hangs; what it holds is looked at again before its text goes out
