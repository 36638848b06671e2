"""Copies of the portal, sealed, and the way back from them.  docs/runbook.md says when to use which."""


class BackupError(Exception):
    """A copy cannot be made, or not be brought back.  The message is written for whoever does it, at night."""
