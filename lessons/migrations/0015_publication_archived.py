from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lessons", "0014_publication_narrowed"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(
                condition=models.Q(
                    ("archived_at__isnull", False),
                    ("published_at__isnull", False),
                    ("superseded_at__isnull", True),
                    ("suspended_at__isnull", True),
                ),
                fields=["-published_at", "-id"],
                name="publication_archived",
            ),
        ),
    ]
