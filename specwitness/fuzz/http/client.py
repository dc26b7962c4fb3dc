"""The client that every request of a run goes through.

It counts requests, puts paths below the base path, waits on 429, and ends the run when its time is over.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import NO_RESPONSE, Request, Response
from specwitness.fuzz.http.network import SilentError
from specwitness.fuzz.http.throttling import TOO_MANY, Patience, ThrottledError
from specwitness.openapi import is_below

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_MISSING_RESPONSES = 3
# Seconds: a supervisor needs some time to restart a service that has crashed.
_RESTART_WAITS = (0.5, 1.0, 2.0)


class OutOfTimeError(Exception):
    """The time budget is spent; the checks that were not reached are skipped."""


class ReadOnlyError(TargetError):
    """A request may change a service on another machine, which takes `--allow-writes`."""


class GoneError(TargetError):
    """The service responded for a while, and then no more."""


class Transport(Protocol):
    """Sends one request and gives its response; a redirect is a response and is not followed.

    Attributes:
        is_remote: Whether the service is on another machine.
    """

    is_remote: bool

    def send(self, request: Request) -> Response:
        """Send a request."""
        ...


@dataclass(slots=True)
class Client:
    """Sends requests for the checks and for Schemathesis.

    Args:
        transport: Sends single requests.
        allow_writes: Whether methods other than GET, HEAD, OPTIONS and TRACE may go to another machine.
        seconds: The time budget; None for no limit.
        clock: Gives monotonic seconds.
        now: Gives seconds since the epoch.
        sleep: Waits for a number of seconds.
        tell: Gets a line of text before each wait.
        learn: Gets each request that changed something, with its response.
        sent: The number of requests so far.
        base: The path below which the contract's paths are served, such as `/v2`.
        is_users_own: Whether a request brings the good credentials of a user, and no others.
        is_refused: Whether such a request got 401: the user's session may be over.
        patience: The waits after a 429.
    """

    transport: Transport
    allow_writes: bool = False
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = lambda _: None
    learn: Callable[[Request, Response], None] = lambda _request, _answer: None
    sent: int = 0
    base: str = ""
    is_users_own: Callable[[Request], bool] = lambda _: False
    is_refused: bool = False
    patience: Patience = field(default_factory=Patience)
    _responded: int = 0
    _missing_responses: int = 0
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

    def log_in(self, request: Request) -> Response:
        """Send the request by which a user logs in; `--allow-writes` is not needed for it.

        Raises:
            TargetError: The service never responded, or no more.
        """
        response = self._send_with_waits(request)
        # The login may be outside of the contract's base path: `/login` beside `/v2/books`.
        if response.status == HTTPStatus.NOT_FOUND and self.base and not request.is_whole:
            response = self._send_with_waits(replace(request, is_whole=True))
        return response

    def send(self, request: Request) -> Response:
        """Send a request, and again after a wait where the response has status 429.

        Returns:
            The response; `NO_RESPONSE` where this request alone got none.

        Raises:
            OutOfTimeError: The time budget is spent.
            ThrottledError: The request got 429 after each wait.
            GoneError: The service responded before, and does no more.
            ReadOnlyError: The method may change data on another machine, without `allow_writes`.
            TargetError: The service never responded.
        """
        if self.is_late:
            raise OutOfTimeError
        if not request.is_safe and not self.may_write:
            raise ReadOnlyError(
                f"{request.method} {request.path} may change a service that is not on this machine",
                where="--base-url",
                remedy="add --allow-writes if its data may be lost, or name a service on this machine",
            )
        response = self._send_with_waits(request)
        if response.status == TOO_MANY:
            raise ThrottledError(f"{request.method} {request.path}")
        if response.succeeded and not request.is_safe:
            self.learn(request, response)
        if response.status == HTTPStatus.UNAUTHORIZED and self.is_users_own(request):
            self.is_refused = True
        return response

    def send_together(self, requests: Sequence[Request]) -> list[Response]:
        """Send requests at the same time, and give their responses in the order of the requests."""
        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            return list(pool.map(self.send, requests))

    def _send_with_waits(self, request: Request) -> Response:
        response, waits = self._send(request), list[float]()
        while response.status == TOO_MANY:
            delay = self.patience.propose(request, response, waits, self.now())
            if delay is None:
                break
            self._wait(delay)
            waits.append(delay)
            response = self._send(request)
        self.patience.note_response(request, response)
        return response

    def _wait(self, seconds: float) -> None:
        if self._end is not None and self.clock() + seconds >= self._end:
            raise OutOfTimeError
        self.patience.note_wait(seconds)
        self.tell(f"the service answered 429: waiting {seconds:.0f} s")
        self.sleep(seconds)

    def _send(self, request: Request) -> Response:
        """Send once; where no connection can be made any more, wait for the service to be restarted."""
        for wait in (*_RESTART_WAITS, None):
            self.sent += 1
            try:
                response = self.transport.send(self.place(request))
            except SilentError as error:
                if not error.is_unreachable:
                    return self._record_no_response(error)
                if wait is None or not self._responded:
                    raise self._give_up(error) from error
                self.sleep(wait)
            else:
                self._responded += 1
                self._missing_responses = 0
                return response
        raise AssertionError("the last round returns or raises")

    def place(self, request: Request) -> Request:
        """Put the path of a request below the base path, such as `/books` below `/v2`."""
        if not self.base or request.is_whole or is_below(request.path, self.base):
            return request
        return replace(request, path=self.base + request.path)

    def _record_no_response(self, error: SilentError) -> Response:
        """Give `NO_RESPONSE` for one request without a response; three in a row end the run."""
        self._missing_responses += 1
        if self._missing_responses >= _MOST_MISSING_RESPONSES:
            raise self._give_up(error) from error
        return NO_RESPONSE

    def _give_up(self, error: SilentError) -> TargetError:
        if not self._responded:
            return error
        message = f"{error.message}; the service had responded to {self._responded} requests before"
        return GoneError(message, where=error.where, remedy="see the service's own log")
