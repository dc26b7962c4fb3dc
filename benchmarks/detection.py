"""What finds the planted bugs of the proving ground: Schemathesis as it comes, our checks, and both together.

Each bug is tried by each tool at the first seed, and each right build at every seed. Schemathesis runs
with all its checks and its coverage phase: with one user's token, and with two users who are peers.

A bug is found by us when the checks of its row have findings on an operation of its row. The checks of
Schemathesis have other names: it has found a bug when any of its checks fails on an operation of the row.
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
from tests.proving_ground.catalogue import GROUPS, SERVICES, find_service
from tests.proving_ground.findings import Finding, is_found, is_located
from tests.support.attacks import (
    attack,
    attack_whole,
    findings_of,
    findings_of_run,
    make_users,
    surface_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from specwitness.fuzz.http.asgi import App, Message, Receive, Send
    from tests.proving_ground.model import Bug, Service

STOCK, PEERS, OURS, BOTH = "stock, one token", "stock, two users", "our checks", "both"
# The tools whose findings carry the names of our checks.
OWN_CHECKS = frozenset({OURS, BOTH})
SEEDS = range(1, 11)
_USERS = ("alice", "bob")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run of a tool on one build: the findings, the requests and the seconds."""

    findings: frozenset[Finding]
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
        The figures of `count`.
    """
    chosen = [bug for service in SERVICES for bug in service.bugs if bugs is None or bug.id in bugs]
    names = sorted({bug.service for bug in chosen})
    first = [Job(tool, name, None, seeds.start) for tool in TOOLS for name in names]
    # One after the other, with nothing beside them: the table shows the seconds of these runs.
    results = {job: run(job) for job in first}
    jobs = [Job(tool, name, None, seed) for tool in TOOLS for name in names for seed in seeds[1:]]
    jobs += [Job(tool, bug.service, bug.id, seeds.start) for bug in chosen for tool in TOOLS]
    # Not concurrent.futures: its pool may wait without end once a worker has done its number of tasks.
    with get_context("spawn").Pool(maxtasksperchild=40) as pool:
        results |= zip(jobs, pool.imap(run, jobs), strict=True)
    return count(results, chosen, seeds)


def count(results: Mapping[Job, Result], bugs: Sequence[Bug], seeds: range) -> dict[str, Any]:
    """Count what each tool found.

    Args:
        results: Of each tool: every bug at the first seed, the right builds of their services at all seeds.
        bugs: The bugs that were tried.
        seeds: Of the right builds.

    Returns:
        For each tool: the bugs found by family, those missed, the requests for the right builds by
        group of services and the seconds for all of them at the first seed, and the number of findings
        on right builds over all seeds.
    """
    tools = dict.fromkeys(job.tool for job in results)
    return {
        "seeds": [seeds.start, seeds.stop - 1],
        "bugs": len(bugs),
        "tools": {tool: _count_tool(tool, results, bugs, seeds) for tool in tools},
    }


def _count_tool(
    tool: str, results: Mapping[Job, Result], bugs: Sequence[Bug], seeds: range
) -> dict[str, Any]:
    is_right = is_found if tool in OWN_CHECKS else is_located
    names = {bug.service for bug in bugs}
    on_right = {
        name: frozenset[Finding]().union(*(results[Job(tool, name, None, seed)].findings for seed in seeds))
        for name in names
    }
    found = {
        bug.id
        for bug in bugs
        if is_right(
            bug, results[Job(tool, bug.service, bug.id, seeds.start)].findings - on_right[bug.service]
        )
    }
    first = {name: results[Job(tool, name, None, seeds.start)] for name in names}
    return {
        "found": len(found),
        "missed": sorted({bug.id for bug in bugs} - found),
        "requests": {
            group: sum(first[service.name].requests for service in services if service.name in names)
            for group, services in GROUPS.items()
        },
        "seconds": round(sum(result.seconds for result in first.values()), 1),
        "false_alarms": sum(
            len(result.findings) for job, result in results.items() if job.tool == tool and job.bug is None
        ),
        "families": {
            family: [
                sum(bug.id in found for bug in bugs if bug.family.value == family),
                sum(bug.family.value == family for bug in bugs),
            ]
            for family in dict.fromkeys(bug.family.value for bug in bugs)
        },
    }


def run(job: Job) -> Result:
    """Run a tool on a build."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TOOLS[job.tool](find_service(job.service), job.bug, job.seed)


def _run_ours(service: Service, bug: str | None, seed: int) -> Result:
    start = time.perf_counter()
    engine = attack(service.name, bug, FuzzConfig(seed=seed, strict=True))
    return Result(findings_of(engine), engine.client.sent, time.perf_counter() - start)


def _run_both(service: Service, bug: str | None, seed: int) -> Result:
    start = time.perf_counter()
    whole = attack_whole(service.name, bug, FuzzConfig(seed=seed, strict=True))
    sent = whole.requests.checks + whole.requests.schemathesis
    return Result(findings_of_run(whole), sent, time.perf_counter() - start)


def _run_stock(service: Service, bug: str | None, seed: int, *, users: tuple[str, ...]) -> Result:
    """Run Schemathesis as it comes: all its checks, its coverage phase, and the tokens of one user or two."""
    mint = make_users(service).mint
    headers = {name: {"name": "Authorization", "value": f"Bearer {mint.mint(name)}"} for name in users}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "users.json"
        document = {"auth": [{"name": name, "fixedHeaders": [header]} for name, header in headers.items()]}
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
    schema.app = _CrashIs500(service.build(bug))
    found: set[Finding] = set()
    requests, start = 0, time.perf_counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.interactions)
            found |= set(_list_failures(event))
    shutdown_lifespans()
    return Result(frozenset(found), requests, time.perf_counter() - start)


class _CrashIs500:
    """Responds with 500 where the app raises, as a server does: Schemathesis would get the exception."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:  # noqa: BLE001  # whatever the app raises
            if not has_started:
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b""})


def _list_failures(event: events.ScenarioFinished) -> Iterator[Finding]:
    for case_id, checks in event.recorder.checks.items():
        label = event.recorder.cases[case_id].value.operation.label
        for check in checks:
            if check.failure_info is not None:
                yield Finding(label, check.name, check.failure_info.failure.title)


TOOLS: dict[str, Callable[[Service, str | None, int], Result]] = {
    STOCK: partial(_run_stock, users=_USERS[:1]),
    PEERS: partial(_run_stock, users=_USERS),
    OURS: _run_ours,
    BOTH: _run_both,
}
