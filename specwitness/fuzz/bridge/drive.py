"""Drives Schemathesis over a contract with the owner's credentials: its phases, checks and shrinking."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis import Case, Response
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from specwitness.errors import TargetError
from specwitness.fuzz.bridge.narrowing import narrow
from specwitness.fuzz.bridge.relay import MARK, SILENT, THROTTLED, Relay
from specwitness.fuzz.bridge.settings import configure
from specwitness.fuzz.http.client import GoneError, OutOfTimeError
from specwitness.fuzz.http.message import NO_ANSWER, Answer, Request
from specwitness.fuzz.results.results import BROKEN_OFF, OUT_OF_TIME, Breach, Tally
from specwitness.fuzz.results.results import THROTTLED as THROTTLED_FOR_GOOD
from specwitness.fuzz.users.credentials import find_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis.engine.recorder import ScenarioRecorder

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.session.context import Trial

_SUCCESS = 2
_BOUNDARY = re.compile(r"boundary=([0-9a-f]{32})")


@dataclass(slots=True)
class Drive:
    """One run over all operations; what it saw is in the tallies of `conformance`.

    Args:
        trial: What the run shares: service, users and results.
        settings: Depth and seed.
        progress: Told what is being done.
    """

    trial: Trial
    settings: FuzzConfig
    progress: Callable[[str], None]
    sent: int = 0
    broken_off: GoneError | None = None
    _endpoints: dict[str, Endpoint] = field(init=False)

    def __post_init__(self) -> None:
        self._endpoints = {each.operation.name: each for each in self.trial.surface.endpoints}

    def run(self, wanted: set[str]) -> None:
        """Call the operations in every way that their schemas suggest, if the service lets itself be called.

        Raises:
            TargetError: The service cannot be driven at all.
        """
        if self.trial.client.patience.is_over:
            self._skip(wanted, THROTTLED_FOR_GOOD)
            return
        document = self._narrow(wanted)
        schema = schemathesis.openapi.from_dict(document, config=configure(self.settings))
        relay = schema.app = Relay(self.trial.client, lambda request: self._may_send(request, wanted))
        with _hooked(schema, self._authorize), _without_netrc(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = from_schema(schema).execute()
            for event in stream:
                self._take(event)
                if relay.ended or self.trial.client.is_late:
                    stream.stop()
                    self._end(relay.ended or OutOfTimeError(), wanted)
                    break

    def _may_send(self, request: Request, wanted: set[str]) -> bool:
        """Tell whether a request is for an operation of this run, or for none that the contract knows."""
        endpoint = self.trial.surface.match(request.method, request.path)
        return endpoint is None or endpoint.id in wanted

    def _end(self, error: Exception, wanted: set[str]) -> None:
        """Note what was not reached; whatever else ended the run is raised."""
        if isinstance(error, GoneError):
            self.broken_off = error
        elif not isinstance(error, OutOfTimeError):
            raise error
        self._skip(wanted, BROKEN_OFF if isinstance(error, GoneError) else OUT_OF_TIME)

    def _skip(self, wanted: set[str], reason: str) -> None:
        for each in self._endpoints.values():
            if each.id in wanted and not self._tally(each).attacks["schemathesis"]:
                self.trial.ledger.skip(each, "conformance", reason)

    def _narrow(self, wanted: set[str]) -> dict[str, Any]:
        """Give the contract with the operations alone that may be called."""
        refused = {
            (each.path, each.method.lower())
            for each in self.trial.surface.endpoints
            if each.id not in wanted or not (each.is_safe or self.trial.client.may_write)
        }
        return narrow(self.trial.surface.document, refused)

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
        said = " ".join(f"{type(event.value).__name__}: {event.value}".split())
        if endpoint is None:
            raise TargetError(f"the run broke off at {event.label}: {said}", where="fuzz") from event.value
        # The relay answers whatever the service does: this is between Schemathesis and the contract.
        self.trial.ledger.skip(endpoint, "conformance", f"Schemathesis cannot make all cases: {said}")

    def _tally(self, endpoint: Endpoint) -> Tally:
        return self.trial.ledger.tally(endpoint, "conformance")

    def _take_scenario(self, recorder: ScenarioRecorder) -> None:
        redaction = self.trial.ledger.redaction
        for case_id, interaction in recorder.interactions.items():
            case, response = recorder.cases[case_id].value, interaction.response
            if response is None:
                continue
            endpoint = self._endpoints[case.operation.label]
            tally = self._tally(endpoint)
            request = _read_request(response)
            if mark := response.headers.get(MARK):
                self._take_mark(endpoint, mark[0], self.trial.ledger.write_curl(request))
                continue
            self.sent += 1
            if case.method == endpoint.method:
                tally.count(response.status_code)
                tally.attacks["schemathesis"] += 1
            if response.status_code // 100 == _SUCCESS:
                redaction.learn(
                    request, Answer(response.status_code, dict(response.headers), response.content)
                )
            for check in recorder.checks.get(case_id, ()):
                surface = self.trial.surface
                # What is left out of this run, or is served by another template, is no undeclared method.
                is_served = check.name == "unsupported_method" and (
                    surface.find(case.method, endpoint.shape) is not None
                    or surface.overlaps(case.method, endpoint.path)
                )
                if check.failure_info is None or is_served:
                    continue
                failure = check.failure_info.failure
                came = f"{check.name}: {case.method} {endpoint.path} answered {response.status_code}"
                kind = f"{check.name} {failure.title} {response.status_code}"
                text = redaction.clean(f"{came}: {_read_message(failure)}")
                tally.blame(kind, Breach(text, self.trial.ledger.write_curl(request)))

    def _take_mark(self, endpoint: Endpoint, mark: str, curl: str) -> None:
        """Note a request to which the service itself gave no answer."""
        if mark == THROTTLED:
            self.trial.ledger.skip(endpoint, "conformance", THROTTLED_FOR_GOOD)
        elif mark == SILENT:
            self._tally(endpoint).blame("silence", Breach(NO_ANSWER.phrase, curl))

    def _authorize(self, case: Case[Any]) -> None:
        """Put the owner's credentials into a case that does not play with them itself."""
        endpoint = self._endpoints.get(case.operation.label)
        if endpoint is None:
            return
        trial = self.trial
        # An administrator's call may take away what others have: of those only what reads is called.
        is_for_admin = trial.admin is not None and endpoint.id in trial.by_admin and case.method == "GET"
        caller = trial.admin if is_for_admin and trial.admin else trial.alice
        found = find_credentials(endpoint, self.trial.surface, caller.identity)
        for seat, value in found[0] if found else ():
            container = {"query": case.query, "cookie": case.cookies}.get(seat.location, case.headers)
            if seat.name not in container:
                container[seat.name] = seat.prefix + value


@contextmanager
def _hooked(schema: Any, prepare: Callable[[Case[Any]], None]) -> Iterator[None]:
    def before_call(_context: object, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        # The dispatcher is one for the whole process.
        if case.operation.schema is schema:
            prepare(case)

    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(before_call, "before_call")
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


@contextmanager
def _without_netrc() -> Iterator[None]:
    """Keep the user's ~/.netrc from putting credentials of its own into the requests."""
    kept = os.environ.get("NETRC")
    os.environ["NETRC"] = os.devnull
    try:
        yield
    finally:
        if kept is None:
            del os.environ["NETRC"]
        else:
            os.environ["NETRC"] = kept


def _read_request(response: Response) -> Request:
    """Read what was sent; the boundary of a form is drawn anew each time, and is told as one that is not."""
    request = response.request
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    headers = tuple((name, str(value)) for name, value in request.headers.items())
    if drawn := _BOUNDARY.search(str(request.headers.get("Content-Type", ""))):
        body = body.replace(drawn[1].encode(), b"specwitness")
        headers = tuple((name, value.replace(drawn[1], "specwitness")) for name, value in headers)
    parts = urlsplit(request.url or "")
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(request.method or "GET", parts.path, query, headers, body, parts.query)


def _read_message(failure: Any) -> str:
    """Give the sentence of a failure without the dump of the body that follows it."""
    first = str(failure.message).strip().partition("\n\n")[0]
    sentence = " ".join(first.split())
    return f"{failure.title}: {sentence}" if sentence else str(failure.title)
