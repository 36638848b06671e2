import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lessons", "0003_debriefs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=40)),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="lessons.lesson"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["lesson", "at"], name="comment_of_lesson")],
            },
        ),
        migrations.CreateModel(
            name="TextWarning",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("name", "a name"),
                            ("phone", "a telephone number"),
                            ("email", "an email address"),
                            ("postcode", "a postcode"),
                            ("plate", "a number plate"),
                            ("nhs_number", "an NHS number"),
                            ("ni_number", "a National Insurance number"),
                            ("date_of_birth", "a date of birth"),
                            ("marking", "a marking above OFFICIAL-SENSITIVE"),
                        ],
                        max_length=20,
                    ),
                ),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("false_alarm", "False alarm"), ("removed", "Removed"), ("needed", "Needed")],
                        max_length=20,
                    ),
                ),
                ("because", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="warnings",
                        to="lessons.lesson",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="warnings",
                        to="lessons.publication",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lesson__isnull", False), ("publication__isnull", True)),
                            models.Q(("lesson__isnull", True), ("publication__isnull", False)),
                            _connector="OR",
                        ),
                        name="warning_is_of_a_lesson_or_a_publication",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer", ""), models.Q(("at__isnull", False), ("by__isnull", False)), _connector="OR"
                        ),
                        name="warning_answered_names_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "needed"), _negated=True),
                            models.Q(("because", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="warning_needed_says_why",
                    ),
                    models.UniqueConstraint(
                        fields=("lesson", "publication", "field", "kind", "digest"),
                        name="warning_is_given_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
    ]
