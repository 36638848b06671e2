"""How a log line looks: one JSON object on one line, without the content of items and without addresses.

What is logged is a fixed sentence.  Of what is put into it only numbers and codes stay, and of errors their type and
where they came from: their texts quote rows, mails and what people typed.  Libraries get no benefit of the doubt.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from accounts.trace import request_id
from jol.reasons import reason_of

ROOT = Path(__file__).resolve().parent.parent
#: Loggers whose codes may be written: ours, and Celery with the names of our tasks.
OURS = ("jol", "accounts", "lessons", "notifications", "security", "celery")
CODE = re.compile(r"[A-Za-z0-9_.:-]{0,40}")
QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
ADDRESS = re.compile(r"\S*[@/\\]\S*")
MOST_LETTERS = 300
HIDDEN = "…"


class LineFormatter(logging.Formatter):
    """Write each record as one JSON object on one line, so that nobody can forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        is_ours = record.name.split(".", 1)[0] in OURS
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record, is_ours),
        }
        if request := request_id.get():
            line["request"] = request
        for name, value in getattr(record, "facts", {}).items():
            line[name] = _plain(value, is_ours)
        if record.exc_info and record.exc_info[1]:
            line["error"] = list(_errors(record.exc_info[1]))
            if reason := reason_of(record.exc_info[1]):
                line["because"] = reason
            line["trace"] = list(_frames(record.exc_info[1].__traceback__))
        return json.dumps(line, ensure_ascii=True)


def _event(record: logging.LogRecord, is_ours: bool) -> str:
    text = _words(record, is_ours)
    return text[:MOST_LETTERS] if re.search("[a-z]", text) else record.name


def _words(record: logging.LogRecord, is_ours: bool) -> str:
    text, values = str(record.msg), record.args
    if not values:
        return text if is_ours else ADDRESS.sub(HIDDEN, QUOTED.sub(HIDDEN, text))
    try:
        if isinstance(values, Mapping):
            return text % {name: _plain(value, is_ours) for name, value in values.items()}
        return text % tuple(_plain(value, is_ours) for value in values)
    except (TypeError, ValueError):
        return text


def _plain(value: object, is_ours: bool) -> object:
    """Return a number as it is, of an error its type and a code, of our own words those that are codes."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        names, reason = " from ".join(dict.fromkeys(_errors(value))), reason_of(value)
        return f"{names} ({reason})" if reason else names
    return str(value) if is_ours and CODE.fullmatch(str(value)) else HIDDEN


def _errors(error: BaseException | None) -> Iterator[str]:
    """Yield the type of an error, and of those it came from."""
    while error:
        yield type(error).__name__
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace:
        code = trace.tb_frame.f_code
        path = Path(code.co_filename)
        place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-3:])
        yield f"{place}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
