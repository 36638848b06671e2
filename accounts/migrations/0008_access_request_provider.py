"""Requests for access remember by which sign-in of an organisation somebody came; no account is made before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_sponsorship_of_a_calendar_year")]

    operations = [
        migrations.RemoveField("accessrequest", "user"),
        migrations.AddField("accessrequest", "provider", models.CharField(blank=True, max_length=200)),
        migrations.AddField("accessrequest", "uid", models.CharField(blank=True, max_length=191)),
    ]
