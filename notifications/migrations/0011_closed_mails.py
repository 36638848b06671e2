"""Find the mails whose time is over without reading all; mails are written meanwhile."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0010_analyse_mails")]

    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(
                condition=models.Q(("body__isnull", False)), fields=["closed_at"], name="delivery_body_closed"
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["closed_at"], name="delivery_closed"),
        ),
    ]
