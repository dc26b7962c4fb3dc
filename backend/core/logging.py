"""Structured logs: JSON lines on standard output, without anything that a caller sent."""

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
# What uvicorn says of itself, filling in its own address and process. Into its other words it
# fills what callers send: a WebSocket's path and query, with the token in it.
_SAID_OF_ITSELF = ("Started server process", "Finished server process", "Uvicorn running on")


def configure_logging(level: str) -> None:
    """Set up the logs of the whole process.

    Args:
        level: The lowest level of our own logs. Libraries stay at warnings: at lower levels they
            log rows and headers (003/FR-015).
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
    """Formats what libraries log: their words, without the data that they fill in."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as a JSON line."""
        words = str(record.msg)
        if record.name == "uvicorn.error" and words.startswith(_SAID_OF_ITSELF):
            words = record.getMessage()
        line = {"event": words, "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[1]:
            line |= describe_error(record.exc_info[1])
        return json.dumps(line)


def describe_error(error: BaseException) -> dict[str, str]:
    """Describe an error by its type and its place; its text may hold data."""
    place = _find_place(error.__traceback__)
    return {"error": type(error).__qualname__, **({"place": place} if place else {})}


def _find_place(traceback: TracebackType | None) -> str | None:
    """Find the innermost line of this repository."""
    place = None
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(_ROOT / "backend"):
            place = f"{file.relative_to(_ROOT).as_posix()}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
