"""Our own service under our own checks: each documented status comes, the rare ones for real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.engine import Engine, open_engine
from specwitness.fuzz.results.coverage import find_unseen, measure
from specwitness.openapi import read_contract
from tests.support.target import open_target

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The service after all of our checks, without Schemathesis."""
    surface = read_surface(read_contract(ROOT / "contracts/openapi.yaml", ROOT))
    settings = FuzzConfig(strict=True)
    with open_target() as target, open_engine(surface, target, settings, lambda _: None) as tried:
        tried.run()
    return tried


def test_no_check_finds_anything(engine: Engine) -> None:
    tallies = engine.context.results.by_check.items()
    assert {key: tally.describe_violations() for key, tally in tallies if tally.violations} == {}


def test_every_documented_status_came_and_no_other(engine: Engine) -> None:
    coverage = measure(engine.surface.endpoints, engine.context.results)
    assert coverage.observed == coverage.documented > 40
    assert (coverage.undocumented, coverage.server_errors) == (0, 0)


def test_status_that_does_not_come_would_be_noticed(engine: Engine) -> None:
    for endpoint in engine.surface.endpoints:
        promising = replace(endpoint, responses={**endpoint.responses, "418": {"description": "tea"}})
        assert find_unseen(promising, engine.context.results) == ["418"]
