"""States that the target brings about: what is answered meanwhile, and whether the service is well after."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from schemathesis.python.asgi import shutdown_lifespans

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.engine import Engine
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.model import Outcome
from tests.support.moods import (
    ERASURE,
    OUTAGE,
    Fault,
    Mood,
    Names,
    make_target,
    write_contract,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.target import Target

ONLY = FuzzConfig(only=("situation",))


def run(folder: Path, target: Target, settings: FuzzConfig = ONLY) -> FuzzRun:
    return run_fuzz(write_contract(folder), target, settings, lambda _: None)


def witnesses_of(found: FuzzRun) -> dict[str, tuple[Outcome, str]]:
    return {
        each.id.removeprefix("fuzz:").removesuffix(":situation"): (each.outcome, each.detail or "")
        for each in found.witnesses
    }


def test_right_service_answers_as_documented_and_is_well_again(tmp_path: Path) -> None:
    mood = Mood()
    found = run(tmp_path, make_target(mood))
    assert witnesses_of(found) == {
        "listThings": (Outcome.PASSED, ""),
        "eraseAccount": (Outcome.PASSED, ""),
    }
    assert mood.ended == [ERASURE, OUTAGE]
    counts = {each.id: each.counts for each in found.witnesses}["fuzz:listThings:situation"]
    # 410, 503, and a 2xx after each of both.
    assert counts == {"cases": 4, "2xx": 2, "4xx": 1, "5xx": 1, "attacks": 4, "control": 1}


@pytest.mark.parametrize(
    ("fault", "operation", "text"),
    [
        (
            Fault.CRASHES_WHEN_DOWN,
            "listThings",
            "GET /things answered 500, expected 503: an outage (1 case)\n  curl -i -X GET -H",
        ),
        (Fault.CRASHES_WHEN_DOWN, "eraseAccount", "DELETE /account answered 500, expected 503: an outage"),
        (
            Fault.SERVES_THE_ERASED,
            "listThings",
            "GET /things answered 200, expected 410: an erased account (1 case)",
        ),
        (
            Fault.STAYS_DOWN,
            "listThings",
            "GET /things answered 503 after it was over, expected 2xx: an outage (1 case)",
        ),
    ],
)
def test_wrong_answer_and_a_service_that_stays_down_are_found(
    tmp_path: Path, fault: Fault, operation: str, text: str
) -> None:
    outcome, detail = witnesses_of(run(tmp_path, make_target(Mood(frozenset({fault})))))[operation]
    assert outcome is Outcome.FAILED
    assert detail.startswith(text)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.NAMES_NO_TIME, "GET /things answered 503 without Retry-After"),
        (Fault.NAMES_A_WORD, "GET /things answered 503 with a Retry-After that does not fit the contract"),
        (Fault.LIES_WHEN_DOWN, "the body of the 503 does not fit the contract: $.title: `const`"),
    ],
)
def test_headers_and_body_are_held_to_the_contract(tmp_path: Path, fault: Fault, text: str) -> None:
    engine = run(tmp_path, make_target(Mood(frozenset({fault})))).engine
    endpoint = next(each for each in engine.surface.endpoints if each.id == "listThings")
    assert text in engine.trial.ledger.tally(endpoint, "conformance").describe_breaches()


def test_service_that_comes_back_in_time_is_not_blamed(tmp_path: Path) -> None:
    mood = Mood(frozenset({Fault.STAYS_DOWN}))
    engine = Engine(
        read_surface(write_contract(tmp_path)), make_target(mood, recovery=5.0), ONLY, lambda _: None
    )
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        mood.is_down = False

    engine.client.sleep = sleep
    assert found_by(engine) == []
    assert len(pauses) == 1


def found_by(engine: Engine) -> list[str]:
    try:
        ledger = engine.run()
    finally:
        shutdown_lifespans()
    return [breach[0].text for each in ledger.tallies.values() for breach in each.breaches.values() if breach]


def test_service_that_answers_nothing_is_blamed_and_the_run_goes_on(tmp_path: Path) -> None:
    mood = Mood()
    engine = Engine(read_surface(write_contract(tmp_path)), make_target(mood), ONLY, lambda _: None)
    transport = engine.client.transport

    class Deaf:
        is_remote = False

        def send(self, request: Request) -> Answer:
            if mood.is_down:
                raise TargetError("nobody answers", where="here", remedy="none")
            return transport.send(request)

    engine.client.transport = Deaf()
    assert found_by(engine) == [
        "GET /things answered nothing, expected 503: an outage",
        "DELETE /account answered nothing, expected 503: an outage",
    ]


def test_witness_names_the_requirements_of_what_was_due(tmp_path: Path) -> None:
    for faults in (frozenset[Fault](), frozenset({Fault.SERVES_THE_ERASED})):
        found = run(tmp_path, make_target(Mood(faults)))
        keys = {each.id: each.requirements for each in found.witnesses}
        assert keys == {
            "fuzz:listThings:situation": ("001/FR-410", "001/FR-503"),
            "fuzz:eraseAccount:situation": ("001/FR-503",),
        }


def test_situation_may_be_for_some_operations_alone(tmp_path: Path) -> None:
    found = run(tmp_path, make_target(Mood(), operations=("eraseAccount",)))
    assert {each.id: each.counts["cases"] for each in found.witnesses} == {
        "fuzz:listThings:situation": 2,
        "fuzz:eraseAccount:situation": 2,
    }


def test_operation_that_the_run_is_not_for_is_not_called(tmp_path: Path) -> None:
    mood = Mood()
    settings = FuzzConfig(only=("situation",), operations=("eraseAccount",))
    assert set(witnesses_of(run(tmp_path, make_target(mood), settings))) == {"eraseAccount"}
    assert mood.ended == [OUTAGE]


def test_spent_budget_ends_the_situation_and_is_told(tmp_path: Path) -> None:
    mood = Mood()
    settings = FuzzConfig(only=("situation",), seconds=100)
    engine = Engine(read_surface(write_contract(tmp_path)), make_target(mood), settings, lambda _: None)
    began = engine.client.clock()
    engine.client.clock = lambda: began + 1000 * mood.is_down
    assert found_by(engine) == []
    assert mood.ended == [ERASURE, OUTAGE]
    gaps = engine.trial.ledger.gaps
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
def test_situation_that_cannot_be_had_makes_the_run_invalid(
    tmp_path: Path, others: dict[str, Any], message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        run(tmp_path, make_target(Mood(), Names(), **others))
    assert message in str(caught.value)
    assert caught.value.remedy is not None
