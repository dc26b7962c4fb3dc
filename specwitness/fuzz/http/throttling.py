"""Rate limits: how long to wait after a response with status 429 (RFC 6585 §4), and when to give up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Request, Response

TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
_RETRIES = 3
# Seconds. `Retry-After: 30` is waited for; with `Retry-After: 3600`, the next try comes after _SHORT_WAIT.
_LONGEST_WAIT = 60.0
_SHORT_WAIT = 10.0
_FIRST_WAIT = 0.25
_MOST_IN_A_ROW = 3


class ThrottledError(Exception):
    """A request got 429 after each wait; a check that was stopped by it is skipped."""


@dataclass(slots=True)
class Throttling:
    """The waits of a run, and the operations that no wait helped.

    Args:
        times: The number of waits.
        seconds: Their sum.
    """

    times: int = 0
    seconds: float = 0.0
    _hopeless: set[tuple[str, str]] = field(default_factory=set)
    _in_a_row: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether the last three requests got 429 after each wait."""
        return self._in_a_row >= _MOST_IN_A_ROW

    def propose(self, request: Request, response: Response, waits: list[float], now: float) -> float | None:
        """Give the seconds to wait before a request is sent again; None to give up.

        Args:
            request: The request.
            response: The response with status 429.
            waits: The waits before the earlier tries of this request, in seconds.
            now: Seconds since the epoch.
        """
        is_hopeless = (request.method, request.path) in self._hopeless or self.is_over
        if is_hopeless or len(waits) >= _RETRIES:
            return None
        # Many services round down: `Retry-After: 0` for the rest of a second.
        delay = max(read_delay(response, now), _FIRST_WAIT * 2 ** len(waits))
        return delay if sum(waits) + delay <= _LONGEST_WAIT else None

    def note_wait(self, seconds: float) -> None:
        """Count a wait."""
        self.times += 1
        self.seconds += seconds

    def note_response(self, request: Request, response: Response) -> None:
        """Remember whether the waits for a request helped: what came after the last of them."""
        key = (request.method, request.path)
        if response.status == TOO_MANY:
            self._hopeless.add(key)
            self._in_a_row += 1
        else:
            self._hopeless.discard(key)
            self._in_a_row = 0


def read_delay(response: Response, now: float) -> float:
    """Read Retry-After, a number of seconds or a date (RFC 9110 §10.2.3).

    Args:
        response: The response with status 429.
        now: Seconds since the epoch.

    Returns:
        Seconds: 1 where the header is missing or unreadable, 10 in place of more than 60.
    """
    text = response.header("retry-after").strip()
    if text.isascii() and text.isdecimal():
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
            # `Thu, 01 Jan 2026 00:00:00` names no zone: HTTP dates are in UTC (RFC 9110 §5.6.7).
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, OverflowError):
            seconds = 1.0
    return max(0.0, seconds) if seconds <= _LONGEST_WAIT else _SHORT_WAIT
