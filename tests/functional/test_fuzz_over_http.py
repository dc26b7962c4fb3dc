"""`specwitness fuzz` on services in processes of their own: what is found, and how it is played again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from junitparser import Failure, JUnitXml, Skipped

from tests.proving_ground.catalogue import find_service
from tests.support.ground import (
    ROOT,
    Ground,
    call_specwitness,
    describe_mint,
    fuzz,
    serving,
    write_repository,
)
from tests.support.scripted_http import Reply, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDERS = find_service("orders").contract
BUGS = ("read-any", "patch-any", "delete-any", "alg-none")
MINT = describe_mint("orders")
TOKENS = 'tokens = { alice = "env:ALICE", bob = "env:BOB" }'
LOGIN = 'login = { path = "/login", bodies = { alice = { name = "alice" }, bob = { name = "bob" } }, token = "/data/token" }'
SHAPES = pytest.mark.parametrize("identities", [MINT, TOKENS, LOGIN], ids=["mint", "tokens", "login"])
# What is planted, where, and the check that sees it.
EXPECTED = {"getOrder:isolation", "changeOrder:isolation", "deleteOrder:isolation", "listOrders:forged"}


@pytest.fixture(scope="module")
def right() -> Iterator[Ground]:
    with serving("orders") as ground:
        yield ground


@pytest.fixture(scope="module")
def broken() -> Iterator[Ground]:
    with serving("orders", *BUGS) as ground:
        yield ground


def run(
    root: Path, ground: Ground, *words: str, **variables: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Fuzz a service; give what the command said, and its report."""
    secrets = {"KEY": ground.key, "ALICE": ground.tokens["alice"], "BOB": ground.tokens["bob"]}
    done = fuzz(root, "--base-url", ground.url, *words, **secrets, **variables)
    assert "Traceback" not in done.stdout + done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in secrets.values())
    return done, json.loads((root / "build/fuzz/fuzz.json").read_text())


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {each["id"].removeprefix("fuzz:"): each["outcome"] for each in report["witnesses"]}


def failed(report: dict[str, Any]) -> set[str]:
    return {name for name, outcome in outcomes(report).items() if outcome == "failed"}


@SHAPES
def test_right_service_is_kept(tmp_path: Path, right: Ground, identities: str) -> None:
    write_repository(tmp_path, ORDERS, identities)
    done, report = run(tmp_path, right)
    assert (done.returncode, failed(report)) == (0, set()), done.stdout
    reached = {name.partition(":")[0] for name, outcome in outcomes(report).items() if outcome == "passed"}
    assert len(reached) == 12
    assert "over HTTP no routes are read" in done.stdout


@SHAPES
def test_planted_bugs_are_found(tmp_path: Path, broken: Ground, identities: str) -> None:
    write_repository(tmp_path, ORDERS, identities)
    done, report = run(tmp_path, broken)
    assert done.returncode == 1
    assert failed(report) >= EXPECTED
    assert {name.partition(":")[2] for name in failed(report)} == {"isolation", "forged"}


OPEN_TARGET = """
from contextlib import contextmanager
from tests.proving_ground.catalogue import find_service
from tests.support.attacks import make_users
from tests.support.ground import build
from specwitness.fuzz.target import Target

@contextmanager
def open_target():
    service = find_service("orders")
    users = make_users(service)
    yield Target(app=build(service, frozenset({bugs!r})), identities=users, mint=users.mint)
"""


def test_service_over_http_is_found_to_be_what_it_is_in_process(tmp_path: Path) -> None:
    over_http, in_process = tmp_path / "http", tmp_path / "process"
    for root in (over_http, in_process):
        root.mkdir()
        write_repository(root, ORDERS, MINT)
    (in_process / "ground_target.py").write_text(OPEN_TARGET.format(bugs=BUGS))
    settings = (in_process / "pyproject.toml").read_text()
    (in_process / "pyproject.toml").write_text(
        f'[tool.specwitness]\ncontract = "openapi.yaml"\ntarget = "ground_target:open_target"\n{settings}'
    )
    # Both begin with nothing in store.
    with serving("orders", *BUGS) as broken:
        run(over_http, broken)
    done = fuzz(in_process, KEY=broken.key)
    assert done.returncode == 1, done.stderr
    one, other = (
        {each["id"]: (each["outcome"], each["detail"]) for each in json.loads(text)["witnesses"]}
        for text in ((root / "build/fuzz/fuzz.json").read_text() for root in (over_http, in_process))
    )
    assert one == other


def test_limited_service_is_waited_for_and_reached_everywhere(tmp_path: Path) -> None:
    write_repository(tmp_path, ORDERS, MINT)
    with serving("orders", rate=50) as ground:
        done, report = run(tmp_path, ground)
    assert done.returncode == 0, done.stdout
    assert set(outcomes(report).values()) == {"passed"}
    assert report["requests"]["throttled"] > 0
    assert re.search(r"the service answered 429: waited \d+ times, \d+ s in all", done.stdout)


def test_report_for_junit_has_one_case_a_check(tmp_path: Path, broken: Ground) -> None:
    write_repository(tmp_path, ORDERS, 'tokens = { alice = "env:ALICE" }')
    file = tmp_path / "reports" / "fuzz.xml"
    _, report = run(tmp_path, broken, "--operation", "getOrder", "--junit", str(file))
    suites = list(JUnitXml.fromfile(str(file)))
    assert [suite.name for suite in suites] == ["GET /orders/{order_id}"]
    results = {case.name: case.result for case in suites[0]}
    assert {f"getOrder:{name}" for name in results} == set(outcomes(report))
    (failure,) = results["forged"]
    assert isinstance(failure, Failure)
    assert 'curl -i -X GET -H "Authorization: Bearer $BAD_TOKEN" "$URL"/orders/$ID' in failure.text
    assert 'replay("getOrder", "forged", contract=' in failure.text
    (skipped,) = results["expired"]
    assert isinstance(skipped, Skipped)
    assert "no expired token" in skipped.message
    assert results["none"] == []


def test_each_printed_line_brings_the_wrong_answer_about_again(tmp_path: Path) -> None:
    bugs = (*BUGS, "bulk-delete-any", "search-pattern-crash", "patch-before-check")
    write_repository(tmp_path, ORDERS, MINT)
    wanted = ("getOrder", "changeOrder", "deleteOrder", "deleteOrders", "searchOrders")
    with serving("orders", *bugs) as ground:
        words = [word for each in wanted for word in ("--operation", each)]
        done, report = run(tmp_path, ground, "--seed", "3", *words)
        found = read_failures(done.stdout)
        assert len(found) == len(failed(report)) >= 10
        assert {check for _, check, _, _ in found} >= {"forged", "isolation", "robustness"}
        variables = fill_tokens(ground, tmp_path)
        for where, check, curls, _ in found:
            if check != "existence":
                assert [play(line, ground, variables) for _, line in curls] == [
                    status for status, _ in curls
                ], where
        lines = [f"def test_{number}():\n    {each[3]}\n" for number, each in enumerate(found)]
        (tmp_path / "test_again.py").write_text("\n".join(lines))
        played = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_again.py"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "KEY": ground.key},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert f"{len(found)} failed" in played.stdout, played.stdout[-3000:]
    assert "AssertionError" in played.stdout or "assert [" in played.stdout
    assert "ConfigError" not in played.stdout


def read_failures(said: str) -> list[tuple[str, str, list[tuple[int, str]], str]]:
    """Read what was printed: operation, check, status and line of each case, and the line of the test."""
    found = []
    for block in re.findall(
        r"^openapi\.yaml:\d+: (.*?) \[(\w+)\]\n(.*?)^  pytest: (.*?)$", said, re.MULTILINE | re.DOTALL
    ):
        where, check, text, line = block
        cases = re.findall(r"(?:came|answered) (\d+).*\n  (curl .*)", text)
        found.append((where, check, [(int(status), curl) for status, curl in cases], line))
    return found


def fill_tokens(ground: Ground, root: Path) -> dict[str, str]:
    """Ask for the tokens that variables stand for."""
    names = {"TOKEN_ALICE": "alice", "TOKEN_BOB": "bob", "BAD_TOKEN": "an unsigned token (alg none)"}
    where = ("--root", str(root), "--base-url", ground.url)
    made = {name: call_specwitness("token", who, *where, KEY=ground.key) for name, who in names.items()}
    assert {each.returncode for each in made.values()} == {0}
    return {name: each.stdout.strip() for name, each in made.items()}


def play(line: str, ground: Ground, variables: dict[str, str]) -> int:
    """Run a `curl` line with its variables filled as the documentation says; give the status."""
    own = {"Authorization": f"Bearer {variables['TOKEN_ALICE']}"}
    with httpx.Client(base_url=ground.url, headers=own, trust_env=False) as alice:
        order = alice.post("/orders", json={"title": "mine"}).json()["id"]
    done = subprocess.run(
        ["/usr/bin/env", "bash", "-c", line.replace("curl", "curl -s --noproxy '*'", 1)],
        env={"PATH": "/usr/bin:/bin", "URL": ground.url, "ID": order, **variables},
        capture_output=True,
        check=True,
        timeout=30,
    )
    return int(done.stdout.split(b" ", 2)[1])


def test_service_without_users_is_invalid_and_the_setting_is_named(tmp_path: Path, right: Ground) -> None:
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(dict(ORDERS)))
    done = fuzz(tmp_path, "--base-url", right.url)
    assert done.returncode == 2
    assert (
        "[tool.specwitness.fuzz.identities]: the contract protects operations, and no user has" in done.stderr
    )
    assert 'tokens = { alice = "env:TOKEN_ALICE", bob = "env:TOKEN_BOB" }' in done.stderr


def test_nothing_but_the_base_url_is_called(tmp_path: Path, right: Ground) -> None:
    with answering(lambda _method, _target: Reply(200)) as elsewhere:
        contract = json.loads(json.dumps(ORDERS))
        contract["servers"] = [{"url": f"{elsewhere.url}/v1"}]
        contract["paths"]["/orders"]["servers"] = [{"url": elsewhere.url}]
        contract["paths"]["/orders"]["get"]["servers"] = [{"url": elsewhere.url}]
        links = contract["paths"]["/orders"]["post"]["responses"]["201"]["links"]
        links["ReadElsewhere"] = {"operationRef": f"{elsewhere.url}/openapi.json#/paths/~1orders/get"}
        write_repository(tmp_path, contract, MINT)
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        done, report = run(tmp_path, right, **dict.fromkeys(names, elsewhere.url))
        assert (done.returncode, failed(report)) == (0, set()), done.stdout
        assert elsewhere.calls == []
