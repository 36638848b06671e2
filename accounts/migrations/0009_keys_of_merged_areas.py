"""Who is in an area holds the keys of the areas that went into it: what was published for those stays open."""

from django.db import migrations

ORGANISATION_AUDIENCE = """
CREATE OR REPLACE VIEW organisation_audience AS
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
    {merged}
) AS a(key)
"""
MERGED = """
    UNION ALL SELECT 'area:' || r.code
              FROM accounts_organisation_areas oa JOIN accounts_resiliencearea r ON r.merged_into_id = oa.resiliencearea_id
              WHERE oa.organisation_id = o.id
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_access_request_provider")]

    operations = [
        migrations.RunSQL(
            ORGANISATION_AUDIENCE.format(merged=MERGED),
            ORGANISATION_AUDIENCE.format(merged=""),
        ),
    ]
