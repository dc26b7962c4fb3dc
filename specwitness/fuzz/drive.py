"""Drives Schemathesis over a contract: each case with the good credential, and with the bad ones first."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.python.asgi import shutdown_lifespans

from specwitness.errors import TargetError
from specwitness.fuzz.configuration import HISTORY_CHECKS, configure
from specwitness.fuzz.refusals import Answer, RefusalSchema, judge_refusal
from specwitness.fuzz.reproduction import Redaction, SentRequest, as_curl
from specwitness.fuzz.served import ServedApp
from specwitness.fuzz.tally import Breach, Tally
from specwitness.fuzz.target import Credential, Target
from specwitness.openapi import Contract, Operation, bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis import Case, Response
    from schemathesis.engine.recorder import ScenarioRecorder

    from specwitness.config import FuzzConfig

BAD_CREDENTIALS = (Credential.NONE, Credential.FORGED, Credential.EXPIRED)
_SUCCESS = 2
_MOST_ATTEMPTS = {"quick": 20, "deep": 500}


@dataclass(slots=True)
class Drive:
    """One run over all operations; what it saw is in `tallies`, by operation and credential.

    Args:
        contract: Says which operations there are.
        target: The service.
        settings: Depth and seed.
        progress: Told what is being done.
    """

    contract: Contract
    target: Target
    settings: FuzzConfig
    progress: Callable[[str], None]
    tallies: dict[tuple[str, Credential], Tally] = field(default_factory=dict)
    authorizations: dict[Credential, str | None] = field(default_factory=dict)
    redaction: Redaction = field(init=False)
    _operations: dict[str, Operation] = field(init=False)
    _schemas: dict[str, RefusalSchema] = field(init=False)
    _disturbed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        document = bundle(self.contract)
        self.authorizations = {each: self.target.authorization(each) for each in Credential}
        self.redaction = Redaction(self.authorizations.values())
        self._operations = {each.name: each for each in self.contract.operations}
        self._schemas = {
            each.id: RefusalSchema(document, each.path, each.method) for each in self.contract.operations
        }
        self.tallies = {(each.id, by): Tally() for each in self.contract.operations for by in Credential}

    def run(self) -> None:
        """Call every operation in every way.

        Raises:
            TargetError: The service cannot be driven at all.
        """
        if self.target.reset:
            self.target.reset()
        configuration = configure(self.settings, self.authorizations[Credential.VALID])
        schema = schemathesis.openapi.from_dict(bundle(self.contract), config=configuration)
        schema.app = ServedApp(self.target.app)
        try:
            with _hooked(schema, self._attempt), _without_netrc(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for event in from_schema(schema).execute():
                    self._take(event)
        finally:
            shutdown_lifespans()
            if self.target.reset:
                self.target.reset()

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
        operation = self._operations.get(event.label)
        said = " ".join(f"{type(event.value).__name__}: {event.value}".split())
        if operation is None:
            raise TargetError(f"the run broke off at {event.label}: {said}", where="fuzz") from event.value
        self.tallies[operation.id, Credential.VALID].blame("error", Breach(f"cannot be driven: {said}", ""))

    def _take_scenario(self, recorder: ScenarioRecorder) -> None:
        is_disturbed = not self._disturbed.isdisjoint(recorder.cases)
        for case_id, interaction in recorder.interactions.items():
            case, response = recorder.cases[case_id].value, interaction.response
            if response is None:
                continue
            operation = self._operations[case.operation.label]
            tally = self.tallies[operation.id, Credential.VALID]
            request = _read_request(response)
            if case.method == operation.method:
                tally.count(response.status_code)
            if response.status_code // 100 == _SUCCESS:
                location = next(iter(response.headers.get("location", [])), None)
                self.redaction.learn(request, response.content, location)
            for check in recorder.checks.get(case_id, ()):
                if check.failure_info is None or (is_disturbed and check.name in HISTORY_CHECKS):
                    continue
                failure = check.failure_info.failure
                came = f"{check.name}: {case.method} {operation.path} answered {response.status_code}"
                kind = f"{check.name} {failure.title} {response.status_code}"
                tally.blame(kind, Breach(f"{came}: {_read_message(failure)}", as_curl(request)))

    def _attempt(self, case: Case[Any]) -> None:
        """Send a case with each bad credential, before it goes out with the good one."""
        operation = self._operations[case.operation.label]
        if not operation.protected or case.method != operation.method:
            return
        for credential in BAD_CREDENTIALS:
            tally = self.tallies[operation.id, credential]
            is_missing = self.authorizations[credential] is None and credential is not Credential.NONE
            # One success says all; more of them would only disturb what the good credential finds.
            if is_missing or tally.succeeded or tally.cases >= self._most_attempts(case):
                continue
            self._attempt_with(case, operation, credential)

    def _most_attempts(self, case: Case[Any]) -> int:
        # Malformed cases come first and are many; they may not use up the share of the well-formed.
        is_malformed = case.meta is not None and case.meta.generation.mode.is_negative
        return _MOST_ATTEMPTS[self.settings.profile] * (1 if is_malformed else 2)

    def _attempt_with(self, case: Case[Any], operation: Operation, credential: Credential) -> None:
        tally, authorization = self.tallies[operation.id, credential], self.authorizations[credential]
        before = self.target.state() if self.target.state else None
        headers = {"Authorization": authorization}
        response = case.operation.schema.transport.send(case, app=case.operation.app, headers=headers)
        after = self.target.state() if self.target.state else None
        request = _read_request(response)
        if request.headers.get("Authorization") != authorization:
            # The case itself plays with the header; it testifies for no credential.
            return
        tally.count(response.status_code)
        answer = Answer(response.status_code, response.headers, response.content)
        found = list(judge_refusal(answer, credential, self._schemas[operation.id].check))
        if before != after:
            found.append(("state", "expected the stored state unchanged, it changed"))
        if before != after or response.status_code // 100 == _SUCCESS:
            self._disturbed.add(case.id)
        for kind, text in found:
            tally.blame(kind, Breach(f"{operation.name} {credential.phrase}: {text}", as_curl(request)))


@contextmanager
def _hooked(schema: Any, attempt: Callable[[Case[Any]], None]) -> Iterator[None]:
    def before_call(_context: object, case: Case[Any], _kwargs: dict[str, Any]) -> None:
        # The dispatcher is one for the whole process.
        if case.operation.schema is schema:
            attempt(case)

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


def _read_request(response: Response) -> SentRequest:
    request = response.request
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    headers = {name: str(value) for name, value in request.headers.items()}
    return SentRequest(request.method or "GET", request.url or "", headers, body)


def _read_message(failure: Any) -> str:
    """Give the sentence of a failure without the dump of the body that follows it."""
    first = str(failure.message).strip().partition("\n\n")[0]
    sentence = " ".join(first.split())
    return f"{failure.title}: {sentence}" if sentence else str(failure.title)
