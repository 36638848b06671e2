"""Subscriptions by capability, source and BRAG, and pauses; tokens that are no UUIDs.

Old tokens stay as they are, as text: links in mails that went out go on working.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

import notifications.models.subscriptions


def codes() -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=100), blank=True, default=list, db_default=[], size=None
    )


def token() -> models.Field:
    return models.CharField(default=notifications.models.subscriptions.new_token, editable=False, max_length=43)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_digests")]

    operations = [
        migrations.AddField("subscription", "capabilities", codes()),
        migrations.AddField("subscription", "sources", codes()),
        migrations.AddField("subscription", "brags", codes()),
        migrations.AddField(
            "subscription",
            "resumes_as",
            models.CharField(
                blank=True,
                choices=[
                    ("at_once", "At once"),
                    ("daily", "Daily"),
                    ("weekly", "Weekly"),
                    ("monthly", "Monthly"),
                    ("quarterly", "Quarterly"),
                    ("off", "Off"),
                ],
                db_default="",
                help_text="How often it was mailed before a pause.",
                max_length=10,
            ),
        ),
        migrations.AlterField("subscription", "words", models.CharField(blank=True, max_length=300)),
        migrations.AlterField("subscription", "token", token()),
        migrations.AlterField("delivery", "token", token()),
        migrations.AddConstraint(
            "subscription", models.UniqueConstraint(fields=["token"], name="subscription_token_is_its_own")
        ),
        migrations.AddConstraint(
            "delivery", models.UniqueConstraint(fields=["token"], name="delivery_token_is_its_own")
        ),
    ]
