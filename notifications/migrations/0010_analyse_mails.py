from django.db import migrations

# Only the owner of a table may have its statistics taken (until PostgreSQL 17), and workers are not.
MAKE = """
CREATE FUNCTION analyse_mails() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE notifications_notice;
    ANALYZE notifications_delivery;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_mail_hold"),
    ]

    operations = [
        migrations.RunSQL(MAKE, "DROP FUNCTION analyse_mails()"),
    ]
