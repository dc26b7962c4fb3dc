"""Structured logs: JSON lines on standard output, without any data that a caller sent."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from types import TracebackType

_ROOT = Path(__file__).resolve().parents[2]
# These messages of uvicorn contain its own address and process id. Its other messages may contain data of
# a request: the path and query of a WebSocket, with the token in it.
_HARMLESS_MESSAGES = ("Started server process", "Finished server process", "Uvicorn running on")


def configure_logging(level: str) -> None:
    """Set up the logs of the whole process.

    Args:
        level: The lowest level of the service's own logs. Libraries log warnings and errors only: at
            lower levels they log rows and headers (003/FR-015).
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LibraryFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(level.upper())
    logging.getLogger("uvicorn.access").disabled = True


class LibraryFormatter(logging.Formatter):
    """Formats the logs of libraries: the message template, without the arguments."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as a JSON line."""
        message = str(record.msg)
        if record.name == "uvicorn.error" and message.startswith(_HARMLESS_MESSAGES):
            message = record.getMessage()
        line = {"event": message, "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[1]:
            line |= describe_error(record.exc_info[1])
        return json.dumps(line)


def describe_error(error: BaseException) -> dict[str, str]:
    """Describe an error for the log by its type and its place; its text may contain data."""
    place = _find_place(error.__traceback__)
    return {"error": type(error).__qualname__, **({"place": place} if place else {})}


def _find_place(traceback: TracebackType | None) -> str | None:
    """Return the innermost line of the service: `backend/models/task.py:57`."""
    place = None
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(_ROOT / "backend"):
            place = f"{file.relative_to(_ROOT).as_posix()}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
