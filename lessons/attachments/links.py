"""Links by which a file is handed out on a host of its own (FILES_URL): for one file and reader, and for a minute.

Whoever has a link gets the file: that host knows no sessions.  So it is short-lived, opens nothing else, and whether
its reader may have the file is asked again when it is followed.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import User
from lessons.models import Attachment

SALT = "lessons.attachment-link"
GOOD_FOR = timedelta(minutes=1)
#: All that is answered on that host.
URLCONF = "lessons.urls.files_host"
ROUTE = "attachment_by_link"


def link_to(attachment: Attachment, reader: User) -> str:
    signed = signing.dumps([attachment.key, reader.pk], salt=SALT)
    return str(settings.FILES_URL) + reverse(ROUTE, args=[signed], urlconf=URLCONF)


def read_link(signed: str) -> tuple[str, int]:
    """Return the key of the file and of the reader.

    :raises signing.BadSignature: it is none of ours, or too old
    """
    key, reader = signing.loads(signed, salt=SALT, max_age=GOOD_FOR)
    return key, reader
