"""A run claims nothing about operations that it never reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.report.summary import result_of
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from specwitness.model import Location, Outcome, Requirement, RequirementKind, Verdict
from specwitness.trace import judge
from tests.services.findings import run_whole
from tests.services.outages import TOKEN, Condition, create_app, make_outage_contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from specwitness.fuzz.run import FuzzRun

RIGHT = Tokens(alice=f"{TOKEN}alice", bob=f"{TOKEN}bob")
WRONG = Tokens(alice="wrong", bob="wrong as well")


def run(
    condition: Condition,
    *,
    statuses: Mapping[str, int] | None = None,
    tokens: Tokens = RIGHT,
    settings: FuzzConfig | None = None,
) -> FuzzRun:
    """Run on the service; `statuses` maps a path to the status of all its responses."""
    app = FixedStatuses(create_app(condition), statuses or {})
    return run_whole(make_outage_contract(), Target(app=app, identities=tokens), settings)


class FixedStatuses:
    """Answers some paths with a fixed status in place of the app."""

    def __init__(self, app: Any, statuses: Mapping[str, int]) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        status = self._statuses.get(scope.get("path", ""))
        if status is None:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def verdict_of(key: str, found: FuzzRun) -> Verdict:
    requirement = Requirement(
        key=key,
        kind=RequirementKind.FUNCTIONAL,
        text="must",
        location=Location(file="spec.md", line=1),
        last_line=1,
    )
    own = [witness for witness in found.witnesses if key in witness.requirements]
    assert own
    return judge(requirement, own, is_drifted=False)


def test_requirement_of_an_operation_that_never_answered_2xx_is_silent() -> None:
    reached, unreached = run(Condition()), run(Condition(erased={"alice"}))
    assert verdict_of("001/FR-2", reached) is Verdict.UNFALSIFIED
    assert verdict_of("001/FR-2", unreached) is Verdict.SILENT
    outcomes = {witness.outcome for witness in unreached.witnesses if "listThings" in witness.id}
    assert outcomes == {Outcome.SKIPPED}


@pytest.mark.parametrize(
    "statuses", [{}, {"/account": 503}], ids=["public operation succeeds", "one operation answers 503"]
)
def test_token_that_is_refused_everywhere_makes_the_run_invalid(statuses: Mapping[str, int]) -> None:
    with pytest.raises(TargetError, match="the valid token is refused everywhere"):
        run(Condition(), statuses=statuses, tokens=WRONG)


def test_run_that_reached_only_public_operations_is_invalid() -> None:
    settings = FuzzConfig(operations=("getHealth", "listThings"))
    found = run(Condition(erased={"alice"}), settings=settings)
    passed = {witness.id.split(":")[1] for witness in found.witnesses if witness.outcome is Outcome.PASSED}
    assert passed == {"getHealth"}
    assert result_of(found) == "invalid"
