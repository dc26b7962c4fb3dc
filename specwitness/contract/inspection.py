"""The whole check of a contract: lint, the app, what it serves, the base; joined and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from specwitness.contract.comparison import find_differences, find_undocumented
from specwitness.contract.evolution import find_changes
from specwitness.contract.lint import lint
from specwitness.contract.routes import compare_routes
from specwitness.contract.served import compare_served
from specwitness.contract.violations import Violation, find_bad_waivers, judge, refuse
from specwitness.model import Finding, Frozen, Judgement, RuleLevel
from specwitness.openapi import base_path, bundle, strip_base

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from specwitness.config import ContractConfig
    from specwitness.contract.base import Base
    from specwitness.model import Location
    from specwitness.openapi import Contract


class App(NamedTuple):
    """What is known of the running app; None, or nothing, for what is not."""

    generated: dict[str, Any] | None = None
    routes: Sequence[tuple[str, str]] = ()
    served: dict[str, Any] | None = None
    served_at: str = ""
    undocumented: Collection[str] = ()


class Rulebook(NamedTuple):
    """By what a contract is judged."""

    settings: ContractConfig
    places: Mapping[int, Location]
    known: Collection[str] | None
    today: date


class Inspection(Frozen):
    """What was found of a contract, and whether it is kept; `checked` says what it was held against."""

    version: Literal[1] = 1
    contract: str
    result: Literal["kept", "broken"]
    checked: dict[str, str]
    judgements: tuple[Judgement, ...]


def inspect_contract(contract: Contract, app: App | None, base: Base | None, rules: Rulebook) -> Inspection:
    """Hold a contract against everything that is given."""
    judged = [*inspect_document(contract, base, rules), *(inspect_app(contract, app) if app else ())]
    return Inspection(
        contract=contract.file,
        result="broken" if refuse(judged) else "kept",
        checked=_describe(contract, app, base, rules),
        judgements=tuple(judged),
    )


def inspect_document(contract: Contract, base: Base | None, rules: Rulebook) -> list[Judgement]:
    """Lint a contract and compare it with its base."""
    violations: list[Violation] = list(lint(contract, rules.known))
    document = base.document if base else None
    if document is not None:
        violations += find_changes(document, contract)
    judged, used = judge(violations, rules.settings, rules.today)
    were_tried = document is not None and document != bundle(contract)
    bad = find_bad_waivers(rules.settings, used, rules.places, today=rules.today, were_tried=were_tried)
    return [*judged, *bad]


def inspect_app(contract: Contract, app: App) -> list[Judgement]:
    """Compare a contract with the app: its schema, its routes, and what it serves."""
    generated = app.generated
    found: list[Finding] = []
    if generated is not None:
        found += find_differences(contract, generated)
        found += find_undocumented(contract, generated, app.undocumented)
    found += find_contradictions(contract, app)
    return [_judge(finding) for finding in dict.fromkeys(found)]


def place_app(app: App, contract: Contract) -> App:
    """Give what an app tells with its paths as the contract has them, below the path of its server."""
    base = base_path(bundle(contract))
    if not base:
        return app

    def strip(document: dict[str, Any] | None) -> dict[str, Any] | None:
        paths = (document or {}).get("paths")
        if document is None or not isinstance(paths, dict):
            return document
        return {**document, "paths": {strip_base(path, base): item for path, item in paths.items()}}

    routes = [(method, strip_base(path, base)) for method, path in app.routes]
    return app._replace(generated=strip(app.generated), routes=routes, served=strip(app.served))


def find_contradictions(contract: Contract, app: App) -> list[Finding]:
    """Find what routes, and the document that the app serves, tell against the contract."""
    found = list(compare_routes(contract, app.routes, app.undocumented))
    if app.served is not None:
        found += compare_served(contract, app.served, app.served_at)
    return found


def _judge(finding: Finding) -> Judgement:
    return Judgement(
        code=finding.code,
        kind="app",
        level=RuleLevel.ERROR,
        message=finding.message,
        location=finding.location,
        remedy=finding.remedy,
    )


def _describe(contract: Contract, app: App | None, base: Base | None, rules: Rulebook) -> dict[str, str]:
    said = {"contract": f"valid OpenAPI, {len(contract.operations)} operations"}
    said["requirements"] = "no specs" if rules.known is None else f"{len(rules.known)} known"
    if app is None:
        said["app"] = "not compared: [tool.specwitness] target is not set"
    else:
        parts = ["its own schema"] if app.generated is not None else []
        parts += [f"{len(app.routes)} routes"] if app.routes else []
        parts += [f"what it serves at {app.served_at}"] if app.served is not None else []
        said["app"] = ", ".join(parts) or "nothing is known of it"
    if base is None:
        said["base"] = "none: --base REV compares with a revision"
    elif base.document is None:
        said["base"] = f"{base.label} has no {contract.file}: the contract is new"
    else:
        said["base"] = base.label
    return said
