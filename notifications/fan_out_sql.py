"""The statements of the fan-out.  Everything in them but named parameters is a constant of this file."""

from notifications.models import CRITERIA

END_OF_SUBSCRIPTIONS = """
SELECT max(id) FROM (
    SELECT id FROM notifications_subscription WHERE id > %(after)s ORDER BY id LIMIT %(size)s
) AS batch
"""
#: An index scan per announcement, whatever else the table holds.
END_OF_NOTICES = """
SELECT max(id) FROM (
    SELECT n.id FROM unnest(%(earlier)s::bigint[]) AS one(announcement)
    CROSS JOIN LATERAL (
        SELECT id FROM notifications_notice
        WHERE announcement_id = one.announcement AND id > %(after)s ORDER BY id LIMIT %(size)s
    ) AS n
    ORDER BY n.id LIMIT %(size)s
) AS batch
"""

#: 244 random bits of PostgreSQL's own, in 43 letters that may stand in an address: as `models.new_token` makes them.
RANDOM_LETTERS = (
    "translate(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_')"
)
#: As `models.message_id_for` makes it: a row that is lost with its database, and made again, is the same mail.
MESSAGE_ID = "encode(substr(sha256(convert_to(%(occasion)s || ' ' || address, 'UTF8')), 1, 16), 'hex')::uuid"
#: Lists that are asked about one by one; risks and risk themes are one list.
LISTS = "\n    ".join(
    f"AND (s.{name} = '{{}}' OR s.{name} && %({name})s::varchar[])"
    for name in CRITERIA
    if name not in {"risks", "risk_themes"}
)
#: `s`, a subscription, asks for this publication.
ASKS_FOR_IT = f"""(
    s.ended_at IS NULL AND s.confirmed_at IS NOT NULL AND s.frequency = ANY(%(frequencies)s)
    AND ((s.risks = '{{}}' AND s.risk_themes = '{{}}')
         OR s.risks && %(risks)s::varchar[] OR s.risk_themes && %(risk_themes)s::varchar[])
    {LISTS}
    AND (s.query IS NULL OR s.query @@ (SELECT search FROM lessons_publication WHERE id = %(publication)s))
)"""  # noqa: S608 - constants of this file
#: The terms of this publication that `s` names.
NAMED = " OR ".join(
    f"(t LIKE '{prefix}:%%' AND substr(t, {len(prefix) + 2}) = ANY(s.{name}))" for name, prefix in CRITERIA.items()
)
MATCHED = f"coalesce((SELECT jsonb_agg(t) FROM unnest(%(terms)s::text[]) AS t WHERE {NAMED}), '[]')"  # noqa: S608 - constants of this file
REASON = f"jsonb_build_object('subscription', s.id, 'matched', {MATCHED}, 'words', s.words)"

MAILBOX_IN_USE = "o.mailbox <> '' AND o.mailbox_confirmed_at IS NOT NULL"

#: Who holds an address that this batch meets, as one list of people and one of organisations.  The views of keys are
#: asked about such lists: so the planner looks up a few people instead of everybody.
HOLDERS_MET = f"""
WITH met AS MATERIALIZED (
    SELECT DISTINCT coalesce(lower(u.email), lower(o.mailbox)) AS address
    FROM notifications_subscription s
    LEFT JOIN accounts_user u ON u.id = s.person_id
    LEFT JOIN accounts_organisation o ON o.id = s.organisation_id AND {MAILBOX_IN_USE}
    WHERE s.id > %(after)s AND s.id <= %(until)s AND (u.id IS NOT NULL OR o.id IS NOT NULL) AND {ASKS_FOR_IT}
)
SELECT coalesce((SELECT array_agg(u.id) FROM met JOIN accounts_user u ON lower(u.email) = met.address), '{{}}'),
       coalesce((SELECT array_agg(o.id) FROM met JOIN accounts_organisation o
                 ON lower(o.mailbox) = met.address AND {MAILBOX_IN_USE}), '{{}}')
"""  # noqa: S608 - constants of this file
#: Of the people and organisations given, those that hold a key of the readers given.
PEOPLE_OPEN = "SELECT k.user_id FROM reader_key k WHERE k.user_id = ANY(%(people)s) AND k.key = ANY(%({})s)"
MAILBOXES_OPEN = (
    "SELECT k.organisation_id FROM mailbox_key k WHERE k.organisation_id = ANY(%(mailboxes)s) AND k.key = ANY(%({})s)"
)
#: All that those who may read it asked for, by address.
MATCHING = f"""
WITH person AS MATERIALIZED (
    SELECT lower(u.email) AS address, u.id FROM accounts_user u WHERE u.id IN ({PEOPLE_OPEN.format("readers")})
), mailbox AS MATERIALIZED (
    SELECT lower(o.mailbox) AS address, o.id FROM accounts_organisation o
    WHERE o.id IN ({MAILBOXES_OPEN.format("readers")})
), matching AS (
    SELECT person.address, person.id AS person_id, NULL::bigint AS organisation_id, s.frequency, s.id,
           {REASON} AS reason
    FROM person JOIN notifications_subscription s ON s.person_id = person.id WHERE {ASKS_FOR_IT}
    UNION ALL
    SELECT mailbox.address, NULL, mailbox.id, s.frequency, s.id, {REASON}
    FROM mailbox JOIN notifications_subscription s ON s.organisation_id = mailbox.id WHERE {ASKS_FOR_IT}
), wanted AS (
    SELECT m.address, max(m.person_id) AS person_id,
           CASE WHEN max(m.person_id) IS NULL THEN min(m.organisation_id) END AS organisation_id,
           (%(frequencies)s::text[])[min(array_position(%(frequencies)s::text[], m.frequency::text))] AS frequency,
           jsonb_agg(m.reason ORDER BY m.id) AS reasons
    FROM matching m GROUP BY m.address
)"""  # noqa: S608 - constants of this file

#: Of an earlier mail about the lesson: it arrived, or may have.
REACHED = "(d.state = 'sent' OR d.uncertain_tries > 0 OR d.attempts > 0)"
EARLIER_NOTICES = """
    SELECT 1 FROM notifications_notice n
    JOIN notifications_announcement a ON a.id = n.announcement_id
    JOIN lessons_publication p ON p.id = a.publication_id
    LEFT JOIN notifications_delivery d ON d.id = n.delivery_id
    WHERE p.lesson_id = %(lesson)s AND n.address = w.address AND a.id <> %(announcement)s"""
#: Went out before: only to those whom no mail reached, and who were shut out then or had their mail stopped.
NEWS_TO_THEM = f"""
    NOT EXISTS ({EARLIER_NOTICES} AND {REACHED})
    AND (%(told_of_readers)s::text[] = '{{}}'
         OR EXISTS ({EARLIER_NOTICES})
         OR NOT (coalesce(w.person_id, 0) IN ({PEOPLE_OPEN.format("told_of_readers")})
                 OR coalesce(w.organisation_id, 0) IN ({MAILBOXES_OPEN.format("told_of_readers")})))"""

MAY_READ = f"(coalesce(n.person_id, 0) IN ({PEOPLE_OPEN}) OR coalesce(n.organisation_id, 0) IN ({MAILBOXES_OPEN}))"
MAY_READ_IT = MAY_READ.format("readers", "readers")
MAY_NOT_READ_IT = f"NOT {MAY_READ_IT}"
#: Whom the earlier notices of this batch were for.
HOLDERS_TOLD = """
SELECT coalesce(array_agg(person_id) FILTER (WHERE person_id IS NOT NULL), '{}'),
       coalesce(array_agg(organisation_id) FILTER (WHERE organisation_id IS NOT NULL), '{}')
FROM notifications_notice WHERE announcement_id = ANY(%(earlier)s) AND id > %(after)s AND id <= %(until)s
"""

WRITE = f"""
, chosen AS (
    SELECT * FROM wanted w WHERE {{}} ORDER BY w.address
), notice AS (
    INSERT INTO notifications_notice
        (announcement_id, address, person_id, organisation_id, frequency, reasons, delivery_id)
    SELECT %(announcement)s, address, person_id, organisation_id, frequency, reasons,
           CASE WHEN frequency = 'at_once' THEN nextval('notifications_delivery_id_seq') END
    FROM chosen
    ON CONFLICT (announcement_id, address) DO NOTHING
    RETURNING delivery_id, address, person_id, organisation_id
)
INSERT INTO notifications_delivery
    (id, address, person_id, organisation_id, kind, priority, announcement_id, state, due_at, date, message_id, token,
     attempts, uncertain_tries, deferrals, error)
SELECT delivery_id, address, person_id, organisation_id, %(kind)s, %(priority)s, %(announcement)s, 'pending',
       %(at)s, %(at)s, {MESSAGE_ID}, {RANDOM_LETTERS}, 0, 0, 0, ''
FROM notice WHERE delivery_id IS NOT NULL ORDER BY delivery_id
"""  # noqa: S608 - constants of this file


def to_subscriptions(*, again: bool) -> str:
    """Return the statement for one batch of subscriptions.

    :param again: the lesson was announced before
    """
    return MATCHING + WRITE.format(NEWS_TO_THEM if again else "true")


#: Who took this lesson away in a file.
DOWNLOADERS = """
SELECT coalesce(array_agg(DISTINCT by_id), '{}') FROM lessons_exportrecord
WHERE lesson_ids @> ARRAY[%(lesson)s]::bigint[]
"""


def to_those_who_downloaded_it(*, only: str) -> str:
    """Return the statement for the people given, whom no mail told of this yet."""
    downloaded_it = f"""
WITH n AS (
    SELECT lower(u.email) AS address, u.id AS person_id, NULL::bigint AS organisation_id
    FROM accounts_user u WHERE u.id = ANY(%(people)s) AND u.is_active
), wanted AS (
    SELECT n.*, 'at_once' AS frequency, '[]'::jsonb AS reasons FROM n WHERE {only}
)"""  # noqa: S608 - constants of this file
    return downloaded_it + WRITE.format("true")


def to_those_who_got_it(*, only: str) -> str:
    """Return the statement for one batch of earlier notices."""
    got_it = f"""
WITH wanted AS (
    SELECT DISTINCT ON (n.address) n.address, n.person_id, n.organisation_id, 'at_once' AS frequency, n.reasons
    FROM notifications_notice n JOIN notifications_delivery d ON d.id = n.delivery_id
    WHERE n.announcement_id = ANY(%(earlier)s) AND n.id > %(after)s AND n.id <= %(until)s AND {REACHED} AND {only}
    ORDER BY n.address, n.id DESC
)"""  # noqa: S608 - constants of this file
    return got_it + WRITE.format("true")


#: The next mails that the digests of some quarters went out in, as the last of them and whom they were for.
QUARTERLY_MAILS = f"""
SELECT max(d.id), coalesce(array_agg(d.person_id) FILTER (WHERE d.person_id IS NOT NULL), '{{}}'),
       coalesce(array_agg(d.organisation_id) FILTER (WHERE d.organisation_id IS NOT NULL), '{{}}')
FROM (
    SELECT id, person_id, organisation_id FROM notifications_delivery d
    WHERE d.digest_run_id = ANY(%(quarters)s) AND d.id > %(after)s AND {REACHED} ORDER BY d.id LIMIT %(size)s
) AS d
"""  # noqa: S608 - constants of this file


def to_readers_of_quarters(*, only: str) -> str:
    """Return the statement for one batch of quarterly mails, whose readers could read the lesson in them."""
    read_it = f"""
WITH wanted AS (
    SELECT DISTINCT ON (n.address) n.address, n.person_id, n.organisation_id, 'at_once' AS frequency, coalesce((
        SELECT jsonb_agg(jsonb_build_object('subscription', s.id, 'matched', '[]'::jsonb, 'quarterly', true)
                         ORDER BY s.id)
        FROM notifications_subscription s
        WHERE (s.person_id = n.person_id OR s.organisation_id = n.organisation_id) AND s.frequency = 'quarterly'
    ), '[]') AS reasons
    FROM (
        SELECT d.address, d.person_id, d.organisation_id FROM notifications_delivery d
        WHERE d.digest_run_id = ANY(%(quarters)s) AND d.id > %(after)s AND d.id <= %(until)s AND {REACHED}
    ) AS n
    WHERE {MAY_READ.format("had_it", "had_it")} AND {only}
    ORDER BY n.address
)"""  # noqa: S608 - constants of this file
    return read_it + WRITE.format("true")
