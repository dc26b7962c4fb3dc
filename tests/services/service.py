"""What a small service is, which bugs can be planted in it, and what the checks say of a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from specwitness.config import FuzzConfig
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.target import Target
from tests.proving_ground.model import Faults
from tests.services.contract import describe_app, read_document
from tests.services.users import ANN_AND_BEN
from tests.support.attacks import attack_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from specwitness.fuzz.engine import Engine
    from specwitness.fuzz.users.identity import IdentityProvider
    from specwitness.fuzz.api.endpoint import Surface
    from specwitness.openapi import Contract


class PlantedBug(NamedTuple):
    """One bug that can be planted in a small service, and the finding that it has to bring.

    Attributes:
        switch: What the service asks for: `faults.has("search-of-all")`.
        check: The check that finds it.
        operation: Where: `GET /notes`.
        words: A part of what the finding says after the operation.
    """

    switch: str
    check: str
    operation: str
    words: str


class Finding(NamedTuple):
    """One complaint of a run: by which check, on which operation, and its words after the operation."""

    check: str
    operation: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallService:
    """A service of a few lines, right or with one bug.

    Attributes:
        name: Its name.
        create: Makes the app with bugs planted and an empty state.
        bugs: What can be planted.
        read: Reads the contract; None for the one that the right app generates.
        identities: Who its users are, and how they come by their credentials.
        unreached: The operations that answer no user with 2xx.
    """

    name: str
    create: Callable[[Faults], FastAPI]
    bugs: tuple[PlantedBug, ...] = ()
    read: Callable[[], Contract] | None = None
    identities: IdentityProvider = field(default=ANN_AND_BEN)
    unreached: frozenset[str] = frozenset()

    def build(self, *switches: str) -> FastAPI:
        """Build the app with an empty state.

        Raises:
            KeyError: It has no such bug.
        """
        if unknown := set(switches) - {bug.switch for bug in self.bugs}:
            raise KeyError(f"{self.name} has no bug {unknown}")
        return self.create(Faults(frozenset(switches)))


@cache
def contract_of(service: SmallService) -> Contract:
    """Read the contract of a service."""
    return service.read() if service.read else read_document(describe_app(service.build()))


@cache
def surface_of(service: SmallService) -> Surface:
    """Read the contract of a service as the checks need it."""
    return read_surface(contract_of(service))


@cache
def attack(service: SmallService, *switches: str, settings: FuzzConfig | None = None) -> Engine:
    """Run our checks on a build of a service, once for all tests that look at it.

    Raises:
        AssertionError: An operation was not reached, or one that should not be reached was.
    """
    surface = surface_of(service)
    target = Target(app=service.build(*switches), identities=service.identities)
    engine = attack_target(surface, target, settings or FuzzConfig(strict=True))
    reached = {*engine.trial.succeeded, *engine.trial.by_admin}
    assert {endpoint.id for endpoint in surface.endpoints} - reached == service.unreached
    return engine


def list_findings(engine: Engine) -> list[Finding]:
    """List what a run complained about."""
    operations = {endpoint.id: endpoint.operation.name for endpoint in engine.surface.endpoints}
    return [
        Finding(check, operations[key], breaches[0].text.removeprefix(operations[key]).strip())
        for (key, check), tally in engine.trial.ledger.tallies.items()
        for breaches in tally.breaches.values()
    ]


def assert_found(service: SmallService, bug: PlantedBug) -> None:
    """Assert that a build with a bug is found by the bug's check on the bug's operation."""
    findings = list_findings(attack(service, bug.switch))
    assert any(
        (finding.check, finding.operation) == (bug.check, bug.operation) and bug.words in finding.words
        for finding in findings
    ), findings


def assert_silent(service: SmallService) -> None:
    """Assert that the checks find nothing in the right build."""
    assert list_findings(attack(service)) == []
