"""The results of `make deep`: which of them count as clean."""

from __future__ import annotations

from typing import Any

import pytest

from tests import deep

CLEAN = {"documented": 47, "observed": 47, "undocumented": 0, "server_errors": 0}


def seed(result: str = "kept", seconds: float = 25.4, **statuses: int) -> deep.SeedResult:
    figures: dict[str, Any] = {
        "requests": {"checks": 1000, "schemathesis": 900},
        "statuses": {**CLEAN, **statuses},
    }
    return deep.SeedResult(7, result, seconds, figures)


def test_seed_without_a_problem_is_clean() -> None:
    assert seed().as_row() == ["7", "1900", "25", "0", "0", "47 of 47", "clean"]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (seed("broken"), "broken"),
        (seed("invalid"), "invalid"),
        (seed(observed=46), "not clean"),
        (seed(undocumented=1), "not clean"),
        (seed(server_errors=1), "not clean"),
        (seed(seconds=deep.LONGEST_SECONDS), "not clean"),
    ],
)
def test_seed_with_a_problem_is_not_clean(found: deep.SeedResult, verdict: str) -> None:
    assert not found.is_clean
    assert found.as_row()[-1] == verdict


def test_one_unclean_seed_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(number: int) -> deep.SeedResult:
        return seed("broken" if number == 3 else "kept")

    monkeypatch.setattr(deep, "run_seed", run)
    assert deep.main(["2"]) == 0
    assert deep.main(["3"]) == 1
