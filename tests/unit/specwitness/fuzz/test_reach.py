"""What a run says of operations that it never reached: nothing that anybody could take for a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.report.summary import result_of
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from specwitness.model import Location, Outcome, Requirement, RequirementKind, Verdict
from specwitness.trace import judge
from tests.support.moods import TOKEN, Mood, create_app, write_contract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RIGHT = Tokens(alice=f"{TOKEN}alice", bob=f"{TOKEN}bob")
WRONG = Tokens(alice="wrong", bob="wrong as well")


def run(
    folder: Path,
    mood: Mood,
    *,
    statuses: Mapping[str, int] | None = None,
    tokens: Tokens = RIGHT,
    settings: FuzzConfig | None = None,
) -> FuzzRun:
    """Run on the service; `statuses` are what answers all calls of a path instead of it."""
    target = Target(app=Instead(create_app(mood), statuses or {}), identities=tokens)
    with pytest.MonkeyPatch.context() as patch:
        # pytest would explain each assertion inside Schemathesis that holds: five times the time.
        patch.setattr("_pytest.assertion.util._assertion_pass", None)
        return run_fuzz(write_contract(folder), target, settings or FuzzConfig(), lambda _: None)


class Instead:
    """Answers some paths with a status, whatever the service would."""

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
    own = [each for each in found.witnesses if key in each.requirements]
    assert own
    return judge(requirement, own, is_drifted=False)


def test_requirement_of_an_operation_that_never_answered_2xx_is_silent(tmp_path: Path) -> None:
    reached, unreached = run(tmp_path, Mood()), run(tmp_path, Mood(erased={"alice"}))
    assert verdict_of("001/FR-2", reached) is Verdict.UNFALSIFIED
    assert verdict_of("001/FR-2", unreached) is Verdict.SILENT
    assert {each.outcome for each in unreached.witnesses if "listThings" in each.id} == {Outcome.SKIPPED}


def test_token_that_is_refused_is_noticed_though_something_public_answers(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="the valid token is refused everywhere"):
        run(tmp_path, Mood(), tokens=WRONG)


def test_token_that_is_refused_is_noticed_though_one_operation_answers_otherwise(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="the valid token is refused everywhere"):
        run(tmp_path, Mood(), statuses={"/account": 503}, tokens=WRONG)


def test_run_that_reached_only_what_is_public_is_invalid(tmp_path: Path) -> None:
    settings = FuzzConfig(operations=("getHealth", "listThings"))
    found = run(tmp_path, Mood(erased={"alice"}), settings=settings)
    passed = {each.id.split(":")[1] for each in found.witnesses if each.outcome is Outcome.PASSED}
    assert passed == {"getHealth"}
    assert result_of(found) == "invalid"
