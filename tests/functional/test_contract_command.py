"""`specwitness contract` on a small repository with a real git: kept, broken, invalid."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.command_line import run_specwitness
from tests.support.sample_contract import CREATE, DOCUMENT, DRAFT, GONE, LIST, change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.in_process import Ended

SETTINGS = '[tool.specwitness.contract]\nfile = "api/openapi.yaml"\n'
WAIVER = """
[[tool.specwitness.contract.waivers]]
operation = "listOrders"
change = "security-loosened"
reason = "prices are public now"
until = {until}
"""
TARGET = """
from contextlib import contextmanager
from fastapi import FastAPI
from specwitness.fuzz.target import Target

@contextmanager
def open_target():
    app = FastAPI()
    print("noise of the service")
    @app.get("/debug", include_in_schema=False)
    def debug(): ...
    yield Target(app=app, authorization=lambda _: None, generated_schema=app.openapi())
"""


class Repository:
    """A repository with a contract, and the command run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pyproject.toml", SETTINGS)
        self.put({})
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def put(self, edits: Mapping[str, Any]) -> None:
        """Write the contract, with one schema in a file beside it."""
        document = change(edits)
        draft = document["components"]["schemas"]["Draft"]
        document["components"]["schemas"]["Draft"] = {"$ref": "draft.json"}
        self.write("api/draft.json", json.dumps(draft, indent=1))
        self.write("api/openapi.yaml", yaml.safe_dump(document, sort_keys=False))

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.root), *identity, *words]
        subprocess.run(command, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def run(self, *words: str) -> Ended:
        """Run `specwitness contract` in this process."""
        return run_specwitness("contract", *words, folder=self.root)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `specwitness contract` as a process."""
        command = [sys.executable, "-m", "specwitness", "contract", *words]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, timeout=600, check=False
        )

    def result(self) -> dict[str, Any]:
        text = (self.root / "build/contract/contract.json").read_text(encoding="utf-8")
        result: dict[str, Any] = json.loads(text)
        return result


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_unchanged_contract_is_kept(repository: Repository) -> None:
    done = repository.call("--base", "HEAD")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "kept: no findings"
    assert "base: HEAD (" in done.stdout
    assert "app: not compared: [tool.specwitness] target is not set" in done.stdout
    assert repository.result()["result"] == "kept"


def test_loosened_protection_is_reported_at_its_line(repository: Repository) -> None:
    repository.put({f"{LIST}/security": []})
    done = repository.run("--base", "main")
    assert done.returncode == 1, done.stdout + done.stderr
    line = (repository.root / "api/openapi.yaml").read_text().splitlines().index("      security: []") + 1
    assert (
        f"api/openapi.yaml:{line}: GET /orders: security was http bearer, and now accepts no cred"
        in done.stdout
    )
    assert "→ restore the protection" in done.stdout
    (judgement,) = repository.result()["judgements"]
    assert judgement["code"] == "security-loosened"
    assert judgement["kind"] == "loosening"
    assert judgement["location"] == {"file": "api/openapi.yaml", "line": line}


def test_change_in_a_referenced_file_is_reported_in_that_file(repository: Repository) -> None:
    repository.put({f"{DRAFT}/properties/text/maxLength": 8})
    repository.commit("second")
    assert repository.run("--base", "HEAD").returncode == 0
    done = repository.run("--base", "HEAD~1")
    assert done.returncode == 1
    assert "POST /orders: body $.text: maxLength was 80 and is 8 [breaking: request-bounds" in done.stdout
    assert "api/draft.json:" in done.stdout


def test_commits_of_others_since_the_fork_are_ignored(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "ours")
    repository.git("checkout", "-q", "main")
    repository.put({"/paths/~1more": DOCUMENT["paths"]["/health"] | {"get": {**DOCUMENT["paths"]["/health"]["get"], "operationId": "more"}}})  # fmt: skip
    repository.commit("theirs")
    repository.git("checkout", "-q", "ours")
    done = repository.run("--base", "main")
    assert done.returncode == 0, done.stdout


def test_base_can_be_a_file_or_a_path_in_a_revision(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository.write("old.yaml", yaml.safe_dump(DOCUMENT))
    outside = tmp_path_factory.mktemp("outside") / "old.yaml"
    outside.write_text(yaml.safe_dump(DOCUMENT), encoding="utf-8")
    repository.put({CREATE: GONE})
    for base in ("old.yaml", str(outside), "HEAD:api/openapi.yaml"):
        done = repository.run("--base", base)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "POST /orders: this operation was removed [breaking: operation-removed]" in done.stdout


def test_contract_without_a_version_in_the_base_is_new(repository: Repository) -> None:
    done = repository.run("--base", "HEAD", "--contract", "api/new.yaml")
    assert done.returncode == 2
    repository.write("api/new.yaml", yaml.safe_dump(DOCUMENT))
    done = repository.run("--base", "HEAD", "--contract", "api/new.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "has no api/new.yaml: the contract is new" in done.stdout


def test_waiver_allows_its_change_until_it_expires(repository: Repository) -> None:
    repository.put({f"{LIST}/security": []})
    repository.write("pyproject.toml", SETTINGS + WAIVER.format(until="2999-12-31"))
    done = repository.run("--base", "main")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "waived: prices are public now" in done.stdout
    assert done.stdout.splitlines()[-1] == "kept: no findings, 1 waived"
    repository.write("pyproject.toml", SETTINGS + WAIVER.format(until="2001-01-01"))
    done = repository.run("--base", "main")
    assert done.returncode == 1
    assert (
        "pyproject.toml:4: the waiver of security-loosened for listOrders expired on 2001-01-01"
        in done.stdout
    )
    assert "[loosening: security-loosened]" in done.stdout


def test_unneeded_waiver_is_reported(repository: Repository) -> None:
    repository.put({f"{LIST}/responses/200/description": "Every order"})
    repository.write("pyproject.toml", SETTINGS + WAIVER.format(until="2999-12-31"))
    assert repository.run().returncode == 0  # without a base nothing can be said of it
    done = repository.run("--base", "main")
    assert done.returncode == 1
    assert "pyproject.toml:4: the waiver of security-loosened for listOrders is not needed" in done.stdout


def test_waiver_of_an_unknown_rule_is_reported(repository: Repository) -> None:
    text = WAIVER.format(until="2999-12-31").replace("security-loosened", "security-losened")
    repository.write("pyproject.toml", SETTINGS + text)
    done = repository.run()
    assert done.returncode == 1
    assert "pyproject.toml:4: the waiver of security-losened for listOrders names no rule" in done.stdout


def test_lint_finding_can_be_turned_off_with_a_reason(repository: Repository) -> None:
    repository.put({f"{DRAFT}/properties/text/maxLength": GONE})
    done = repository.run()
    assert done.returncode == 1
    assert "body $.text: a string without maxLength [lint: request-unbounded]" in done.stdout
    off = SETTINGS + '[tool.specwitness.contract.levels]\nrequest-unbounded = { level = "off" }\n'
    repository.write("pyproject.toml", off)
    done = repository.run()
    assert done.returncode == 2
    assert "contract.levels.request-unbounded: needs a reason" in done.stderr
    repository.write("pyproject.toml", off.replace(" }", ', reason = "the gateway bounds them" }'))
    assert repository.run().returncode == 0


def test_warning_does_not_break_the_run(repository: Repository) -> None:
    repository.put({"/components/schemas/Old": {}})
    done = repository.run()
    assert done.returncode == 0
    assert "nothing refers to schemas/Old [lint: component-unused]" in done.stdout
    assert done.stdout.splitlines()[-1] == "kept: no findings, 1 warning"


def test_app_is_compared_and_its_output_is_not_printed(repository: Repository) -> None:
    settings = SETTINGS + 'served = "/openapi.json"\n[tool.specwitness]\ntarget = "target:open_target"\n'
    repository.write("pyproject.toml", settings)
    repository.write("target.py", TARGET)
    done = repository.call()
    assert done.returncode == 1, done.stdout + done.stderr
    for text in (
        "POST /orders: the app has no such operation [app: difference]",
        "the app has no route for GET /health [app: missing-route]",
        "the app serves GET /debug, which is not in the contract [app: undocumented-route]",
        "/openapi.json does not serve the contract",
    ):
        assert text in done.stdout
    assert "noise" not in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--base", "nowhere"], "base: nowhere is neither a revision of this repository nor a file in it"),
        (["--base", ":api/openapi.yaml"], "neither a revision"),
        (["--base", "--output=x"], "neither a revision"),
        (["--base", "HEAD:api/none.yaml"], "HEAD has no api/none.yaml"),
        (["--base", "broken.yaml"], "the contract of the base cannot be read: this is not valid YAML"),
        (
            ["--base", "list.yaml"],
            "the contract of the base cannot be read: this is not an OpenAPI 3 document",
        ),
        (["--contract", "none.yaml"], "none.yaml: the contract cannot be read: No such file or directory"),
        (["--contract", "../x.yaml"], "--contract: [tool.specwitness] contract: must be a path inside"),
        (["--contract", "broken.yaml"], "broken.yaml:2: this is not valid YAML"),
    ],
)
def test_unreadable_contract_or_base_is_invalid(
    repository: Repository, words: list[str], message: str
) -> None:
    repository.write("broken.yaml", "a: [\n")
    repository.write("list.yaml", "- a\n")
    done = repository.run(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1].startswith("invalid: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (repository.root / "build/contract/contract.json").exists()


def test_command_without_a_contract_is_invalid(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "specwitness", "contract"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2
    assert "no contract is named → set contract" in done.stderr


def test_base_of_the_settings_is_used(repository: Repository) -> None:
    repository.write("pyproject.toml", SETTINGS + 'base = "main"\n')
    repository.put({f"{LIST}/security": []})
    assert repository.run().returncode == 1
