"""The envelope sender of a mail: an address of its own, signed, so that nobody can make a bounce up.

`bounces+b1234-abcdefghijklmnop@portal.example`: the key of the Delivery and 80 bits of an HMAC over it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import constant_time_compare

SALT = "notifications.bounces"
SIGNATURE_BYTES = 10
SIGNED = re.compile(r"\+b(?P<key>[0-9]{1,18})-(?P<signature>[a-z2-7]{16})@", re.IGNORECASE)


def envelope_sender(delivery: int) -> str:
    """Return where bounces of the mail with this key go; without BOUNCE_ADDRESS beside the address of the sender."""
    local, domain = _address(settings.BOUNCE_ADDRESS or settings.DEFAULT_FROM_EMAIL)
    return f"{local}+b{delivery}-{_signature(str(delivery), settings.SECRET_KEY)}@{domain}"


@lru_cache(maxsize=8)
def _address(named: str) -> tuple[str, str]:
    local, _, domain = parseaddr(named)[1].rpartition("@")
    return local, domain


def signed_delivery(addresses: Iterable[str]) -> int | None:
    """Return the key of the mail that the first rightly signed address names; None if there is none."""
    for address in addresses:
        for found in SIGNED.finditer(address):
            if _is_ours(found["key"], found["signature"].lower()):
                return int(found["key"])
    return None


def _is_ours(key: str, signature: str) -> bool:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(signature, _signature(key, secret)) for secret in secrets)


def _signature(key: str, secret: str) -> str:
    signing = _begun(secret).copy()
    signing.update(key.encode())
    return base64.b32encode(signing.digest()[:SIGNATURE_BYTES]).decode().lower()


@lru_cache(maxsize=8)
def _begun(secret: str) -> hmac.HMAC:
    """Return an HMAC with the key that Django's `salted_hmac` derives: to begin one costs more than to go on."""
    return hmac.new(hashlib.sha256(SALT.encode() + secret.encode()).digest(), digestmod="sha256")
