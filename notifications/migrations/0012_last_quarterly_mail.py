"""How far it is found out who got a lesson in the digest of a quarter."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0011_closed_mails")]

    operations = [
        migrations.AddField("announcement", "last_quarterly_mail", models.BigIntegerField(db_default=0)),
    ]
