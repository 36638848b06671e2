"""The table of the cache, in which rate limits are counted: `migrate` alone makes a database ready."""

from django.core.management import call_command
from django.db import migrations


def create(apps: object, schema_editor: object) -> None:
    call_command("createcachetable", verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_key_views")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
