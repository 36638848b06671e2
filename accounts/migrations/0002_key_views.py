"""The views that say who holds which keys.  Everything about people is looked up here, never stored."""

from django.db import migrations

#: In force today in London: account, dates, organisation, sponsorship.  The one definition of "active".
ACTIVE_ORGANISATION = """
CREATE VIEW active_organisation AS
SELECT o.id, o.code, o.type_id, o.mailbox_cleared
FROM accounts_organisation o
WHERE o.ended_at IS NULL
  AND (NOT EXISTS (SELECT 1 FROM accounts_sponsorship s WHERE s.organisation_id = o.id)
       OR EXISTS (SELECT 1 FROM accounts_sponsorship s
                  WHERE s.organisation_id = o.id
                    AND (now() AT TIME ZONE 'Europe/London')::date BETWEEN s.starts_on AND s.ends_on))
"""
ACTIVE_MEMBERSHIP = """
CREATE VIEW active_membership AS
SELECT m.id, m.user_id, m.organisation_id, m.role, m.area_id,
       (m.cleared OR m.role IN ('jol_spoc', 'jol_lead', 'strategic_lead', 'lrf_moderator',
                                'secretariat', 'board_member', 'auditor')) AS cleared
FROM accounts_membership m
JOIN accounts_user u ON u.id = m.user_id
JOIN active_organisation o ON o.id = m.organisation_id
WHERE u.is_active AND u.dormant_at IS NULL
  AND m.starts_on <= (now() AT TIME ZONE 'Europe/London')::date
  AND (m.ends_on IS NULL OR (now() AT TIME ZONE 'Europe/London')::date <= m.ends_on)
"""
#: The audiences an organisation stands in.
ORGANISATION_AUDIENCE = """
CREATE VIEW organisation_audience AS
SELECT o.id AS organisation_id, a.key
FROM active_organisation o
JOIN accounts_respondertype t ON t.id = o.type_id
CROSS JOIN LATERAL (
    SELECT 'all'
    UNION ALL SELECT 'category:' || t.audience_category
    UNION ALL SELECT 'sector:' || t.sector
    UNION ALL SELECT 'area:' || r.code
              FROM accounts_organisation_areas oa JOIN accounts_resiliencearea r ON r.id = oa.resiliencearea_id
              WHERE oa.organisation_id = o.id
) AS a(key)
"""
READER_KEY = """
CREATE VIEW reader_key AS
WITH audience AS NOT MATERIALIZED (
    SELECT m.user_id, m.cleared, a.key
    FROM active_membership m JOIN organisation_audience a ON a.organisation_id = m.organisation_id
    WHERE m.role <> 'system_admin'
    UNION
    SELECT m.user_id, m.cleared, 'area:' || r.code
    FROM active_membership m JOIN accounts_resiliencearea r ON r.id = m.area_id
    WHERE m.role <> 'system_admin'
)
SELECT user_id, 'official/' || key AS key FROM audience
UNION SELECT user_id, 'sensitive/' || key FROM audience WHERE cleared
UNION SELECT m.user_id, 'author:' || m.user_id || '@' || o.code
      FROM active_membership m JOIN active_organisation o ON o.id = m.organisation_id
UNION SELECT m.user_id, 'owner:' || o.code
      FROM active_membership m JOIN active_organisation o ON o.id = m.organisation_id
      WHERE m.role IN ('jol_spoc', 'jol_lead', 'strategic_lead')
UNION SELECT m.user_id, 'moderates:' || r.code
      FROM active_membership m JOIN accounts_resiliencearea r ON r.id = m.area_id
      WHERE m.role = 'lrf_moderator'
UNION SELECT m.user_id, 'national' FROM active_membership m WHERE m.role IN ('secretariat', 'board_member', 'auditor')
"""
MAILBOX_KEY = """
CREATE VIEW mailbox_key AS
SELECT organisation_id, 'official/' || key AS key FROM organisation_audience
UNION
SELECT a.organisation_id, 'sensitive/' || a.key
FROM organisation_audience a JOIN active_organisation o ON o.id = a.organisation_id
WHERE o.mailbox_cleared
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(ACTIVE_ORGANISATION, "DROP VIEW active_organisation"),
        migrations.RunSQL(ACTIVE_MEMBERSHIP, "DROP VIEW active_membership"),
        migrations.RunSQL(ORGANISATION_AUDIENCE, "DROP VIEW organisation_audience"),
        migrations.RunSQL(READER_KEY, "DROP VIEW reader_key"),
        migrations.RunSQL(MAILBOX_KEY, "DROP VIEW mailbox_key"),
    ]
