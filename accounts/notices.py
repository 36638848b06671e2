"""Short mails about an account: what changed, what ends soon."""

from allauth.account.signals import password_changed, password_reset
from django.conf import settings
from django.core.mail import EmailMessage
from django.dispatch import receiver
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from accounts.languages import language_of
from accounts.models import User

#: A header of a message that is read where mails are kept, and sent to nobody: why its reader gets it.
WHY = "X-Why"


def tell_of_change(user: User, what: object, *, address: str = "") -> None:
    """Mail that something of somebody's account changed, in their language.

    :param what: a sentence, translated when it is written out
    :param address: where to, if not to the address in use: the earlier one
    """
    with language_of(user):
        send_notice(address or user.email, gettext("Your account was changed"), str(what), reverse("security"))


@receiver([password_changed, password_reset])
def tell_of_new_password(*, user: User, **_: object) -> None:
    """Whoever sets a first password is told, too: somebody else may have opened the mail that invited them."""
    changed = gettext_lazy("The password was changed. If that was not you, set a new one and tell your administrator.")
    is_set = gettext_lazy("Its first password was set. If that was not you, set a new one and tell your administrator.")
    tell_of_change(user, changed if user.last_login else is_set)


def send_notice(address: str, subject: str, text: str, path: str, *, why: str = "") -> None:
    """Mail one short text with a link.

    :param why: why this person gets it, if not for what was done with their account
    """
    words = {"text": text, "url": f"{settings.SITE_URL}{path}", "site_name": settings.SITE_NAME}
    send_plain(address, subject, render_to_string("emails/account_notice.txt", words), why=why)


def send_plain(address: str, subject: str, text: str, *, why: str = "") -> None:
    """Mail a plain text; the HTML part is drawn from it when it is sent."""
    EmailMessage(subject, text, to=[address], headers={WHY: why} if why else {}).send()
