"""What is the matter with a file, said with its name and the line."""

from django.utils.translation import gettext


def in_file(name: str, what: str, how_to_save: object = "") -> str:
    """Return `what` is the matter with a file, and how to save it so that it can be read."""
    return " ".join(filter(None, [gettext("%(file)s: %(what)s") % {"file": name, "what": what}, str(how_to_save)]))


def in_line(name: str, line: int, what: str, how_to_save: object = "") -> str:
    """Return `what` is the matter with a line of a file."""
    said = gettext("%(file)s, line %(line)s: %(what)s") % {"file": name, "line": line, "what": what}
    return " ".join(filter(None, [said, str(how_to_save)]))


def too_large(most_bytes: int) -> str:
    most = most_bytes // 1024**2
    return gettext("The file is larger than %(most)s MB. Split it into several files.") % {"most": most}


def too_many_rows(limit: int) -> str:
    return gettext("The file has more than %(most)s rows. Split it into several files.") % {"most": f"{limit:,}"}
