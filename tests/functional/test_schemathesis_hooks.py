"""Our hooks as people use them who run Schemathesis itself: by `st run`, and in pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.proving_ground.catalogue import find_service
from tests.support.environment import inherit
from tests.support.ground import ROOT, serving

if TYPE_CHECKING:
    from tests.support.ground import Ground

BUGS = ("alg-none", "read-any", "patch-any", "delete-any")
CHECKS = "bearer_attacks,another_user"
COMPLAINTS = (
    "with an unsigned token (alg none): expected 401, came 200",
    "another user was answered 200, not refused",
    "another user was answered 204 to DELETE, and the object is gone",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(dict(find_service("orders").contract)))
    return tmp_path


def call(folder: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Run a command in a folder with nothing but these variables; give the exit and what was said."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **inherit(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def st_run(folder: Path, ground: Ground, **variables: str) -> tuple[int, str]:
    """Run `st run` as docs/fuzzing.md says, with our checks alone."""
    words = (
        "run",
        "openapi.yaml",
        "--url",
        ground.url,
        "-H",
        f"Authorization: Bearer {ground.tokens['alice']}",
    )
    settings = ("--seed", "1", "--phases", "coverage,stateful", "--max-examples", "20", "--checks", CHECKS)
    variables = {"SCHEMATHESIS_HOOKS": "specwitness.fuzz.bridge.hooks", **variables}
    return call(folder, str(Path(sys.executable).with_name("st")), *words, *settings, **variables)


def test_st_run_is_silent_on_the_right_service(folder: Path) -> None:
    with serving("orders") as ground:
        code, said = st_run(folder, ground, SPECWITNESS_TOKEN_BOB=ground.tokens["bob"])
    assert code == 0, said
    assert "specwitness:" not in said


def test_st_run_finds_planted_bugs(folder: Path) -> None:
    with serving("orders", *BUGS) as ground:
        code, said = st_run(folder, ground, SPECWITNESS_TOKEN_BOB=ground.tokens["bob"])
    assert code == 1
    assert [each for each in COMPLAINTS if each not in said] == [], said
    assert "curl -X PATCH" in said


def test_setting_that_is_missing_is_told(folder: Path) -> None:
    with serving("orders", "read-any") as ground:
        code, said = st_run(folder, ground)
    assert code == 0, said
    assert said.count("specwitness: SPECWITNESS_TOKEN_BOB is not set: another_user tries nothing") == 1


MODULE = """
import schemathesis
from hypothesis import settings
from specwitness.fuzz.bridge.hooks import another_user, bearer_attacks

schema = schemathesis.openapi.from_path("openapi.yaml")
schema.config.update(base_url={url!r})
OWN = {{"Authorization": "Bearer {token}"}}

def test_order():
    made = schema["/orders"]["POST"].Case(body={{"title": "a"}}, media_type="application/json").call(headers=OWN)
    for method, more in (("PATCH", {{"body": {{"note": "b"}}, "media_type": "application/json"}}), ("GET", {{}})):
        case = schema["/orders/{{order_id}}"][method].Case(path_parameters={{"order_id": made.json()["id"]}}, **more)
        case.call_and_validate(headers=OWN, checks=[another_user])

@schema.include(method="GET").parametrize()
@settings(max_examples=5, deadline=None)
def test_api(case):
    case.call_and_validate(headers=OWN, checks=[bearer_attacks, another_user])
"""


@pytest.mark.parametrize("bugs", [(), ("alg-none",), ("read-any",), ("patch-any",), ("delete-any",)])
def test_checks_serve_in_pytest(folder: Path, bugs: tuple[str, ...]) -> None:
    with serving("orders", *bugs) as ground:
        (folder / "test_api.py").write_text(MODULE.format(url=ground.url, token=ground.tokens["alice"]))
        words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_api.py")
        done = subprocess.run(
            words,
            cwd=folder,
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "SPECWITNESS_TOKEN_BOB": ground.tokens["bob"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == (1 if bugs else 0), done.stdout
    assert bool(bugs) is any(each in done.stdout for each in COMPLAINTS)
