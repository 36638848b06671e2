"""Give the role that web and workers sign in with what they need, and nothing by which the record could be changed."""

from argparse import ArgumentParser
from collections.abc import Iterator

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, models, transaction

from accounts.models import UnsealedEvent

GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
"""


class Command(BaseCommand):
    help = (
        "Run as the owner of the tables, after each migrate: the role may read and write, but rows of the append-only "
        "tables it may only read and add."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="made before, as CREATE ROLE portal_app LOGIN PASSWORD …")

    def handle(self, *args: object, role: str, **options: object) -> None:
        quoted = connection.ops.quote_name(role)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(GRANTS.format(role=quoted))
            for model in append_only_models():
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}")
            cursor.execute(f"REVOKE UPDATE ON {UnsealedEvent._meta.db_table} FROM {quoted}")
        self.stdout.write(f"{role} may read and write, and add to the append-only tables.")


def append_only_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ())):
            yield model
