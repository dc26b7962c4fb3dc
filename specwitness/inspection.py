"""Runs the contract check of a repository: opens the service, reads specs and base, and compares them."""

from __future__ import annotations

import sys
from contextlib import chdir, redirect_stdout
from typing import TYPE_CHECKING, Any

from specwitness.config import find_specs, locate_contract_waivers
from specwitness.contract import (
    App,
    Base,
    Inspection,
    Rulebook,
    inspect_contract,
    list_routes,
    place_app,
    read_base,
    read_document,
)
from specwitness.errors import ConfigError
from specwitness.fuzz.http.asgi import open_app
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.target import load_target
from specwitness.openapi import read_contract
from specwitness.spec import read_specs

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from specwitness.config import Config
    from specwitness.fuzz.target import Target
    from specwitness.openapi import Contract

# An app that hangs ends the check.
_SECONDS = 30.0


def inspect(root: Path, config: Config, today: date) -> Inspection:
    """Compare the contract of the settings with the specs, the base and the app of the settings.

    Raises:
        SpecwitnessError: A file cannot be read, or the service cannot be opened.
    """
    if config.contract is None:
        raise ConfigError(
            "no contract is named",
            where="[tool.specwitness] contract",
            remedy='set contract = "contracts/openapi.yaml", or give --contract FILE',
        )
    contract = read_contract(root / config.contract, root)
    base = find_base(root, config)
    rules = build_rulebook(root, config, today)
    if not config.target:
        return inspect_contract(contract, None, base, rules)
    sys.path.insert(0, str(root))
    # The output of the service must not mix with the result on stdout.
    with chdir(root), redirect_stdout(sys.stderr), load_target(config.target) as target:
        return inspect_contract(contract, describe_app(target, contract, config), base, rules)


def read_served(app: Any, path: str) -> dict[str, Any]:
    """Request the document that an app serves, within the app's lifespan.

    Args:
        app: The ASGI app.
        path: Such as `/openapi.json`.

    Raises:
        TargetError: The app does not start or respond, or the response is no OpenAPI document.
    """
    with open_app(app, seconds=_SECONDS) as transport:
        response = transport.send(Request("GET", path, headers=(("Accept", "application/json"),)))
    return read_document(response.status, response.content, path)


def find_base(root: Path, config: Config) -> Base | None:
    """Read the base of the settings; None if they name none."""
    name = config.contract_check.base
    return read_base(root, name, config.contract or "") if name else None


def build_rulebook(root: Path, config: Config, today: date) -> Rulebook:
    """Collect levels, waivers and the known requirements; without specs, keys are not checked."""
    has_specs = any(True for pattern in config.specs for _ in root.glob(pattern))
    specs = read_specs(find_specs(root, config), root) if has_specs else ()
    known = {requirement.key for spec in specs for requirement in spec.requirements} if has_specs else None
    return Rulebook(config.contract_check, locate_contract_waivers(root, config), known, today)


def describe_app(target: Target, contract: Contract, config: Config) -> App:
    """Collect the generated schema, the routes and the served document of the app."""
    path = config.contract_check.served
    app = App(
        generated=target.generated_schema,
        routes=target.routes or list_routes(target.app),
        served=read_served(target.app, path) if path and target.app is not None else None,
        served_at=path or "",
        undocumented=target.undocumented,
    )
    return place_app(app, contract)
