"""What finds the planted bugs of the proving ground: Schemathesis as it comes, our checks, and both together.

Each bug is tried by each tool at the first seed, and each right build at every seed. Schemathesis runs
with all its checks and its coverage phase: with one user's token, and with two users who are peers.
"""

from __future__ import annotations

import json
import logging
import time
import warnings
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
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
from schemathesis.config._auth import AuthConfig
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans

from specwitness.config import FuzzConfig
from specwitness.fuzz.http.asgi import ServedApp
from tests.proving_ground.catalogue import SERVICES, find_service
from tests.support.attacks import attack, attack_whole, make_users, surface_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specwitness.fuzz.engine import Engine
    from tests.proving_ground.model import Service

STOCK, PEERS, OURS, BOTH = "stock, one token", "stock, two users", "our checks", "both"
SEEDS = range(1, 11)
_USERS = ("alice", "bob")


@dataclass(frozen=True, slots=True)
class Find:
    """What a tool said of one build: the kinds of complaint, the requests and the seconds."""

    kinds: frozenset[str]
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Job:
    """One run: a tool, a service, the bug that is planted or None, and the seed."""

    tool: str
    service: str
    bug: str | None
    seed: int


def measure(seeds: range = SEEDS, bugs: frozenset[str] | None = None) -> dict[str, Any]:
    """Try every bug with each tool at the first seed, and every right build at all seeds.

    Args:
        seeds: Of the right builds; the bugs are tried at the first.
        bugs: The ids of the bugs to try; None for all.

    Returns:
        Of each tool: the bugs found by family, those missed, requests and seconds for all right
        builds at the first seed, and the complaints about right builds over all seeds.
    """
    chosen = [bug for service in SERVICES for bug in service.bugs if bugs is None or bug.id in bugs]
    names = sorted({bug.service for bug in chosen})
    first = [Job(tool, name, None, seeds.start) for tool in TOOLS for name in names]
    # One after the other, by themselves: the seconds of these are told.
    results = {job: run(job) for job in first}
    jobs = [Job(tool, name, None, seed) for tool in TOOLS for name in names for seed in seeds[1:]]
    jobs += [Job(tool, bug.service, bug.id, seeds.start) for bug in chosen for tool in TOOLS]
    # Not concurrent.futures: its pool may wait for ever once a worker has done its number of tasks.
    with get_context("spawn").Pool(maxtasksperchild=40) as pool:
        results |= zip(jobs, pool.imap(run, jobs), strict=True)
    rights = {job: each for job, each in results.items() if job.bug is None}
    broken = {job: each for job, each in results.items() if job.bug is not None}
    usual = {
        (tool, name): frozenset().union(*(rights[Job(tool, name, None, seed)].kinds for seed in seeds))
        for tool in TOOLS
        for name in names
    }
    found = {
        tool: {
            job.bug
            for job, each in broken.items()
            if job.tool == tool and each.kinds - usual[tool, job.service]
        }
        for tool in TOOLS
    }
    families = dict.fromkeys(bug.family.value for bug in chosen)
    return {
        "seeds": [seeds.start, seeds.stop - 1],
        "bugs": len(chosen),
        "tools": {
            tool: {
                "found": len(ids),
                "missed": sorted({bug.id for bug in chosen} - ids),
                "requests": sum(rights[Job(tool, name, None, seeds.start)].requests for name in names),
                "seconds": round(
                    sum(rights[Job(tool, name, None, seeds.start)].seconds for name in names), 1
                ),
                "false_alarms": sum(len(each.kinds) for job, each in rights.items() if job.tool == tool),
                "families": {
                    family: [
                        sum(bug.id in ids for bug in chosen if bug.family.value == family),
                        sum(bug.family.value == family for bug in chosen),
                    ]
                    for family in families
                },
            }
            for tool, ids in found.items()
        },
    }


def run(job: Job) -> Find:
    """Run a tool on a build."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TOOLS[job.tool](find_service(job.service), job.bug, job.seed)


def _run_ours(service: Service, bug: str | None, seed: int) -> Find:
    start = time.perf_counter()
    engine = attack(service.name, bug, FuzzConfig(seed=seed, strict=True))
    return Find(_kinds_of(engine), engine.client.sent, time.perf_counter() - start)


def _run_both(service: Service, bug: str | None, seed: int) -> Find:
    start = time.perf_counter()
    whole = attack_whole(service.name, bug, FuzzConfig(seed=seed, strict=True))
    return Find(_kinds_of(whole.engine), whole.sent + whole.driven, time.perf_counter() - start)


def _kinds_of(engine: Engine) -> frozenset[str]:
    tallies = engine.trial.ledger.tallies.items()
    return frozenset(f"{name} {check} {kind}" for (name, check), each in tallies for kind in each.breaches)


def _run_stock(service: Service, bug: str | None, seed: int, *, users: tuple[str, ...]) -> Find:
    """Run Schemathesis as it comes: all its checks, its coverage phase, and the tokens of one user or two."""
    mint = make_users(service).mint
    headers = {name: {"name": "Authorization", "value": f"Bearer {mint.mint(name)}"} for name in users}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "users.json"
        document = {"auth": [{"name": name, "fixedHeaders": [each]} for name, each in headers.items()]}
        path.write_text(json.dumps(document), encoding="utf-8")
        peers = {"peers": list(users)} if len(users) > 1 else {}
        project = ProjectConfig(
            workers=1,
            continue_on_failure=True,
            auth=AuthConfig(wfc={"path": str(path), **peers}),
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


TOOLS: dict[str, Callable[[Service, str | None, int], Find]] = {
    STOCK: partial(_run_stock, users=_USERS[:1]),
    PEERS: partial(_run_stock, users=_USERS),
    OURS: _run_ours,
    BOTH: _run_both,
}
