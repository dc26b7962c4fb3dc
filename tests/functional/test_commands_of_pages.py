"""Commands of the pages, read from the pages and run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from backend.testing.issuer import make_secret
from tests.pages.blocks import read_between
from tests.pages.commands import INSTALL, PLAIN_RUN, QUICKSTART, TOKENS, find_block, read_blocks
from tests.pages.samples import CONTRACT, HARNESS, ORDERS, make_loosened, read_files, show, write_files
from tests.proving_ground.catalogue import find_service
from tests.services.process import serving
from tests.support import server_process
from tests.support.environment import inherit
from tests.support.service import PSEUDONYM_KEY, as_service, fresh_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devtools.postgres import PostgresServer
    from tests.services.process import RunningService

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
LOCAL = "http://127.0.0.1:8000"
# The environment is there, or no test would run: make must not set it up anew meanwhile.
MAKE = "make -s -o .venv/installed"
USERS = 'tokens = { alice = "env:TOKEN_ALICE", bob = "env:TOKEN_BOB" }'
# Stands where a page says `from app import …`.
APP = """
from tests.proving_ground.catalogue import find_service
service = find_service("reminders")
SECRET, ISSUER, AUDIENCE = service.mint.key, service.mint.issuer, service.mint.audience
create_app = service.build
"""


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def play(
    page: str, first: str, folder: Path, swaps: Mapping[str, str] | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a block of a page in a folder, as a shell that ends at the first command that fails.

    Args:
        page: The page, below the root.
        first: The first command of the block.
        folder: Where it is run.
        swaps: What of the page does not hold here, such as a port, and what does.
        variables: The environment of the commands.
    """
    script = find_block(read(page), first).text
    for old, new in (swaps or {}).items():
        assert old in script
        script = script.replace(old, new)
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **inherit(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def service(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The service of this repository: its address, and the secret that `make token` signs with."""
    secret = make_secret()
    with fresh_database(postgres_server.url) as url:
        settings = {
            "BETTER_AUTH_SECRET": secret,
            "DATABASE_URL": as_service(url),
            "PSEUDONYM_KEY": PSEUDONYM_KEY,
        }
        log = tmp_path_factory.mktemp("service") / "service.log"
        with server_process.serving({**inherit(), **settings}, log) as server:
            yield {"url": f"http://127.0.0.1:{server.port}", "secret": secret}


@pytest.fixture(scope="module")
def orders() -> Iterator[RunningService]:
    with serving("orders") as running:
        yield running


def tokens_of(running: RunningService) -> dict[str, str]:
    return {"TOKEN_ALICE": running.tokens["alice"], "TOKEN_BOB": running.tokens["bob"]}


def test_quickstart_names_the_status_of_every_call(service: dict[str, str]) -> None:
    first = "TOKEN=$(make -s token USER=ann)"
    swaps = {LOCAL: service["url"], "make -s": MAKE}
    done = play(QUICKSTART, first, ROOT, swaps, BETTER_AUTH_SECRET=service["secret"])
    assert done.returncode == 0, done.stderr
    said = re.findall(r"# (\d{3})", find_block(read(QUICKSTART), first).text)
    assert len(said) == 7
    assert re.findall(r"HTTP/1.1 (\d{3})", done.stdout) == said


def test_service_is_called_as_its_page_says(service: dict[str, str]) -> None:
    first = "TOKEN=$(make -s token USER=alice)"
    swaps = {LOCAL: service["url"], "make -s": MAKE}
    done = play("backend/README.md", first, ROOT, swaps, BETTER_AUTH_SECRET=service["secret"])
    assert done.returncode == 0, done.stderr
    assert '"user_id":"alice"' in done.stdout.replace(" ", "")
    assert done.stdout.count("Buy milk") == 2
    assert "401 Unauthorized" in done.stdout


def test_plain_schemathesis_run_is_green_and_erases_nobody(service: dict[str, str]) -> None:
    users = {"TOKEN_ALICE": "schemathesis-alice", "TOKEN_BOB": "schemathesis-bob"}
    tokens = {}
    for name, user in users.items():
        command = [*MAKE.split(), "token", f"USER={user}"]
        environ = {**os.environ, "BETTER_AUTH_SECRET": service["secret"]}
        printed = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
        tokens[name] = printed.stdout.strip()
    done = play(
        "docs/fuzzing.md",
        PLAIN_RUN,
        ROOT / "contracts",
        {LOCAL: service["url"], "st run": "st run --seed 1"},
        **tokens,
    )
    assert done.returncode == 0, done.stdout
    assert "Stateful" in done.stdout
    assert "another_user tries nothing" not in done.stdout + done.stderr


def test_running_service_is_attacked_as_the_page_says(tmp_path: Path, orders: RunningService) -> None:
    page = "docs/fuzzing.md"
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(dict(find_service("orders").contract)))
    settings = next(block.text for block in read_blocks(read(page)) if block.info == "toml")
    assert USERS in settings
    (tmp_path / "pyproject.toml").write_text(settings)
    first = f"specwitness fuzz --base-url {LOCAL}"
    done = play(page, first, tmp_path, {LOCAL: orders.url}, **tokens_of(orders))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept: " in done.stdout
    swaps = {LOCAL: orders.url, "BAD_TOKEN=": "echo $TOKEN_ALICE; echo "}
    done = play(page, TOKENS, tmp_path, swaps, **tokens_of(orders))
    assert done.returncode == 0, done.stderr
    own, bad = done.stdout.split()
    assert own == orders.tokens["alice"]
    assert bad.endswith(".")


@pytest.mark.parametrize(
    ("page", "first"),
    [
        pytest.param("docs/fuzzing.md", "specwitness fuzz", marks=pytest.mark.slow("five runs")),
        ("docs/fuzz-checks.md", "specwitness fuzz --check isolation"),
    ],
)
def test_target_is_attacked_as_the_page_says(tmp_path: Path, page: str, first: str) -> None:
    blocks = read_blocks(read("docs/fuzzing.md"))
    target = next(block.text for block in blocks if block.text.startswith("# target.py"))
    settings = next(block.text for block in blocks if block.info == "toml" and "target:" in block.text)
    reminders = find_service("reminders")
    for name, subject in (("u1", "alice"), ("u2", "bob")):
        target = target.replace(name, reminders.mint.subjects[subject])
    files = {"target.py": target, "app.py": APP, "pyproject.toml": settings}
    write_files(tmp_path, {**files, "openapi.yaml": yaml.safe_dump(dict(reminders.contract))})
    block = find_block(read(page), first).text
    # One operation, so that it takes seconds: a whole run is another test's.
    swaps = {"specwitness fuzz": "specwitness fuzz --operation getReminder"}
    swaps |= {"getOrder": "getReminder"} if "getOrder" in block else {}
    done = play(page, first, tmp_path, swaps)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = re.findall(r"^kept: ", done.stdout, re.MULTILINE)
    assert len(runs) == block.count("specwitness fuzz")
    assert (tmp_path / "build/fuzz/junit.xml").exists() is ("--junit" in block)


def test_contract_is_checked_as_its_page_says(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    write_files(origin, {"openapi.yaml": ORDERS, "old.yaml": ORDERS})
    (origin / "pyproject.toml").write_text('[tool.specwitness]\ncontract = "openapi.yaml"\n')
    identity = ("-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false")
    for command in (
        ("git", "-C", str(origin), "init", "-q", "-b", "main"),
        ("git", "-C", str(origin), "add", "--all"),
        ("git", "-C", str(origin), *identity, "commit", "-q", "-m", "first"),
        ("git", "clone", "-q", str(origin), str(clone)),
    ):
        subprocess.run(command, check=True, capture_output=True)
    for first, runs in (("specwitness contract", 3), ("git fetch origin main", 1)):
        done = play("docs/contract.md", first, clone)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(re.findall(r"^kept", done.stdout, re.MULTILINE)) == runs, done.stdout


def test_first_spec_is_proven_as_the_page_says(tmp_path: Path) -> None:
    text = read(HARNESS)
    write_files(tmp_path, read_files(text))
    done = play(HARNESS, "specwitness derive", tmp_path, COLUMNS="100")
    assert done.returncode == 1, done.stderr
    assert "001/FR-002 is silent" in done.stdout
    printed = done.stdout.partition("feature\n")[2]
    assert show(printed) == read_between(text, "first verdict"), f"{HARNESS} is out of date: run make docs"
    missing = next(block.text for block in read_blocks(text) if "test_difference" in block.text)
    (tmp_path / "tests/test_difference.py").write_text(missing)
    done = play(HARNESS, "specwitness derive", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "kept: " in done.stdout


def test_package_is_installed_from_a_clone(tmp_path: Path) -> None:
    where = tmp_path / "installed"
    # No index is asked: what the package needs is there, and so is what builds it.
    offline = f"--quiet --no-index --no-deps --no-build-isolation --target {where}"
    done = play("README.md", INSTALL, tmp_path, {"PATH/TO/CLONE": f"{ROOT} {offline}"})
    assert done.returncode == 0, done.stderr
    command = "import specwitness.cli; print(specwitness.__file__); specwitness.cli.main()"
    ran = subprocess.run(
        [sys.executable, "-c", command, "schema"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(where)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{where}/specwitness/__init__.py\n")


def test_sample_of_the_contract_check_is_what_it_prints() -> None:
    text = read(CONTRACT)
    assert make_loosened(text) == text, f"{CONTRACT} is out of date: run make docs"
