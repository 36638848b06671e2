import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lessons", "0013_publication_stamps"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="publication",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    ("published_at__isnull", False),
                    ("superseded_at__isnull", True),
                    ("suspended_at__isnull", True),
                    models.Q(("readers__contains", ["official/all"]), _negated=True),
                ),
                fields=["readers"],
                name="publication_narrowed",
            ),
        ),
    ]
