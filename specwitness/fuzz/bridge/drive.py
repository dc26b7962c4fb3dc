"""Runs Schemathesis on a contract with the owner's credentials: its phases, checks and shrinking."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis import Case
from schemathesis.engine import events, from_schema
from schemathesis.hooks import unregister

from specwitness.errors import TargetError
from specwitness.fuzz.bridge.narrowing import narrow
from specwitness.fuzz.bridge.relay import MARK, SILENT, THROTTLED, Relay
from specwitness.fuzz.bridge.settings import configure
from specwitness.fuzz.http.client import GoneError, OutOfTimeError
from specwitness.fuzz.http.message import NO_RESPONSE, Request, Response
from specwitness.fuzz.results.results import BROKEN_OFF, OUT_OF_TIME, CheckResult, Violation
from specwitness.fuzz.results.results import THROTTLED as THROTTLED_FOR_GOOD
from specwitness.fuzz.users.credentials import find_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis.engine.recorder import ScenarioRecorder

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.session.context import Context

_SUCCESS = 2
_BOUNDARY = re.compile(r"boundary=([0-9a-f]{32})")


@dataclass(slots=True)
class Drive:
    """Runs Schemathesis; its results are those of the check `conformance`.

    Args:
        context: The context of the run: service, users and results.
        settings: Depth and seed.
        progress: Gets a line of text after each scenario.
        sent: The number of requests so far.
        broken_off: The error that ended the run early; None as long as the service responds.
    """

    context: Context
    settings: FuzzConfig
    progress: Callable[[str], None]
    sent: int = 0
    broken_off: GoneError | None = None
    _endpoints: dict[str, Endpoint] = field(init=False)

    def __post_init__(self) -> None:
        self._endpoints = {endpoint.operation.name: endpoint for endpoint in self.context.surface.endpoints}

    def run(self, wanted: set[str]) -> None:
        """Call operations with the values that their schemas allow, and with some that they do not.

        Args:
            wanted: The ids of the operations.

        Raises:
            TargetError: The service cannot be called, or Schemathesis cannot read the contract.
        """
        if self.context.client.patience.is_over:
            self._skip(wanted, THROTTLED_FOR_GOOD)
            return
        document = self._narrow(wanted)
        schema = schemathesis.openapi.from_dict(document, config=configure(self.settings))
        relay = schema.app = Relay(self.context.client, lambda request: self._may_send(request, wanted))
        hooked = _hooked(schema, self._authorize)
        with closing(relay), hooked, _without_netrc(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = from_schema(schema).execute()
            for event in stream:
                self._take(event)
                if relay.ended or self.context.client.is_late:
                    stream.stop()
                    self._end(relay.ended or OutOfTimeError(), wanted)
                    break

    def _may_send(self, request: Request, wanted: set[str]) -> bool:
        """Tell whether a request is for an operation of this run, or for none of the contract's.

        Schemathesis also calls methods that the contract does not name, such as `TRACE /books`.
        """
        endpoint = self.context.surface.match(request.method, request.path)
        return endpoint is None or endpoint.id in wanted

    def _end(self, error: Exception, wanted: set[str]) -> None:
        """Skip the operations that were not reached, or raise an error that is none of the service's."""
        if isinstance(error, GoneError):
            self.broken_off = error
        elif not isinstance(error, OutOfTimeError):
            raise error
        self._skip(wanted, BROKEN_OFF if isinstance(error, GoneError) else OUT_OF_TIME)

    def _skip(self, wanted: set[str], reason: str) -> None:
        for endpoint in self._endpoints.values():
            if endpoint.id in wanted and not self._tally(endpoint).attacks["schemathesis"]:
                self.context.results.skip(endpoint, "conformance", reason)

    def _narrow(self, wanted: set[str]) -> dict[str, Any]:
        """Give the contract without the operations that may not be called."""
        refused = {
            (endpoint.path, endpoint.method.lower())
            for endpoint in self.context.surface.endpoints
            if endpoint.id not in wanted or not (endpoint.is_safe or self.context.client.may_write)
        }
        return narrow(self.context.surface.document, refused)

    def _take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            self._take_scenario(event.recorder)
            if event.label and event.recorder.cases:
                self.progress(f"{event.label}: {len(event.recorder.cases)} cases of {event.phase.value}")
        elif isinstance(event, events.NonFatalError):
            self._take_error(event)
        elif isinstance(event, events.FatalError):
            raise TargetError(f"the run broke off: {event.exception}", where="fuzz") from event.exception
        elif isinstance(event, events.Interrupted):
            raise KeyboardInterrupt

    def _take_error(self, event: events.NonFatalError) -> None:
        endpoint = self._endpoints.get(event.label)
        reason = " ".join(f"{type(event.value).__name__}: {event.value}".split())
        if endpoint is None:
            raise TargetError(f"the run broke off at {event.label}: {reason}", where="fuzz") from event.value
        # The relay responds whatever the service does: Schemathesis cannot use a schema of the contract.
        self.context.results.skip(endpoint, "conformance", f"Schemathesis cannot make all cases: {reason}")

    def _tally(self, endpoint: Endpoint) -> CheckResult:
        return self.context.results.result(endpoint, "conformance")

    def _take_scenario(self, recorder: ScenarioRecorder) -> None:
        redaction = self.context.results.redaction
        for case_id, interaction in recorder.interactions.items():
            case, response = recorder.cases[case_id].value, interaction.response
            if response is None:
                continue
            endpoint = self._endpoints[case.operation.label]
            result = self._tally(endpoint)
            request = _read_request(response)
            if mark := response.headers.get(MARK):
                self._take_mark(endpoint, mark[0], self.context.results.write_curl(request))
                continue
            self.sent += 1
            if case.method == endpoint.method:
                result.count(response.status_code)
                result.attacks["schemathesis"] += 1
            if response.status_code // 100 == _SUCCESS:
                redaction.learn(
                    request, Response(response.status_code, dict(response.headers), response.content)
                )
            for check in recorder.checks.get(case_id, ()):
                surface = self.context.surface
                # Schemathesis sees only the operations of this run: to it, `DELETE /books/{id}` is undeclared
                # where the run is for `GET /books/{id}` alone, or where `/books/{name}` declares it.
                is_served = check.name == "unsupported_method" and (
                    surface.find(case.method, endpoint.shape) is not None
                    or surface.overlaps(case.method, endpoint.path)
                )
                if check.failure_info is None or is_served:
                    continue
                failure = check.failure_info.failure
                event = f"{check.name}: {case.method} {endpoint.path} answered {response.status_code}"
                kind = f"{check.name} {failure.title} {response.status_code}"
                text = redaction.clean(f"{event}: {_read_message(failure)}")
                result.report(kind, Violation(text, self.context.results.write_curl(request)))

    def _take_mark(self, endpoint: Endpoint, mark: str, curl: str) -> None:
        """Note a request to which the relay responded in place of the service."""
        if mark == THROTTLED:
            self.context.results.skip(endpoint, "conformance", THROTTLED_FOR_GOOD)
        elif mark == SILENT:
            self._tally(endpoint).report("silence", Violation(NO_RESPONSE.phrase, curl))

    def _authorize(self, case: Case[Any]) -> None:
        """Add the owner's credentials to a case, unless Schemathesis has put others in their place."""
        endpoint = self._endpoints.get(case.operation.label)
        if endpoint is None:
            return
        context = self.context
        # Of the operations that only the admin may call, those without side effects are called:
        # `GET /admin/users` is, `DELETE /admin/users/{id}` is not, since it may delete alice.
        is_for_admin = context.admin is not None and endpoint.id in context.by_admin and case.method == "GET"
        caller = context.admin if is_for_admin and context.admin else context.alice
        found = find_credentials(endpoint, self.context.surface, caller.identity)
        for seat, value in found[0] if found else ():
            container = {"query": case.query, "cookie": case.cookies}.get(seat.location, case.headers)
            if seat.name not in container:
                container[seat.name] = seat.prefix + value


@contextmanager
def _hooked(schema: Any, prepare: Callable[[Case[Any]], None]) -> Iterator[None]:
    def before_call(_context: object, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        # Schemathesis calls this hook for every schema of the process.
        if case.operation.schema is schema:
            prepare(case)

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        unregister(before_call)


@contextmanager
def _without_netrc() -> Iterator[None]:
    """Keep requests from adding credentials of the user's ~/.netrc."""
    kept = os.environ.get("NETRC")
    os.environ["NETRC"] = os.devnull
    try:
        yield
    finally:
        if kept is None:
            del os.environ["NETRC"]
        else:
            os.environ["NETRC"] = kept


def _read_request(response: schemathesis.Response) -> Request:
    """Read the request; the random boundary of a form becomes `specwitness`, so that runs are equal."""
    request = response.request
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    headers = tuple((name, str(value)) for name, value in request.headers.items())
    if boundary := _BOUNDARY.search(str(request.headers.get("Content-Type", ""))):
        body = body.replace(boundary[1].encode(), b"specwitness")
        headers = tuple((name, value.replace(boundary[1], "specwitness")) for name, value in headers)
    parts = urlsplit(request.url or "")
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(request.method or "GET", parts.path, query, headers, body, parts.query)


def _read_message(failure: Any) -> str:
    """Give the first paragraph of a failure's message; the next ones hold the body of the response."""
    first = str(failure.message).strip().partition("\n\n")[0]
    sentence = " ".join(first.split())
    return f"{failure.title}: {sentence}" if sentence else str(failure.title)
