"""Runs tests, contract check and fuzzer, joins their records into the trace, and writes the reports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from specwitness.config import find_specs, locate_waivers
from specwitness.drift import derive_features, find_drift
from specwitness.errors import ConfigError, SpecError
from specwitness.gherkin import read_features
from specwitness.records import Evidence, count_records, merge_environments, read_records
from specwitness.report import render_html, render_json, render_markdown
from specwitness.spec import read_specs
from specwitness.trace import Origin, build_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from specwitness.config import Config
    from specwitness.model import Finding, Trace

POLL_SECONDS = 0.2
SCENARIOS_AND_TESTS = "scenarios and tests"
CONTRACT_AND_FUZZ = "contract and fuzz"
REPORTS = ("trace.json", "index.html", "summary.md")


class Run(NamedTuple):
    """A child process that records witnesses; its last argument is the file of records."""

    name: str
    command: Sequence[str]


def verify(root: Path, config: Config, today: date, progress: Callable[[str, int, int], None]) -> Trace:
    """Run everything that testifies for requirements, and write the trace and its reports.

    Args:
        root: The root of the repository.
        config: Its settings.
        today: The day of the run, for waivers.
        progress: Called with the stage, the number of witnesses so far, and the total (0: unknown).

    Raises:
        SpecwitnessError: Something could not be checked. No report is written then.
    """
    output = root / config.output
    clear_reports(output)
    runs = _plan_runs(config)
    output.mkdir(parents=True, exist_ok=True)
    progress("specs and features", 0, 0)
    specs = read_specs(find_specs(root, config), root)
    if not any(spec.requirements for spec in specs):
        raise SpecError(
            "the specs have no requirements",
            where=", ".join(spec.path for spec in specs),
            remedy="write one, such as `- **FR-001**: System MUST …`, or fix [tool.specwitness] specs",
        )
    features = root / config.features
    drift = find_drift(derive_features(specs, features), features, root)
    pickles = read_features(features, root) if features.is_dir() else ()
    with _signals_interrupt():
        evidence = [_run(run, root, output, progress) for run in runs]
    trace = build_trace(
        specs,
        pickles,
        _join(drift, evidence),
        waivers=config.waivers,
        today=today,
        origin=Origin(read_revision(root), config.repository),
        places=locate_waivers(root, config),
    )
    write_reports(trace, output)
    return trace


def clear_reports(output: Path) -> None:
    """Remove the reports and records of an earlier run, and no other files.

    An old report must not pass for a new one when the run fails.
    """
    records = [_file_of(name, ".jsonl") for name in (SCENARIOS_AND_TESTS, CONTRACT_AND_FUZZ)]
    for name in (*REPORTS, *records):
        (output / name).unlink(missing_ok=True)


def write_reports(trace: Trace, output: Path) -> None:
    """Write trace.json, index.html and summary.md."""
    output.mkdir(parents=True, exist_ok=True)
    (output / "trace.json").write_text(render_json(trace), encoding="utf-8")
    (output / "index.html").write_text(render_html(trace), encoding="utf-8")
    (output / "summary.md").write_text(render_markdown(trace), encoding="utf-8")


def read_revision(root: Path) -> str | None:
    """Return the commit of the work tree, with `-dirty` if files differ from it; None without git."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  # fixed words


def _plan_runs(config: Config) -> list[Run]:
    if bool(config.contract) is not bool(config.target):
        given, lacking = ("contract", "target") if config.contract else ("target", "contract")
        raise ConfigError(
            f"{given} is set and {lacking} is not: the contract check and the fuzz run need both",
            where="[tool.specwitness] contract, target",
            remedy="set both, or neither",
        )
    pytest = [sys.executable, "-m", "pytest", "--continue-on-collection-errors", *config.tests]
    runs = [Run(SCENARIOS_AND_TESTS, [*pytest, "--witness-records"])]
    if config.contract:
        runs.append(Run(CONTRACT_AND_FUZZ, [sys.executable, "-m", "specwitness.service"]))
    return runs


def _file_of(run: str, ending: str) -> str:
    return f"{run.replace(' ', '-')}{ending}"


def _run(run: Run, root: Path, output: Path, progress: Callable[[str, int, int], None]) -> Evidence:
    records, log = output / _file_of(run.name, ".jsonl"), output / _file_of(run.name, ".log")
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    with log.open("wb") as sink:
        child = subprocess.Popen(  # noqa: S603  # our own interpreter and modules
            [*run.command, str(records)],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _has_ended(child, within=POLL_SECONDS):
                progress(run.name, *count_records(records))
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    progress(run.name, *count_records(records))
    return read_records(records, producer=run.name, log=log, root=root)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the child processes too, as Ctrl-C does.

    SIGHUP stays ignored where the process inherited it so: `nohup specwitness verify &` goes on after its
    terminal is closed. SIGTERM ends it even where it was ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    replaced = {signal.SIGTERM: (signal.SIG_DFL, signal.SIG_IGN), signal.SIGHUP: (signal.SIG_DFL,)}
    before = {kind: signal.getsignal(kind) for kind in replaced}
    ours = [kind for kind, handlers in replaced.items() if before[kind] in handlers]
    for kind in ours:
        signal.signal(kind, signal.default_int_handler)
    try:
        yield
    finally:
        for kind in ours:
            signal.signal(kind, before[kind])


def _has_ended(child: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        child.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _join(drift: Sequence[Finding], evidence: Sequence[Evidence]) -> Evidence:
    return Evidence(
        [witness for item in evidence for witness in item.witnesses],
        [*drift, *(finding for item in evidence for finding in item.findings)],
        merge_environments(item.environment for item in evidence),
    )
