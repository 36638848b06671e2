"""Roles and sponsorships that end at once, requests for access, reminders, areas that merge."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

ACTIVE_ORGANISATION = """
CREATE OR REPLACE VIEW active_organisation AS
SELECT o.id, o.code, o.type_id, o.mailbox_cleared
FROM accounts_organisation o
WHERE o.ended_at IS NULL
  AND (NOT EXISTS (SELECT 1 FROM accounts_sponsorship s WHERE s.organisation_id = o.id)
       OR EXISTS (SELECT 1 FROM accounts_sponsorship s
                  WHERE s.organisation_id = o.id {sponsorship}
                    AND (now() AT TIME ZONE 'Europe/London')::date BETWEEN s.starts_on AND s.ends_on))
"""
ACTIVE_MEMBERSHIP = """
CREATE OR REPLACE VIEW active_membership AS
SELECT m.id, m.user_id, m.organisation_id, m.role, m.area_id,
       (m.cleared OR m.role IN ('jol_spoc', 'jol_lead', 'strategic_lead', 'lrf_moderator',
                                'secretariat', 'board_member', 'auditor')) AS cleared
FROM accounts_membership m
JOIN accounts_user u ON u.id = m.user_id
JOIN active_organisation o ON o.id = m.organisation_id
WHERE u.is_active AND u.dormant_at IS NULL {membership}
  AND m.starts_on <= (now() AT TIME ZONE 'Europe/London')::date
  AND (m.ends_on IS NULL OR (now() AT TIME ZONE 'Europe/London')::date <= m.ends_on)
"""
ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
PERSON = {"blank": True, "null": True, "to": settings.AUTH_USER_MODEL}


def with_ends(view: str) -> str:
    return view.format(sponsorship="AND s.ended_at IS NULL", membership="AND m.ended_at IS NULL")


def without_ends(view: str) -> str:
    return view.format(sponsorship="", membership="")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_second_factor")]

    operations = [
        migrations.AddField(
            "membership",
            "ended_at",
            models.DateTimeField(blank=True, help_text="Taken away before its last day: at once.", null=True),
        ),
        migrations.RemoveConstraint("membership", "membership_is_held_once"),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("ends_on__isnull", True)),
                fields=("user", "organisation", "role", "area"),
                name="membership_is_held_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            "sponsorship",
            "most_people",
            models.PositiveSmallIntegerField(db_default=10, default=10, help_text="So many people at most."),
        ),
        migrations.AddField(
            "sponsorship",
            "may_write",
            models.BooleanField(db_default=False, default=False, help_text="May submit lessons, not only read."),
        ),
        migrations.AddField(
            "sponsorship",
            "given_by",
            models.ForeignKey(
                on_delete=django.db.models.deletion.SET_NULL, related_name="sponsorships_given", **PERSON
            ),
        ),
        migrations.AddField(
            "sponsorship",
            "ended_at",
            models.DateTimeField(blank=True, help_text="Ended before its time.", null=True),
        ),
        migrations.AddField("resiliencearea", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "resiliencearea",
            "merged_into",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mergers",
                to="accounts.resiliencearea",
            ),
        ),
        migrations.AddConstraint(
            "resiliencearea",
            models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None), models.Q(("merged_into", models.F("id")), _negated=True), _connector="OR"
                ),
                name="area_is_not_merged_into_itself",
            ),
        ),
        migrations.CreateModel(
            name="AccessRequest",
            fields=[
                ("id", ID.clone()),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(max_length=150)),
                ("reason", models.CharField(max_length=500)),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("was_approved", models.BooleanField(default=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_requests",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="access_requests", **PERSON
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.SET_NULL, related_name="+", **PERSON),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        models.F("organisation"),
                        condition=models.Q(("decided_at", None)),
                        name="access_request_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", ID.clone()),
                ("about", models.CharField(max_length=120, unique=True)),
                ("sent_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(with_ends(ACTIVE_ORGANISATION), without_ends(ACTIVE_ORGANISATION)),
        migrations.RunSQL(with_ends(ACTIVE_MEMBERSHIP), without_ends(ACTIVE_MEMBERSHIP)),
    ]
