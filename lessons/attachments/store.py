"""Where the bytes of attachments are: under random names, in a folder that no web server serves."""

from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import Storage, storages


def storage() -> Storage:
    return storages["attachments"]


def path_of(key: str) -> str:
    return f"{key[:2]}/{key}"


def save(key: str, file: BinaryIO) -> None:
    """Store the bytes under `key`, in place of what is there."""
    delete(key)
    file.seek(0)
    storage().save(path_of(key), File(file))


def opened(key: str) -> File:
    """:raises FileNotFoundError: there is nothing under `key`"""
    return storage().open(path_of(key), "rb")


def delete(key: str) -> None:
    """Take the bytes away, if they are there."""
    storage().delete(path_of(key))
