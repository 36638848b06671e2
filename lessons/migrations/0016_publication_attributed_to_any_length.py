from django.db import migrations, models


class Migration(migrations.Migration):
    """No row is written anew: to PostgreSQL the longer type is the same bytes."""

    dependencies = [("lessons", "0015_publication_archived")]

    operations = [
        migrations.AlterField(
            model_name="publication",
            name="attributed_to",
            field=models.TextField(blank=True),
        ),
    ]
