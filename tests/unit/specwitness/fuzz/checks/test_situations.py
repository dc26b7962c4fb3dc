"""Situations that the target brings about: the responses meanwhile, and whether the service recovers."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.engine import open_engine
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.model import Outcome
from tests.proving_ground.findings import Finding
from tests.services.findings import list_findings
from tests.services.outages import (
    ERASURE,
    OUTAGE,
    Condition,
    Names,
    make_outage_contract,
    make_target,
    plant,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from specwitness.fuzz.engine import Engine
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.target import Target

ONLY = FuzzConfig(only=("situation",))


def run(target: Target, settings: FuzzConfig = ONLY) -> FuzzRun:
    return run_fuzz(make_outage_contract(), target, settings, lambda _: None)


def opened(target: Target, settings: FuzzConfig = ONLY) -> AbstractContextManager[Engine]:
    return open_engine(read_surface(make_outage_contract()), target, settings, lambda _: None)


def witnesses_of(found: FuzzRun) -> dict[str, tuple[Outcome, str]]:
    return {
        witness.id.removeprefix("fuzz:").removesuffix(":situation"): (witness.outcome, witness.detail or "")
        for witness in found.witnesses
    }


def test_right_service_answers_as_documented_and_recovers() -> None:
    condition = Condition()
    found = run(make_target(condition))
    assert witnesses_of(found) == {
        "listThings": (Outcome.PASSED, ""),
        "eraseAccount": (Outcome.PASSED, ""),
    }
    assert condition.ended == [ERASURE, OUTAGE]
    counts = {witness.id: witness.counts for witness in found.witnesses}["fuzz:listThings:situation"]
    # 410, 503, and a 2xx after both of them.
    assert counts == {"cases": 4, "2xx": 2, "4xx": 1, "5xx": 1, "attacks": 4, "baseline": 1}


@pytest.mark.parametrize(
    ("fault", "operation", "text"),
    [
        (
            "crash-when-down",
            "listThings",
            "GET /things answered 500, expected 503: an outage (1 case)\n  curl -i -X GET -H",
        ),
        ("crash-when-down", "eraseAccount", "DELETE /account answered 500, expected 503: an outage"),
        (
            "serves-erased",
            "listThings",
            "GET /things answered 200, expected 410: an erased account (1 case)",
        ),
        (
            "stays-down",
            "listThings",
            "GET /things answered 503 after it was over, expected 2xx: an outage (1 case)",
        ),
    ],
)
def test_undocumented_status_and_missing_recovery_are_found(fault: str, operation: str, text: str) -> None:
    outcome, detail = witnesses_of(run(make_target(plant(fault))))[operation]
    assert outcome is Outcome.FAILED
    assert detail.startswith(text)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no-retry-after", "GET /things answered 503 without Retry-After"),
        ("retry-after-word", "GET /things answered 503 with a Retry-After that does not fit the contract"),
        ("misfit-when-down", "the body of the 503 does not fit the contract: $.title: `const`"),
    ],
)
def test_headers_and_body_of_the_response_are_validated(fault: str, text: str) -> None:
    with opened(make_target(plant(fault))) as engine:
        ledger = engine.run()
    assert text in ledger.by_check["listThings", "conformance"].describe_violations()


def test_recovery_within_the_time_limit_is_no_finding() -> None:
    condition = plant("stays-down")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        condition.is_down = False

    with opened(make_target(condition, recovery=5.0)) as engine:
        engine.client.sleep = sleep
        assert run_engine(engine) == []
    assert len(pauses) == 1


def run_engine(engine: Engine) -> list[Finding]:
    engine.run()
    return list_findings(engine)


def test_missing_response_is_found_and_the_run_goes_on() -> None:
    condition = Condition()
    with opened(make_target(condition)) as engine:
        transport = engine.client.transport

        class SilentTransport:
            is_remote = False

            def send(self, request: Request) -> Response:
                if condition.is_down:
                    raise TargetError("nobody answers", where="here", remedy="none")
                return transport.send(request)

        engine.client.transport = SilentTransport()
        findings = run_engine(engine)
    assert findings == [
        Finding("GET /things", "situation", "answered nothing, expected 503: an outage"),
        Finding("DELETE /account", "situation", "answered nothing, expected 503: an outage"),
    ]


def test_witness_names_the_requirements_of_the_expected_responses() -> None:
    for condition in (Condition(), plant("serves-erased")):
        found = run(make_target(condition))
        keys = {witness.id: witness.requirements for witness in found.witnesses}
        assert keys == {
            "fuzz:listThings:situation": ("001/FR-410", "001/FR-503"),
            "fuzz:eraseAccount:situation": ("001/FR-503",),
        }


def test_situation_is_tried_on_the_operations_it_names() -> None:
    found = run(make_target(Condition(), operations=("eraseAccount",)))
    assert {witness.id: witness.counts["cases"] for witness in found.witnesses} == {
        "fuzz:listThings:situation": 2,
        "fuzz:eraseAccount:situation": 2,
    }


def test_operation_that_was_not_selected_is_not_called() -> None:
    condition = Condition()
    settings = FuzzConfig(only=("situation",), operations=("eraseAccount",))
    assert set(witnesses_of(run(make_target(condition), settings))) == {"eraseAccount"}
    assert condition.ended == [OUTAGE]


def test_spent_time_budget_ends_the_situation_and_is_reported() -> None:
    condition = Condition()
    settings = FuzzConfig(only=("situation",), seconds=100)
    with opened(make_target(condition), settings) as engine:
        began = engine.client.clock()
        engine.client.clock = lambda: began + 1000 * condition.is_down
        assert run_engine(engine) == []
    assert condition.ended == [ERASURE, OUTAGE]
    gaps = engine.context.results.gaps
    assert gaps["eraseAccount", "situation"] == "the time budget was spent before it was reached"


@contextmanager
def never_ends(_: object) -> Iterator[None]:
    yield
    raise ConnectionError("still\ndown")


def refuses(_: object) -> Any:
    raise ConnectionError("no proxy")


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"identity": "dora"}, "an outage: there is no dora"),
        ({"operations": ("nothing",)}, "an outage: the contract has no operation nothing"),
        ({"enter": refuses}, "an outage cannot be brought about, or not be ended: ConnectionError: no proxy"),
        ({"enter": never_ends}, "or not be ended: ConnectionError: still down"),
        ({"enter": lambda call: nullcontext(call("nothing"))}, "nothing cannot be called"),
    ],
)
def test_situation_that_cannot_begin_or_end_makes_the_run_invalid(
    others: dict[str, Any], message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        run(make_target(Condition(), Names(), **others))
    assert message in str(caught.value)
    assert caught.value.remedy is not None
