"""`specwitness fuzz` on services in processes of their own: what it finds, and how a failure is reproduced."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from junitparser import Failure, JUnitXml, Skipped

from specwitness.config import FuzzConfig
from specwitness.fuzz.run import run_fuzz
from specwitness.fuzz.target import Target
from specwitness.openapi import read_contract
from tests.proving_ground.catalogue import find_service
from tests.services.process import ROOT, RunningService, build, serving
from tests.support.attacks import make_users
from tests.support.command_line import run_specwitness
from tests.support.fuzzed_repository import describe_mint, fuzz, write_repository
from tests.support.scripted_http import Reply, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.in_process import Ended

ORDERS = find_service("orders").contract
BUGS = ("read-any", "patch-any", "delete-any", "alg-none")
MINT = describe_mint("orders")
TOKENS = 'tokens = { alice = "env:ALICE", bob = "env:BOB" }'
LOGIN = 'login = { path = "/login", bodies = { alice = { name = "alice" }, bob = { name = "bob" } }, token = "/data/token" }'
# Where a bug is planted, and the check that finds it.
EXPECTED = {"getOrder:isolation", "changeOrder:isolation", "deleteOrder:isolation", "listOrders:forged"}
PLANTED = ("createOrder", "getOrder", "changeOrder", "deleteOrder", "listOrders")


@dataclass(frozen=True)
class Attacked:
    """A service, and the run that attacked it when nobody had called it before."""

    running: RunningService
    ended: Ended
    report: dict[str, Any]


def attack(
    root: Path, running: RunningService, *words: str, **variables: str
) -> tuple[Ended, dict[str, Any]]:
    """Fuzz a service; give what the command said, and its report."""
    secrets = {"KEY": running.key, "ALICE": running.tokens["alice"], "BOB": running.tokens["bob"]}
    ended = fuzz(root, "--base-url", running.url, *words, **secrets, **variables)
    assert not any(secret in ended.said for secret in secrets.values())
    return ended, json.loads((root / "build/fuzz/fuzz.json").read_text())


def only(*operations: str) -> list[str]:
    """Write the options that choose operations."""
    return [word for operation in operations for word in ("--operation", operation)]


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {witness["id"].removeprefix("fuzz:"): witness["outcome"] for witness in report["witnesses"]}


def failed(report: dict[str, Any]) -> set[str]:
    return {name for name, outcome in outcomes(report).items() if outcome == "failed"}


def reached(report: dict[str, Any]) -> set[str]:
    return {name.partition(":")[0] for name, outcome in outcomes(report).items() if outcome == "passed"}


def attack_whole(root: Path, running: RunningService) -> Attacked:
    write_repository(root, ORDERS, MINT)
    return Attacked(running, *attack(root, running))


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """The right build, and a run of all checks on all operations with minted tokens."""
    with serving("orders") as running:
        yield attack_whole(tmp_path_factory.mktemp("right"), running)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A build with bugs, and a run of all checks on all operations with minted tokens."""
    with serving("orders", *BUGS) as running:
        yield attack_whole(tmp_path_factory.mktemp("broken"), running)


def test_right_service_passes_with_minted_tokens(right: Attacked) -> None:
    assert (right.ended.returncode, failed(right.report)) == (0, set()), right.ended.stdout
    assert len(reached(right.report)) == 12
    assert "over HTTP no routes are read" in right.ended.stdout


@pytest.mark.parametrize("identities", [TOKENS, LOGIN], ids=["tokens", "login"])
def test_right_service_passes_with_tokens_of_users(tmp_path: Path, right: Attacked, identities: str) -> None:
    write_repository(tmp_path, ORDERS, identities)
    ended, report = attack(tmp_path, right.running, *only(*PLANTED))
    assert (ended.returncode, failed(report)) == (0, set()), ended.stdout
    assert reached(report) == {*PLANTED}
    assert "over HTTP no routes are read" in ended.stdout


def assert_planted_bugs_are_found(ended: Ended, report: dict[str, Any]) -> None:
    assert ended.returncode == 1
    assert failed(report) >= EXPECTED
    assert {name.partition(":")[2] for name in failed(report)} == {"isolation", "forged"}


def test_planted_bugs_are_found_with_minted_tokens(broken: Attacked) -> None:
    assert_planted_bugs_are_found(broken.ended, broken.report)


@pytest.mark.parametrize("identities", [TOKENS, LOGIN], ids=["tokens", "login"])
def test_planted_bugs_are_found_with_tokens_of_users(
    tmp_path: Path, broken: Attacked, identities: str
) -> None:
    write_repository(tmp_path, ORDERS, identities)
    assert_planted_bugs_are_found(*attack(tmp_path, broken.running, *only(*PLANTED)))


def test_findings_over_http_are_those_in_process(tmp_path: Path, broken: Attacked) -> None:
    write_repository(tmp_path, ORDERS, MINT)
    service = find_service("orders")
    users = make_users(service)
    target = Target(app=build(service, frozenset(BUGS)), identities=users, mint=users.mint)
    contract = read_contract(tmp_path / "openapi.yaml", tmp_path)
    in_process = run_fuzz(contract, target, FuzzConfig(strict=True), lambda _: None)
    assert {
        witness["id"]: (witness["outcome"], witness["detail"]) for witness in broken.report["witnesses"]
    } == {witness.id: (witness.outcome, witness.detail) for witness in in_process.witnesses}


def test_rate_limited_service_is_retried_until_all_operations_are_tried(tmp_path: Path) -> None:
    write_repository(tmp_path, ORDERS, MINT)
    with serving("orders", limit=100) as running:
        ended, report = attack(tmp_path, running, *only("createOrder", "getOrder"))
    assert ended.returncode == 0, ended.stdout
    assert set(outcomes(report).values()) == {"passed"}
    assert report["requests"]["throttled"] > 0
    assert re.search(r"the service answered 429: waited \d+ times, \d+ s in all", ended.stdout)


def test_junit_report_has_one_case_for_each_check(tmp_path: Path, broken: Attacked) -> None:
    write_repository(tmp_path, ORDERS, 'tokens = { alice = "env:ALICE" }')
    file = tmp_path / "reports" / "fuzz.xml"
    _, report = attack(tmp_path, broken.running, "--operation", "getOrder", "--junit", str(file))
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


def test_printed_curl_lines_and_tests_reproduce_the_failures(tmp_path: Path) -> None:
    bugs = (*BUGS, "bulk-delete-any", "search-pattern-crash", "patch-before-check")
    write_repository(tmp_path, ORDERS, MINT)
    tried = only("getOrder", "changeOrder", "deleteOrder", "deleteOrders", "searchOrders")
    # A failure of Schemathesis depends on all requests before it: it needs the whole run.
    tried += tuple(word for check in REPEATABLE for word in ("--check", check))
    with serving("orders", *bugs) as running:
        ended, report = attack(tmp_path, running, "--seed", "3", *tried)
        found = read_failures(ended.stdout)
        assert len(found) == len(failed(report)) >= 10
        assert {check for _, check, _, _ in found} >= {"forged", "isolation", "robustness"}
        variables = fill_tokens(running, tmp_path)
        for where, check, curls, _ in found:
            if check != "existence":
                assert [send_by_curl(line, running, variables) for _, line in curls] == [
                    status for status, _ in curls
                ], where
        lines = [f"def test_{number}():\n    {line}\n" for number, (*_, line) in enumerate(found)]
        (tmp_path / "test_again.py").write_text("\n".join(lines))
        played = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--tb=short", "test_again.py"],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "KEY": running.key,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # else pytest rewrites the assertions of Schemathesis
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert f"{len(found)} failed" in played.stdout, (lines, played.stdout[-3000:])
    assert "AssertionError" in played.stdout or "assert [" in played.stdout
    assert "ConfigError" not in played.stdout


REPEATABLE = ("forged", "isolation", "existence", "robustness")


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


def fill_tokens(running: RunningService, root: Path) -> dict[str, str]:
    """Get the tokens that the variables of a `curl` line stand for."""
    names = {"TOKEN_ALICE": "alice", "TOKEN_BOB": "bob", "BAD_TOKEN": "an unsigned token (alg none)"}
    options = ("--root", str(root), "--base-url", running.url)
    made = {
        variable: run_specwitness("token", name, *options, variables={"KEY": running.key})
        for variable, name in names.items()
    }
    assert {ended.returncode for ended in made.values()} == {0}
    return {variable: ended.stdout.strip() for variable, ended in made.items()}


def send_by_curl(line: str, running: RunningService, variables: dict[str, str]) -> int:
    """Run a `curl` line with its variables filled as the documentation says; give the status."""
    own = {"Authorization": f"Bearer {variables['TOKEN_ALICE']}"}
    with httpx.Client(base_url=running.url, headers=own, trust_env=False) as alice:
        order = alice.post("/orders", json={"title": "mine"}).json()["id"]
    done = subprocess.run(
        ["/usr/bin/env", "bash", "-c", line.replace("curl", "curl -s --noproxy '*'", 1)],
        env={"PATH": "/usr/bin:/bin", "URL": running.url, "ID": order, **variables},
        capture_output=True,
        check=True,
        timeout=600,
    )
    return int(done.stdout.split(b" ", 2)[1])


def test_service_without_users_is_invalid_and_the_setting_is_named(tmp_path: Path, right: Attacked) -> None:
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(dict(ORDERS)))
    done = fuzz(tmp_path, "--base-url", right.running.url)
    assert done.returncode == 2
    assert (
        "[tool.specwitness.fuzz.identities]: the contract protects operations, and no user has" in done.stderr
    )
    assert 'tokens = { alice = "env:TOKEN_ALICE", bob = "env:TOKEN_BOB" }' in done.stderr


def test_servers_links_and_proxies_elsewhere_are_not_called(tmp_path: Path, right: Attacked) -> None:
    with answering(lambda _method, _target: Reply(200)) as elsewhere:
        contract = json.loads(json.dumps(ORDERS))
        contract["servers"] = [{"url": f"{elsewhere.url}/v1"}]
        contract["paths"]["/orders"]["servers"] = [{"url": elsewhere.url}]
        contract["paths"]["/orders"]["get"]["servers"] = [{"url": elsewhere.url}]
        links = contract["paths"]["/orders"]["post"]["responses"]["201"]["links"]
        links["ReadElsewhere"] = {"operationRef": f"{elsewhere.url}/openapi.json#/paths/~1orders/get"}
        write_repository(tmp_path, contract, MINT)
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        proxies = dict.fromkeys(names, elsewhere.url)
        ended, report = attack(tmp_path, right.running, *only("createOrder", "listOrders"), **proxies)
        assert (ended.returncode, failed(report)) == (0, set()), ended.stdout
        assert reached(report) == {"createOrder", "listOrders"}
        assert elsewhere.calls == []
