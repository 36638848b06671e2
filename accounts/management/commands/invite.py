"""manage.py invite: the first accounts, and any later one."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.invitations import InvitationError, invite
from accounts.lookup import UnknownCode, area_of, organisation_of, role_of


class Command(BaseCommand):
    help = "Invite a person: makes the account and the membership, and mails a link to set a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--organisation", required=True, metavar="CODE")
        parser.add_argument("--role", required=True, help="such as contributor, lrf_moderator, secretariat")
        parser.add_argument("--area", default="", metavar="CODE", help="of an LRF moderator")
        parser.add_argument("--name", default="")
        parser.add_argument("--cleared", action="store_true", help="entitled to OFFICIAL-SENSITIVE")

    def handle(self, *args: object, email: str, organisation: str, role: str, area: str, **options: object) -> None:
        try:
            made = invite(
                email=email,
                organisation=organisation_of(organisation),
                role=role_of(role),
                area=area_of(area) if area else None,
                name=str(options["name"]),
                cleared=bool(options["cleared"]),
                at=timezone.now(),
            )
        except (InvitationError, UnknownCode) as error:
            raise CommandError(str(error)) from error
        membership = made.membership
        place = f"{membership.get_role_display()}, {membership.organisation.name}"
        self.stdout.write(f"{membership.user.email}: {place} ({'given' if made.is_new else 'held already'})")
        self.stdout.write("Invitation mailed." if made.mailed else "A password is set: no mail was sent.")
