"""Witnesses of a run on the notes service: one for an operation and a check, right or failed by its fault."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.run import fuzz
from specwitness.fuzz.target import Credential, Target
from specwitness.model import Outcome, Witness
from specwitness.openapi import read_contract
from tests.proving_ground.notes.service import EXPIRED, FORGED, VALID, Fault
from tests.proving_ground.notes.target import open_target
from tests.services.findings import run_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOTES = Path("tests/proving_ground/notes")
CONTRACT = read_contract(NOTES / "openapi.yaml", Path())
PROTECTED = ("listNotes", "createNote", "getNote", "deleteNote")


def run_on(target: Target, progress: Callable[[str], None], settings: FuzzConfig) -> dict[str, Witness]:
    witnesses = run_whole(CONTRACT, target, settings, progress).witnesses
    return {witness.id.removeprefix("fuzz:"): witness for witness in witnesses}


@cache
def run(*faults: Fault) -> dict[str, Witness]:
    with open_target(*faults) as target:
        return run_on(target, lambda _: None, FuzzConfig())


def failed(witnesses: dict[str, Witness]) -> set[str]:
    return {name for name, witness in witnesses.items() if witness.outcome is Outcome.FAILED}


def of(operations: Sequence[str], *checks: str) -> set[str]:
    return {f"{operation}:{check}" for operation in operations for check in checks}


@pytest.fixture(scope="module")
def right() -> dict[str, Witness]:
    return run()


# The target of these tests has one user.
FOR_TWO_USERS = frozenset({"isolation", "existence", "disclosure"})


def test_right_service_passes_every_check_that_one_user_suffices_for(right: dict[str, Witness]) -> None:
    outcomes = {name: witness.outcome for name, witness in right.items()}
    skipped = {name for name, outcome in outcomes.items() if outcome is Outcome.SKIPPED}
    assert set(outcomes.values()) == {Outcome.PASSED, Outcome.SKIPPED}
    assert {name.partition(":")[2] for name in skipped} == FOR_TWO_USERS
    assert {right[name].detail for name in skipped} == {"there is no second user to try it as"}


def test_protected_operations_are_tried_with_every_kind_of_bad_credential(
    right: dict[str, Witness],
) -> None:
    expected = of(PROTECTED, "conformance", "none", "forged", "expired") | {"getHealth:conformance"}
    assert expected <= set(right)
    assert not set(right) & of(["getHealth"], "none", "forged", "expired")
    assert of(["createNote", "deleteNote"], "side_effect", "robustness", "shadow") <= set(right)


def test_second_run_prints_nothing_and_gives_equal_witnesses(
    right: dict[str, Witness], capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught, open_target() as target:
        again = run_on(target, said.append, FuzzConfig())
    assert repr(again) == repr(right)
    assert any(line.startswith("GET /notes: ") and line.endswith(" cases of coverage") for line in said)
    assert capfd.readouterr() == ("", "")
    assert caught == []


def test_witness_has_name_line_and_counts_of_its_operation(right: dict[str, Witness]) -> None:
    witness = right["getNote:expired"]
    assert witness.name == "GET /notes/{note_id} with credentials whose time is over"
    assert str(witness.location) == "tests/proving_ground/notes/openapi.yaml:61"
    assert witness.counts["cases"] == witness.counts["4xx"] == witness.counts["attacks"] == 1
    assert witness.counts["baseline"] > 0


def test_status_that_never_came_is_reported_and_no_failure(right: dict[str, Witness]) -> None:
    witness = right["deleteNote:conformance"]
    assert witness.detail == "never observed: 503"
    assert (witness.counts["documented"], witness.counts["observed"]) == (5, 4)


def test_operations_on_one_object_reach_a_stored_one(right: dict[str, Witness]) -> None:
    assert right["getNote:conformance"].counts["2xx"] > 0
    assert right["deleteNote:conformance"].counts["2xx"] > 0


def test_witness_names_requirements_of_the_operation_and_of_its_401(right: dict[str, Witness]) -> None:
    keys = ("notes/FR-009", "notes/FR-001", "notes/FR-002", "notes/SC-001", "notes/FR-003")
    assert right["getNote:forged"].requirements == keys


@pytest.fixture(scope="module")
def lacking() -> dict[str, Witness]:
    authorizations = {Credential.VALID: f"Bearer {VALID}", Credential.FORGED: f"Bearer {FORGED}"}
    settings = FuzzConfig(checks={"forged": ("notes/FR-00[12]",), "none": ()})
    with open_target() as right_target:
        target = Target(app=right_target.app, authorization=authorizations.get, reset=right_target.reset)
        return run_on(target, lambda _: None, settings)


def test_table_of_checks_narrows_the_requirements(lacking: dict[str, Witness]) -> None:
    assert lacking["getNote:forged"].requirements == ("notes/FR-001", "notes/FR-002")
    assert lacking["getNote:none"].requirements == ()
    assert len(lacking["getNote:expired"].requirements) == 5


def test_check_without_its_credential_is_skipped(lacking: dict[str, Witness]) -> None:
    assert (
        lacking["getNote:expired"].detail == "the target has no expired token, and no mint to make one with"
    )
    assert lacking["getNote:expired"].outcome is Outcome.SKIPPED
    assert lacking["getNote:forged"].outcome is Outcome.PASSED


LATE_AND_CRASHING = (Fault.IGNORES_EXPIRY, Fault.CRASHES_ON_TEXT)


# Faults that touch different witnesses share a run, to save time.
@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (LATE_AND_CRASHING, of(PROTECTED, "expired") | of(["createNote"], "conformance")),
        (
            (Fault.ACCEPTS_FORGED, Fault.UNDOCUMENTED_STATUS),
            # What never answers 2xx is tried with nothing.
            of(["listNotes", "createNote", "deleteNote"], "forged") | of(["getNote"], "conformance"),
        ),
        (
            (Fault.SCHEMA_LIE,),
            of(["createNote"], "conformance"),
        ),
        ((Fault.OPEN_DELETE,), of(["deleteNote"], "none", "forged", "expired")),
        ((Fault.NO_CHALLENGE,), of(PROTECTED, "none", "forged", "expired")),
        ((Fault.REFUSAL_BODY_LIE,), of(PROTECTED, "none", "forged", "expired")),
        ((Fault.CHANGES_ON_REFUSAL,), of(PROTECTED, "side_effect")),
    ],
)
def test_planted_fault_fails_its_witnesses_and_no_others(
    faults: tuple[Fault, ...], expected: set[str]
) -> None:
    assert failed(run(*faults)) == expected


def test_hygiene_fails_a_witness_only_in_a_strict_run() -> None:
    witnesses = run(Fault.NO_ERROR_CODE)
    assert failed(witnesses) == set()
    assert "hygiene: " in (witnesses["getNote:forged"].detail or "")
    with open_target(Fault.NO_ERROR_CODE) as target:
        strict = run_on(target, lambda _: None, FuzzConfig(strict=True, only=("forged", "expired")))
    assert failed(strict) == of(PROTECTED, "forged", "expired")


def test_failure_has_expected_and_actual_status_and_a_curl_line() -> None:
    detail = run(Fault.OPEN_DELETE)["deleteNote:forged"].detail
    assert detail is not None
    assert "with the target's forged token: expected 401, came 204 (RFC 6750) (1 case)" in detail
    assert 'curl -i -X DELETE -H "Authorization: Bearer $TOKEN_FORGED" "$URL"/notes/$ID' in detail


def test_crash_of_the_app_is_reported_as_a_500() -> None:
    detail = run(*LATE_AND_CRASHING)["createNote:conformance"].detail
    assert detail is not None
    assert "not_a_server_error: POST /notes answered 500" in detail
    assert """--data-binary '{"text": "0"}' "$URL"/notes""" in detail


def test_no_detail_holds_a_credential() -> None:
    text = repr([run(Fault.NO_CHALLENGE), run(Fault.OPEN_DELETE), run(*LATE_AND_CRASHING)])
    assert "$TOKEN" in text
    assert not any(token in text for token in (VALID, FORGED, EXPIRED))


def test_operation_that_never_succeeds_is_skipped() -> None:
    witnesses = run(Fault.NOTE_NEVER_FOUND)
    skipped = {name for name, witness in witnesses.items() if witness.outcome is Outcome.SKIPPED}
    skipped = {name for name in skipped if name.partition(":")[2] not in FOR_TWO_USERS}
    assert skipped == of(["getNote"], "none", "forged", "expired")
    assert failed(witnesses) == {"getNote:conformance"}
    assert (witnesses["getNote:none"].detail or "").startswith(
        "never answered 2xx: with a valid token came 404 ("
    )


def test_valid_token_that_is_refused_everywhere_makes_the_run_invalid() -> None:
    with pytest.raises(TargetError, match="the valid token is refused everywhere"):
        run(Fault.REFUSES_EVERYBODY)


async def never_respond(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Send no response."""


def test_target_without_a_valid_token_makes_the_run_invalid() -> None:
    with pytest.raises(TargetError, match="no valid token"):
        fuzz(CONTRACT, Target(app=never_respond, authorization=lambda _: None), FuzzConfig(), print)


def test_interrupt_stops_the_run() -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with open_target() as target, pytest.raises(KeyboardInterrupt):
        run_on(target, interrupt, FuzzConfig())


def test_app_that_raises_answers_500() -> None:
    async def broken(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        raise RuntimeError(scope["path"])

    target = Target(app=broken, authorization=lambda credential: f"Bearer {credential.name}")
    witnesses = run_on(target, lambda _: None, FuzzConfig())
    assert "answered 500" in (witnesses["getHealth:conformance"].detail or "")
    assert "GET /health answered 500" in (witnesses["getHealth:robustness"].detail or "")
    assert witnesses["getNote:none"].outcome is Outcome.SKIPPED
