"""The only way to the service: counts, keeps to the base URL, obeys 429, and stops when time is up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import NO_ANSWER, Answer, Request
from specwitness.fuzz.http.network import SilentError
from specwitness.fuzz.http.throttling import TOO_MANY, Patience, ThrottledError
from specwitness.openapi import is_below

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_SILENCES = 3
_NOT_FOUND = 404
_UNAUTHORIZED = 401
# Whoever restarts a service that has crashed needs a moment.
_RETURNS = (0.5, 1.0, 2.0)


class OutOfTimeError(Exception):
    """The time budget is spent; what was not reached is told, and testifies for nothing."""


class ReadOnlyError(TargetError):
    """A call may change a service elsewhere, and nobody allowed it."""


class GoneError(TargetError):
    """The service answered for a while, and then no more."""


class Transport(Protocol):
    """Sends one request and gives what comes back, as it is: no redirect is followed."""

    is_remote: bool

    def send(self, request: Request) -> Answer:
        """Send a request."""
        ...


@dataclass(slots=True)
class Client:
    """Sends requests for the checks.

    Args:
        transport: How the service is reached.
        allow_writes: Whether methods that change something may go to a service elsewhere.
        seconds: The time budget; None for none.
        clock: Tells monotonic seconds.
        now: Tells seconds since the epoch.
        sleep: Waits for seconds.
        base: The path below which the contract's paths are.
        tell: Told what is waited for.
        learn: Shown what was changed, and what the service said to it.
        is_users_own: Tells whether a request brings a user's good credentials, and nothing else.
        is_refused: Whether such a request was answered with 401.
    """

    transport: Transport
    allow_writes: bool = False
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = lambda _: None
    learn: Callable[[Request, Answer], None] = lambda _request, _answer: None
    sent: int = 0
    base: str = ""
    is_users_own: Callable[[Request], bool] = lambda _: False
    is_refused: bool = False
    patience: Patience = field(default_factory=Patience)
    _answered: int = 0
    _silences: int = 0
    _end: float | None = field(init=False)

    def __post_init__(self) -> None:
        self._end = None if self.seconds is None else self.clock() + self.seconds

    @property
    def may_write(self) -> bool:
        """Tell whether methods that change something are allowed."""
        return self.allow_writes or not self.transport.is_remote

    @property
    def is_late(self) -> bool:
        """Tell whether the time budget is spent."""
        return self._end is not None and self.clock() >= self._end

    def log_in(self, request: Request) -> Answer:
        """Send the request that gives a user a token: it changes nothing that anybody would miss."""
        answer = self._send_patiently(request)
        # Users may sign in elsewhere than below the contract's base.
        if answer.status == _NOT_FOUND and self.base and not request.is_whole:
            answer = self._send_patiently(replace(request, is_whole=True))
        return answer

    def send(self, request: Request) -> Answer:
        """Send a request; wait and try again where the service says 429.

        Returns:
            The answer; `NO_ANSWER` where this request alone got none.

        Raises:
            OutOfTimeError: The time budget is spent.
            ThrottledError: The service says 429 however long it is waited for.
            GoneError: The service answers no more.
            ReadOnlyError: The method changes something, the service is elsewhere, and nobody allowed it.
            TargetError: The service never answered.
        """
        if self.is_late:
            raise OutOfTimeError
        if not request.is_safe and not self.may_write:
            raise ReadOnlyError(
                f"{request.method} {request.path} may change a service that is not on this machine",
                where="--base-url",
                remedy="add --allow-writes if its data may be lost, or name a service on this machine",
            )
        answer = self._send_patiently(request)
        if answer.status == TOO_MANY:
            raise ThrottledError(f"{request.method} {request.path}")
        if answer.succeeded and not request.is_safe:
            self.learn(request, answer)
        if answer.status == _UNAUTHORIZED and self.is_users_own(request):
            self.is_refused = True
        return answer

    def send_together(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests at the same time, and give their answers in the order of the requests."""
        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            return list(pool.map(self.send, requests))

    def _send_patiently(self, request: Request) -> Answer:
        answer, waits = self._send(request), list[float]()
        while answer.status == TOO_MANY:
            delay = self.patience.propose(request, answer, waits, self.now())
            if delay is None:
                break
            self._wait(delay)
            waits.append(delay)
            answer = self._send(request)
        self.patience.note_answer(request, answer)
        return answer

    def _wait(self, seconds: float) -> None:
        if self._end is not None and self.clock() + seconds >= self._end:
            raise OutOfTimeError
        self.patience.note_wait(seconds)
        self.tell(f"the service says 429: waiting {seconds:.0f} s")
        self.sleep(seconds)

    def _send(self, request: Request) -> Answer:
        """Send once; where nobody listens any more, look whether the service comes back."""
        for wait in (*_RETURNS, None):
            self.sent += 1
            try:
                answer = self.transport.send(self.place(request))
            except SilentError as error:
                if not error.is_unreachable:
                    return self._bear(error)
                if wait is None or not self._answered:
                    raise self._give_up(error) from error
                self.sleep(wait)
            else:
                self._answered += 1
                self._silences = 0
                return answer
        raise AssertionError("the last round returns or raises")

    def place(self, request: Request) -> Request:
        """Put a path of the contract below the path of its server."""
        if not self.base or request.is_whole or is_below(request.path, self.base):
            return request
        return replace(request, path=self.base + request.path)

    def _bear(self, error: SilentError) -> Answer:
        """Take it as an answer that one request got none; several in a row are the end."""
        self._silences += 1
        if self._silences >= _MOST_SILENCES:
            raise self._give_up(error) from error
        return NO_ANSWER

    def _give_up(self, error: SilentError) -> TargetError:
        if not self._answered:
            return error
        message = f"{error.message}; it had answered {self._answered} requests before"
        return GoneError(message, where=error.where, remedy="see the service's own log")
