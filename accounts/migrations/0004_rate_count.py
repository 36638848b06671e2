"""A table for counting requests: unlogged, so that a count costs no write to the disk."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_cache_table")]

    operations = [
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE accounts_ratecount SET UNLOGGED", "ALTER TABLE accounts_ratecount SET LOGGED"
        ),
    ]
