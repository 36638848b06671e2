"""The keys of one person from the view `reader_key`, by a plan that each connection makes once: it takes longer than
the answer, and nearly every page asks.
"""

from django.db import migrations

READER_KEYS = """
CREATE FUNCTION reader_keys(person bigint) RETURNS text[] LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN ARRAY(SELECT key FROM reader_key WHERE user_id = person ORDER BY key);
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_organisation_mail_domains"),
    ]

    operations = [
        migrations.RunSQL(READER_KEYS, "DROP FUNCTION reader_keys(bigint)"),
    ]
