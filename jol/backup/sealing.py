"""Sealing with age: whoever makes a backup needs the public key alone, and cannot open it.

The files are those of `age` (age-encryption.org), so its command opens them too: `age --decrypt --identity KEY FILE`.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

import pyrage

from jol.backup import BackupError


def make_key(path: Path) -> str:
    """Write a new secret key to a file for us alone, and return its public key.

    :raises BackupError: there is such a file
    """
    identity = pyrage.x25519.Identity.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupError(f"{path} is there already: a key that sealed backups must not be lost.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def read_key(path: Path) -> pyrage.x25519.Identity:
    """Return the secret key of a file, as `make_key` or age-keygen wrote it."""
    try:
        lines = [line for line in path.read_text().splitlines() if line.startswith("AGE-SECRET-KEY-")]
        return pyrage.x25519.Identity.from_str(lines[0])
    except (OSError, IndexError, pyrage.IdentityError) as error:
        raise BackupError(f"{path} holds no secret key of age: {error}") from None


def seal(source: IO[bytes], target: Path, *, to: str) -> None:
    """Write what `source` yields to a file that only the secret key opens; it has its name once it is whole.

    :param to: the public key
    """
    try:
        recipient = pyrage.x25519.Recipient.from_str(to)
    except pyrage.RecipientError as error:
        raise BackupError(f"BACKUP_KEY is no public key of age (age1…): {error}") from None
    unfinished = target.with_name(f"{target.name}.part")
    with unfinished.open("wb") as file:
        pyrage.encrypt_io(source, file, [recipient])
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(target)


def unseal(source: Path, target: IO[bytes], *, key: pyrage.x25519.Identity) -> None:
    """Write what is sealed in a file to `target`.

    :raises BackupError: it is another key's, cut off or changed
    """
    try:
        with source.open("rb") as file:
            pyrage.decrypt_io(file, target, [key])
    except BrokenPipeError:
        raise  # who reads it has ended, and says why
    except (OSError, pyrage.DecryptError) as error:
        raise BackupError(f"{source} cannot be opened with this key, or is not whole: {error}") from None
    finally:
        with suppress(OSError):
            target.flush()
