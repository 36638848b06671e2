"""Recovery codes, waits between wrong tries, and the count that ends sessions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_rate_count")]

    operations = [
        migrations.AddField("ratecount", "wait_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "user",
            "sessions_began",
            models.PositiveIntegerField(
                db_default=0, default=0, help_text="Counted up to end every session there is."
            ),
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_is_unique")],
            },
        ),
    ]
