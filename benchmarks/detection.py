"""What finds the planted bugs of the proving ground: stock Schemathesis, our checks, and both together."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis.config import (
    AnalysisConfig,
    GenerationConfig,
    HealthCheck,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans

from specwitness.config import FuzzConfig
from specwitness.fuzz.served import ServedApp
from tests.proving_ground.catalogue import SERVICES
from tests.support.attacks import attack, make_users, surface_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proving_ground.model import Service

STOCK, OURS, BOTH = "stock Schemathesis", "our checks", "both"
SEEDS = range(1, 11)


@dataclass(slots=True)
class Find:
    """What a tool said of one build: the kinds of complaint, the requests and the seconds."""

    kinds: frozenset[str]
    requests: int
    seconds: float


def measure(seeds: range = SEEDS) -> dict[str, Any]:
    """Try every bug with each tool at the first seed, and every right build at all seeds.

    Returns:
        Of each tool: the bugs found by family, those missed, requests and seconds for a right
        build, and false alarms over all seeds.
    """
    logging.disable(logging.CRITICAL)
    rounds = [_measure_service(service, seeds) for service in SERVICES]
    bugs = [bug for service in SERVICES for bug in service.bugs]
    found: dict[str, set[str]] = {
        tool: set().union(*(each[tool]["found"] for each in rounds)) for tool in (STOCK, OURS)
    }
    found[BOTH] = found[STOCK] | found[OURS]
    families = dict.fromkeys(bug.family.value for bug in bugs)
    return {
        "seeds": [seeds.start, seeds.stop - 1],
        "bugs": len(bugs),
        "tools": {
            tool: {
                "found": len(names),
                "missed": sorted({bug.id for bug in bugs} - names),
                **{name: _total(rounds, tool, name) for name in ("requests", "seconds", "false_alarms")},
                "families": {
                    family: [
                        sum(bug.id in names for bug in bugs if bug.family.value == family),
                        sum(bug.family.value == family for bug in bugs),
                    ]
                    for family in families
                },
            }
            for tool, names in found.items()
        },
    }


def _total(rounds: list[dict[str, Any]], tool: str, name: str) -> float:
    tools = (STOCK, OURS) if tool == BOTH else (tool,)
    return round(float(sum(each[one][name] for each in rounds for one in tools)), 1)


def _measure_service(service: Service, seeds: range) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for tool, run in ((STOCK, _run_stock), (OURS, _run_ours)):
        right = [run(service, None, seed) for seed in seeds]
        usual = frozenset().union(*(each.kinds for each in right))
        broken = {bug.id: run(service, bug.id, seeds.start) for bug in service.bugs}
        result[tool] = {
            "found": {name for name, each in broken.items() if each.kinds - usual},
            "requests": right[0].requests,
            "seconds": right[0].seconds,
            "false_alarms": sum(len(each.kinds) for each in right),
        }
    return result


def _run_ours(service: Service, bug: str | None, seed: int) -> Find:
    start = time.perf_counter()
    engine = attack(service.name, bug, FuzzConfig(seed=seed, strict=True))
    ledger = engine.trial.ledger
    kinds = {
        f"{operation} {check} {kind}"
        for (operation, check), each in ledger.tallies.items()
        for kind in each.breaches
    }
    return Find(frozenset(kinds), engine.client.sent, time.perf_counter() - start)


def _run_stock(service: Service, bug: str | None, seed: int) -> Find:
    """Run Schemathesis as it comes: all its checks, its coverage phase, and one user's token."""
    token = make_users(service).mint.mint("alice")
    project = ProjectConfig(
        workers=1,
        continue_on_failure=True,
        headers={"Authorization": f"Bearer {token}"},
        phases=PhasesConfig.from_dict({"fuzzing": {"enabled": False}, "stateful": {"enabled": False}}),
        generation=GenerationConfig(database="none"),
        analysis=AnalysisConfig.from_dict({"constants": {"enabled": False}}),
    )
    config = SchemathesisConfig(
        seed=seed, suppress_health_check=[HealthCheck("all")], projects=ProjectsConfig(default=project)
    )
    schema = schemathesis.openapi.from_dict(surface_of(service.name).document, config=config)
    schema.app = ServedApp(service.build(bug))
    kinds: set[str] = set()
    requests, start = 0, time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                requests += len(event.recorder.interactions)
                kinds |= set(_complaints(event))
    shutdown_lifespans()
    return Find(frozenset(kinds), requests, time.perf_counter() - start)


def _complaints(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        label = event.recorder.cases[case_id].value.operation.label
        for check in checks:
            if check.failure_info is not None:
                yield f"{label} {check.name} {check.failure_info.failure.title}"
