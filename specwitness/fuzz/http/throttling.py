"""How long to wait where a service says 429 (RFC 6585 §4), and when to give up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Answer, Request

TOO_MANY = 429
_RETRIES = 3
# A limit by the minute is waited for; one by the hour is not.
_LONGEST_WAIT = 60.0
_SHORT_WAIT = 10.0
_FEWEST_SECONDS = 0.25
_MOST_IN_A_ROW = 3


class ThrottledError(Exception):
    """The service says 429 however long it is waited for; what was not reached testifies for nothing."""


@dataclass(slots=True)
class Patience:
    """What was waited for, and for what no longer.

    Args:
        times: How often it was waited.
        seconds: How long, in all.
    """

    times: int = 0
    seconds: float = 0.0
    _hopeless: set[tuple[str, str]] = field(default_factory=set)
    _in_a_row: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether nothing but 429 came of late."""
        return self._in_a_row >= _MOST_IN_A_ROW

    def propose(self, request: Request, answer: Answer, waits: list[float], now: float) -> float | None:
        """Give the seconds to wait before a request is sent again; None to give up.

        Args:
            request: What was sent.
            answer: The 429 that came.
            waits: The seconds waited for this request so far.
            now: Seconds since the epoch.
        """
        is_hopeless = (request.method, request.path) in self._hopeless or self.is_over
        if is_hopeless or len(waits) >= _RETRIES:
            return None
        # Many services round the rest of a second down to 0.
        delay = max(read_delay(answer, now), _FEWEST_SECONDS * 2 ** len(waits))
        return delay if sum(waits) + delay <= _LONGEST_WAIT else None

    def note_wait(self, seconds: float) -> None:
        """Count a wait."""
        self.times += 1
        self.seconds += seconds

    def note_answer(self, request: Request, answer: Answer) -> None:
        """Remember whether it helped to wait."""
        key = (request.method, request.path)
        if answer.status == TOO_MANY:
            self._hopeless.add(key)
            self._in_a_row += 1
        else:
            self._hopeless.discard(key)
            self._in_a_row = 0


def read_delay(answer: Answer, now: float) -> float:
    """Read Retry-After, in seconds or as a date (RFC 9110 §10.2.3); what is too long is asked sooner."""
    said = answer.header("retry-after").strip()
    if said.isascii() and said.isdecimal():
        seconds = float(said)
    else:
        try:
            date = parsedate_to_datetime(said)
            # A date that tells no zone is one of UTC.
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, OverflowError):
            seconds = 1.0
    return max(0.0, seconds) if seconds <= _LONGEST_WAIT else _SHORT_WAIT
