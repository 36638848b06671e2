"""A download of all lessons wrote an index entry for each of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lessons", "0006_attachments")]

    operations = [migrations.RemoveIndex(model_name="exportrecord", name="export_of_lesson")]
