"""The whole contract check: lint, base, generated schema, routes and served document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from specwitness.contract.comparison import find_differences, find_undocumented
from specwitness.contract.lint import lint
from specwitness.contract.operation_changes import find_changes
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
    """The facts about the running app; a default value means that a fact is unknown.

    `generated` is the schema that the app generates, `routes` are its methods and paths, `served` is
    the document at the path `served_at`, and `undocumented` are routes that need not be in the contract.
    """

    generated: dict[str, Any] | None = None
    routes: Sequence[tuple[str, str]] = ()
    served: dict[str, Any] | None = None
    served_at: str = ""
    undocumented: Collection[str] = ()


class Rulebook(NamedTuple):
    """The settings to judge a contract by.

    `places` are the locations of the waivers by position, `known` the keys of all requirements (None
    without specs), and `today` the day of the run.
    """

    settings: ContractConfig
    places: Mapping[int, Location]
    known: Collection[str] | None
    today: date


class Inspection(Frozen):
    """The result of a contract check; `checked` describes what the contract was compared with."""

    version: Literal[1] = 1
    contract: str
    result: Literal["kept", "broken"]
    checked: dict[str, str]
    judgements: tuple[Judgement, ...]


def inspect_contract(contract: Contract, app: App | None, base: Base | None, rules: Rulebook) -> Inspection:
    """Lint a contract, and compare it with the base and the app if they are given."""
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
    """Compare a contract with the app: its generated schema, its routes and the document it serves."""
    generated = app.generated
    found: list[Finding] = []
    if generated is not None:
        found += find_differences(contract, generated)
        found += find_undocumented(contract, generated, app.undocumented)
    found += find_contradictions(contract, app)
    return [_judge(finding) for finding in dict.fromkeys(found)]


def place_app(app: App, contract: Contract) -> App:
    """Return the facts about an app with paths as in the contract: without the path of its server URL.

    A contract with `servers: [{url: /api/v2}]` and the path `/tasks` matches the route `/api/v2/tasks`.
    """
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
    """Find the differences of the contract from the routes, and from the document that the app serves."""
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
    facts = {"contract": f"valid OpenAPI, {len(contract.operations)} operations"}
    facts["requirements"] = "no specs" if rules.known is None else f"{len(rules.known)} known"
    if app is None:
        facts["app"] = "not compared: [tool.specwitness] target is not set"
    else:
        parts = ["its generated schema"] if app.generated is not None else []
        parts += [f"{len(app.routes)} routes"] if app.routes else []
        parts += [f"the document at {app.served_at}"] if app.served is not None else []
        facts["app"] = ", ".join(parts) or "not compared: the target gives no app, schema or routes"
    if base is None:
        facts["base"] = "not compared: --base REV compares with a revision"
    elif base.document is None:
        facts["base"] = f"{base.label} has no {contract.file}: the contract is new"
    else:
        facts["base"] = base.label
    return facts
