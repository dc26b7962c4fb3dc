"""Runs of our checks on services of the proving ground, right and broken."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from specwitness.fuzz.api.endpoint import Surface, read_surface
from specwitness.fuzz.engine import Engine, open_engine
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Identity, Mint, UnfitKey
from specwitness.openapi import Contract, read_contract
from tests.proving_ground.catalogue import find_service
from tests.proving_ground.claims import LEEWAY
from tests.proving_ground.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from specwitness.config import FuzzConfig
    from tests.proving_ground.model import Service


@dataclass(frozen=True, slots=True)
class Users:
    """The identities of a service of the proving ground."""

    mint: Mint
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def identify(self, name: str, client: object = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        """Give an identity with its token, and its keys for other schemes."""
        found = self.mint.identify(name)
        values = {scheme: item[name] for scheme, item in self.keys.items() if name in item}
        return replace(found, values=values) if found else None


def make_users(service: Service) -> Users:
    """Make the identities of a service, as somebody who tries it would."""
    mint = service.mint
    return Users(
        Mint(
            mint.key,
            mint.algorithm,
            issuer=mint.issuer,
            audience=mint.audience,
            subjects=dict(mint.subjects),
            claims_of=dict(mint.claims),
            header={"kid": mint.kid} if mint.kid else {},
            leeway=LEEWAY,
            maximum_age=mint.maximum_age,
            unfit=tuple(UnfitKey(row.key, row.why, row.algorithm, row.kid) for row in mint.unfit),
        ),
        service.keys,
    )


@cache
def contract_of(name: str) -> Contract:
    """Read the contract of a service."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.json"
        path.write_text(json.dumps(find_service(name).contract), encoding="utf-8")
        return read_contract(path, Path(folder))


@cache
def surface_of(name: str) -> Surface:
    """Read the contract of a service as the checks need it."""
    return read_surface(contract_of(name))


def attack(name: str, bug: str | None, settings: FuzzConfig) -> Engine:
    """Run our checks on a build of a service.

    Args:
        name: The service's name.
        bug: The bug that is planted; None for the right build.
        settings: Seed, depth and checks.
    """
    return attack_target(surface_of(name), _open(name, bug), settings)


def attack_target(surface: Surface, target: Target, settings: FuzzConfig) -> Engine:
    """Run our checks on a target."""
    with open_engine(surface, target, settings, lambda _: None) as engine:
        engine.run()
    return engine


def attack_whole(name: str, bug: str | None, settings: FuzzConfig) -> FuzzRun:
    """Run our checks and Schemathesis on a build of a service, as `specwitness fuzz` does."""
    return run_fuzz(contract_of(name), _open(name, bug), settings, lambda _: None)


def _open(name: str, bug: str | None) -> Target:
    service = find_service(name)
    users = make_users(service)
    return Target(app=service.build(bug), identities=users, mint=users.mint)


def findings_of(engine: Engine) -> frozenset[Finding]:
    """Give the findings of our own checks; the text is the kind of what is wrong."""
    names = {endpoint.id: endpoint.operation.name for endpoint in engine.surface.endpoints}
    breaches = {key: tally.violations for key, tally in engine.context.results.by_check.items()}
    return _list_findings(names, breaches)


def findings_of_run(run: FuzzRun) -> frozenset[Finding]:
    """Give the findings of a whole run; the text is the kind of what is wrong."""
    return _list_findings({operation.id: operation.name for operation in run.operations}, run.violations)


def _list_findings(
    names: Mapping[str, str], breaches: Mapping[tuple[str, str], Iterable[str]]
) -> frozenset[Finding]:
    return frozenset(
        Finding(names[operation], check, kind)
        for (operation, check), kinds in breaches.items()
        for kind in kinds
    )
