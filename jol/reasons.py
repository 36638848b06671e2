"""Why a server that we need does not do its work, as a code.  The text of the error may quote what no log may hold."""

#: What PostgreSQL, libpq and the system say, in English as our containers run; the first that is found counts.
REASONS = {
    "too many clients": "no-free-connection",
    "remaining connection slots": "no-free-connection",
    "password authentication failed": "wrong-password",
    "no pg_hba.conf entry": "not-let-in",
    "No space left on device": "disk-full",
    "Read-only file system": "disk-read-only",
    "is starting up": "starts",
    "is shutting down": "stops",
    "administrator command": "stops",
    "server closed the connection": "hung-up",
    "could not translate host name": "unknown-host",
    "Name or service not known": "unknown-host",
    "Temporary failure in name resolution": "unknown-host",
    "certificate verify failed": "certificate",
    "Connection refused": "refused",
    "No such file or directory": "nobody-listens",
    "lock timeout": "locked-too-long",
    "statement timeout": "took-too-long",
    "timeout expired": "no-answer",
    "timed out": "no-answer",
}


def reason_of(error: BaseException | None) -> str:
    """Return the code for an error, or for the one it came from; "" if it is none that we know."""
    while error:
        text = str(error)
        if found := next((code for words, code in REASONS.items() if words in text), ""):
            return found
        error = error.__cause__
    return ""
