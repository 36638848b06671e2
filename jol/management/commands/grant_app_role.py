"""Give the role that web and workers sign in with what they need, and nothing by which the record could be changed."""

from argparse import ArgumentParser
from collections.abc import Iterator

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from psycopg2.extensions import encrypt_password

from accounts.models import UnsealedEvent
from jol.environment import database_from_url, env

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
        parser.add_argument(
            "role",
            nargs="?",
            help="made before, as CREATE ROLE portal_app LOGIN PASSWORD …; "
            "without it the user of APP_DATABASE_URL, who is made if missing and gets the password in that address",
        )

    def handle(self, *args: object, role: str | None, **options: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            if role is None:
                role = self._make_role()
            quoted = connection.ops.quote_name(role)
            cursor.execute(GRANTS.format(role=quoted))
            for model in append_only_models():
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}")
            cursor.execute(f"REVOKE UPDATE ON {UnsealedEvent._meta.db_table} FROM {quoted}")
        self.stdout.write(f"{role} may read and write, and add to the append-only tables.")

    def _make_role(self) -> str:
        """Make the user of APP_DATABASE_URL, or give it the password in there, which the server never gets to read."""
        address = database_from_url(env("APP_DATABASE_URL"))
        role, password = str(address["USER"]), str(address["PASSWORD"])
        if role == connection.settings_dict["USER"]:
            raise CommandError("APP_DATABASE_URL is of the owner: web and workers sign in as somebody else.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
            made = "ALTER" if cursor.fetchone() is not None else "CREATE"
            coded = encrypt_password(password, role, scope=connection.connection, algorithm="scram-sha-256")
            cursor.execute(f"{made} ROLE {connection.ops.quote_name(role)} LOGIN PASSWORD %s", [coded])
        return role


def append_only_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ())):
            yield model
