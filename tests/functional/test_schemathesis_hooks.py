"""Our hooks as users of Schemathesis use them: with `st run`, and in pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from junitparser import Failure, JUnitXml

from tests.proving_ground.catalogue import find_service
from tests.services.process import ROOT, serving
from tests.support.environment import inherit

if TYPE_CHECKING:
    from tests.services.process import RunningService

BUGS = ("alg-none", "read-any", "patch-any", "delete-any")
CHECKS = "bearer_attacks,another_user"
COMPLAINTS = (
    "with an unsigned token (alg none): expected 401, came 200",
    "another user was answered 200, not refused",
    "another user was answered 204 to DELETE, and the object is gone",
)


def write_contract(folder: Path) -> None:
    (folder / "openapi.yaml").write_text(yaml.safe_dump(dict(find_service("orders").contract)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_contract(tmp_path)
    return tmp_path


def call(folder: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Run a command in a folder with nothing but these variables; give the exit status and what was printed."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **inherit(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


def st_run(folder: Path, running: RunningService, *operations: str, **variables: str) -> tuple[int, str]:
    """Run `st run` on operations as docs/fuzzing.md says, with our checks alone."""
    words = (
        "run",
        "openapi.yaml",
        "--url",
        running.url,
        "-H",
        f"Authorization: Bearer {running.tokens['alice']}",
    )
    settings = ("--seed", "1", "--phases", "coverage,stateful", "--max-examples", "10", "--checks", CHECKS)
    chosen = [word for operation in operations for word in ("--include-operation-id", operation)]
    variables = {"SCHEMATHESIS_HOOKS": "specwitness.fuzz.bridge.hooks", **variables}
    code, said = call(
        folder, str(Path(sys.executable).with_name("st")), *words, *settings, *chosen, **variables
    )
    assert "Traceback" not in said, said
    return code, said


def test_st_run_reports_nothing_on_the_right_service(folder: Path) -> None:
    with serving("orders") as running:
        operations = ("createOrder", "getOrder", "changeOrder", "deleteOrder")
        code, said = st_run(folder, running, *operations, SPECWITNESS_TOKEN_BOB=running.tokens["bob"])
    assert code == 0, said
    assert "specwitness:" not in said


def test_st_run_finds_planted_bugs(folder: Path) -> None:
    with serving("orders", *BUGS) as running:
        operations = ("createOrder", "getOrder", "changeOrder", "deleteOrder")
        code, said = st_run(folder, running, *operations, SPECWITNESS_TOKEN_BOB=running.tokens["bob"])
    assert code == 1
    assert [complaint for complaint in COMPLAINTS if complaint not in said] == [], said
    assert "curl -X PATCH" in said


def test_st_run_names_the_missing_token_of_the_other_user_once(folder: Path) -> None:
    with serving("orders", "read-any") as running:
        code, said = st_run(folder, running, "createOrder", "getOrder")
    assert code == 0, said
    assert said.count("specwitness: SPECWITNESS_TOKEN_BOB is not set: another_user tries nothing") == 1


MODULE = """
import pytest
import schemathesis
from hypothesis import settings
from specwitness.fuzz.bridge.hooks import another_user, bearer_attacks

schema = schemathesis.openapi.from_path("openapi.yaml")
schema.config.update(base_url={url!r})
OWN = {{"Authorization": "Bearer {alice}"}}

@pytest.fixture(scope="module", autouse=True)
def token_of_the_other_user():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPECWITNESS_TOKEN_BOB", "{bob}")
        yield

def test_order():
    made = schema["/orders"]["POST"].Case(body={{"title": "a"}}, media_type="application/json").call(headers=OWN)
    for method, more in (("PATCH", {{"body": {{"note": "b"}}, "media_type": "application/json"}}), ("GET", {{}})):
        case = schema["/orders/{{order_id}}"][method].Case(path_parameters={{"order_id": made.json()["id"]}}, **more)
        case.call_and_validate(headers=OWN, checks=[another_user])

@schema.include(method="GET", path="/orders").parametrize()
@settings(max_examples=5, deadline=None)
def test_api(case):
    case.call_and_validate(headers=OWN, checks=[bearer_attacks, another_user])
"""
BUILDS = {"right": (), **{bug.replace("-", "_"): (bug,) for bug in BUGS}}


@pytest.fixture(scope="module")
def complaints_of_builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The outcome of one pytest run that has a test module for each build."""
    folder = tmp_path_factory.mktemp("pytest")
    write_contract(folder)
    with ExitStack() as stack:
        for name, bugs in BUILDS.items():
            running = stack.enter_context(serving("orders", *bugs))
            (folder / f"test_{name}.py").write_text(MODULE.format(url=running.url, **running.tokens))
        words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", "report.xml")
        _, said = call(folder, *words)
    cases = [case for suite in JUnitXml.fromfile(str(folder / "report.xml")) for case in suite]
    assert {case.classname for case in cases} == {f"test_{name}" for name in BUILDS}, said
    assert all(isinstance(result, Failure) for case in cases for result in case.result), said
    return {
        name: [result.text for case in cases if case.classname == f"test_{name}" for result in case.result]
        for name in BUILDS
    }


@pytest.mark.parametrize("build", BUILDS)
def test_checks_in_pytest_fail_on_each_bug_and_on_nothing_else(
    complaints_of_builds: dict[str, list[str]], build: str
) -> None:
    failures = complaints_of_builds[build]
    assert bool(failures) is bool(BUILDS[build]), failures
    assert all(any(complaint in failure for complaint in COMPLAINTS) for failure in failures), failures
