"""The samples of the pages: what commands really print, on small repositories made for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.pages.blocks import put_between
from tests.pages.commands import read_blocks
from tests.support.environment import inherit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
HARNESS = "specwitness/README.md"
CONTRACT = "docs/contract.md"
_FILE = re.compile(r"`(?P<name>[\w./-]+)`[^\n]*:")
ORDERS = """\
openapi: 3.1.0
info: {title: Orders, version: 1.0.0}
security: [{bearer: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      responses:
        "200": {description: The orders}
        "401":
          description: No valid token
          headers: {WWW-Authenticate: {schema: {type: string}}}
          content: {application/problem+json: {schema: {type: object}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
"""


def read_files(page: str) -> dict[str, str]:
    """Read the files of a page: each block of code right below a line that begins with its name."""
    files = {}
    for block in read_blocks(page):
        match = _FILE.match(block.before)
        if match:
            files[match["name"]] = block.text
    return files


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a page into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run specwitness in a folder, with nothing of this repository in sight, on a terminal of 100 columns."""
    return subprocess.run(
        [sys.executable, "-m", "specwitness", *words],
        cwd=folder,
        env={"PATH": os.defpath, "COLUMNS": "100", **inherit()},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def show(text: str) -> str:
    """Give what a command printed as a block of a page."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return f"\n```\n{lines}\n```\n\n"


def make_first_verdict(page: str) -> str:
    """Put what the first run prints into the page that leads to it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, read_files(page))
        run(folder, "derive")
        printed = run(folder, "verify").stdout
    return put_between(page, "first verdict", show(printed))


def make_loosened(page: str) -> str:
    """Put what the contract check prints for a list that became public into its page."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, {"openapi.yaml": ORDERS, "pyproject.toml": _SETTINGS})
        _git(folder, "init", "--quiet", "--initial-branch=main")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message=Orders")
        loosened = ORDERS.replace("listOrders\n", "listOrders\n      security: []\n")
        (folder / "openapi.yaml").write_text(loosened, encoding="utf-8")
        printed = run(folder, "contract", "--base", "main").stdout
    return put_between(page, "loosened", show(f"$ specwitness contract --base main\n{printed}"))


def _git(folder: Path, *words: str) -> None:
    # The same name and the same moment each time: the page shows the commit.
    who = {"NAME": "Ann", "EMAIL": "ann@example.com", "DATE": "2026-01-01T00:00:00Z"}
    environ = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()}
    command = ["git", "-c", "commit.gpgsign=false", *words]
    subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **environ},
        check=True,
        capture_output=True,
    )


_SETTINGS = """\
[tool.specwitness.contract]
file = "openapi.yaml"
"""

SAMPLES: dict[str, Callable[[str], str]] = {HARNESS: make_first_verdict, CONTRACT: make_loosened}
