"""Runs of our checks on small services, and what the checks find."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.api.endpoint import Surface, read_surface
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target
from tests.proving_ground.findings import Finding
from tests.services.contract import describe_app, read_document
from tests.support.attacks import attack_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.engine import Engine
    from specwitness.openapi import Contract
    from tests.services.service import PlantedBug, SmallService


@cache
def contract_of(service: SmallService) -> Contract:
    """Read the contract of a service."""
    return service.read() if service.read else read_document(describe_app(service.build()))


@cache
def surface_of(service: SmallService) -> Surface:
    """Read the contract of a service as the checks need it."""
    return read_surface(contract_of(service))


def attack(service: SmallService, *switches: str, only: tuple[str, ...] = ()) -> Engine:
    """Run our checks on a build of a service, once for all tests that look at the run.

    Args:
        service: The service.
        switches: The bugs that are planted.
        only: The checks that are run; all of them where none is named.

    Raises:
        AssertionError: An operation answered no user with 2xx that should, or one did that should not.
    """
    return _attack(service, frozenset(switches), only)


@cache
def _attack(service: SmallService, switches: frozenset[str], only: tuple[str, ...]) -> Engine:
    surface = surface_of(service)
    target = Target(app=service.build(*switches), identities=service.identities)
    engine = attack_target(surface, target, FuzzConfig(strict=True, only=only))
    reached = {*engine.context.succeeded, *engine.context.by_admin}
    unreached = {endpoint.id for endpoint in surface.endpoints} - reached
    assert unreached == service.unreached, f"{service.name}: answered no user with 2xx: {unreached}"
    return engine


def run_whole(
    contract: Contract,
    target: Target,
    settings: FuzzConfig | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> FuzzRun:
    """Run our checks and Schemathesis on a target, as `specwitness fuzz` does."""
    with pytest.MonkeyPatch.context() as patch:
        # pytest would explain every assertion that holds inside Schemathesis: five times the time.
        patch.setattr("_pytest.assertion.util._assertion_pass", None)
        return run_fuzz(contract, target, settings or FuzzConfig(), progress)


def list_findings(engine: Engine) -> list[Finding]:
    """List what a run found, in the words of the report: one of each kind for an operation and a check."""
    names = {endpoint.id: endpoint.operation.name for endpoint in engine.surface.endpoints}
    return [
        Finding(names[key], check, breaches[0].text.removeprefix(names[key]).strip())
        for (key, check), tally in engine.context.results.by_check.items()
        for breaches in tally.violations.values()
    ]


def assert_found(service: SmallService, bug: PlantedBug) -> None:
    """Assert that the bug's check, run alone, finds the bug on the bug's operation and says what is wrong."""
    findings = list_findings(attack(service, bug.switch, only=(bug.check, *bug.needs)))
    assert any(
        (finding.check, finding.operation) == (bug.check, bug.operation) and bug.words in finding.text
        for finding in findings
    ), findings


def assert_silent(service: SmallService, *, only: tuple[str, ...] = ()) -> None:
    """Assert that the checks find nothing in the right build."""
    findings = list_findings(attack(service, only=only))
    assert findings == [], findings
