"""Logs on standard output, one JSON object a line: time, level, logger, message, and what the record carries.

No secret and no observation is ever logged: messages are written by this package, and what it adds to them is named
here and nowhere else.
"""

import json
import logging
import logging.config
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

__all__ = ["REQUEST_ID", "configure_logs", "first_line"]

#: The id of the request that is being answered, for every line that it causes.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

#: What a record may carry beside its message, through `extra=`.
FIELDS = (
    "agent", "attempts", "backlog", "duration_ms", "job", "key", "method", "path", "remote", "run", "seconds", "size",
    "state", "status", "workspace",
)  # fmt: skip


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request = REQUEST_ID.get()
        if request is not None:
            line["request_id"] = request
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is not None:
                line[name] = value if isinstance(value, int | float | bool) else str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={record.__dict__[name]}" for name in FIELDS if record.__dict__.get(name) is not None)
        when = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        line = f"{when} {record.levelname.lower():7} {record.getMessage()}{'  ' + told if told else ''}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure_logs(form: str, level: str) -> None:
    """Send all logs of this process to standard output.

    Args:
        form: "json" or "text".
        level: the least that is logged: "debug", "info", "warning" or "error".
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # They tell of each request and of each poll what our own lines tell better.
    for name in ("uvicorn.access", "httpx", "httpcore", "procrastinate", "alembic", "numba", "h5py", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def first_line(error: BaseException) -> str:
    """What an error says, in one line; that of a driver, which frameworks wrap, where there is one."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
