"""Secrets of this copy of the project: made at the first start, kept in var/ for us alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def keep_secret(path: Path, made: str) -> str:
    """Return the secret in the file; the first call writes `made` into it."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made)
    return path.read_text().strip()


def make_key() -> str:
    return secrets.token_urlsafe(50)


def make_password() -> str:
    """Return four groups of four letters and digits, as people can copy them by hand."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
