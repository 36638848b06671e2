"""The number of the request in hand, so that log lines and audit rows of one request can be joined."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
