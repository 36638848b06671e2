"""Other ways of sending the same mail to the same mail server.

python -m benchmarks._mail_peers WAY PORT NUMBER CONTENT

Prints how many seconds it took.  CONTENT is a file that holds one of our mails: its subject, text and HTML are what
the others build their messages from.  django-post-office runs on the database of the benchmark, with its defaults.
"""

from __future__ import annotations

import logging
import smtplib
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from devstack.waiting import LOOPBACK

SENDER = "no-reply@example.org"


def address(number: int) -> str:
    return f"subscriber-{number}@responder.example"


class Mail:
    """The mail whose sending is measured."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.subject = str(message["Subject"])
        self.text, self.html = (_body(message, kind) for kind in ("plain", "html"))

    def as_django_builds_it(self, number: int):
        from django.core.mail import EmailMultiAlternatives

        message = EmailMultiAlternatives(self.subject, self.text, SENDER, [address(number)])
        message.attach_alternative(self.html, "text/html")
        return message


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def bare(mail: Mail, port: int, number: int) -> float:
    """One prebuilt message, over one connection: as fast as smtplib can."""
    with smtplib.SMTP(LOOPBACK, port) as smtp:
        smtp.ehlo()
        began = time.perf_counter()
        for n in range(number):
            smtp.mail(SENDER)
            smtp.rcpt(address(n))
            smtp.docmd("data")
            smtp.send(mail.content + b".\r\n")
            assert smtp.getreply()[0] == 250
        return time.perf_counter() - began


def send_mail_loop(mail: Mail, port: int, number: int) -> float:
    from django.core.mail import send_mail

    began = time.perf_counter()
    for n in range(number):
        send_mail(mail.subject, mail.text, SENDER, [address(n)], html_message=mail.html)
    return time.perf_counter() - began


def one_connection(mail: Mail, port: int, number: int) -> float:
    from django.core.mail import get_connection

    with get_connection() as over:
        began = time.perf_counter()
        for n in range(number):
            over.send_messages([mail.as_django_builds_it(n)])
        return time.perf_counter() - began


def post_office(mail: Mail, port: int, number: int) -> float:
    """From queued to sent, as `send_queued_mail` does without options; queueing is not counted."""
    from django.core.management import call_command
    from post_office.mail import send_many, send_queued

    call_command("migrate", "post_office", verbosity=0)
    from post_office.models import STATUS, Email

    Email.objects.all().delete()
    row = {"subject": mail.subject, "message": mail.text, "html_message": mail.html, "sender": SENDER}
    send_many([row | {"recipients": [address(n)]} for n in range(number)])
    began = time.perf_counter()
    while send_queued() != (0, 0, 0):
        pass
    took = time.perf_counter() - began
    assert Email.objects.filter(status=STATUS.sent).count() == number
    return took


WAYS = {one.__name__: one for one in (bare, send_mail_loop, one_connection, post_office)}


def set_django_up(port: int) -> None:
    import django
    from django.conf import settings

    from jol import settings as ours

    settings.configure(
        DATABASES=ours.DATABASES,
        DEFAULT_AUTO_FIELD=ours.DEFAULT_AUTO_FIELD,
        USE_TZ=True,
        SECRET_KEY=ours.SECRET_KEY,
        TEMPLATES=[
            {"BACKEND": backend, "APP_DIRS": True, "OPTIONS": {}}
            for backend in (
                "django.template.backends.django.DjangoTemplates",
                "post_office.template.backends.post_office.PostOfficeTemplates",
            )
        ],
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST=LOOPBACK,
        EMAIL_PORT=port,
        LOGGING_CONFIG=None,
    )
    django.setup()
    logging.disable(logging.INFO)


def main() -> None:
    way, port, number, content = sys.argv[1:]
    if way != "bare":
        set_django_up(int(port))
    print(WAYS[way](Mail(Path(content).read_bytes()), int(port), int(number)))


if __name__ == "__main__":
    main()
