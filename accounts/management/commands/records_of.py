"""A person's records: given out as JSON, or erased."""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.lookup import UnknownCode, person_of
from accounts.records import erasure


class Command(BaseCommand):
    help = "Print all that is stored about a person, for a subject access request; or erase the account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--erase", action="store_true", help="what stays is of a pseudonym; cannot be undone")

    def handle(self, *args: object, email: str, erase: bool, **options: object) -> None:
        try:
            user = person_of(email)
            if erase:
                erasure.erase(user=user, by=None, at=timezone.now())
                self.stdout.write(f"Person {user.pk} is erased.")
                return
        except (UnknownCode, erasure.ErasureError) as error:
            raise CommandError(str(error)) from error
        found = erasure.give_out(user=user, by=None, at=timezone.now())
        self.stdout.write(json.dumps(found, indent=1, ensure_ascii=False))
