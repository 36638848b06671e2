"""How a log line looks: one line, whatever the message holds."""

import json
import logging

from accounts.trace import request_id


class LineFormatter(logging.Formatter):
    """Write each record as one JSON object on one line, so that nobody can forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id.get():
            line["request"] = request
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)
