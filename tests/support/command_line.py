"""Runs `specwitness` in the process of the test: how it ends, and what it prints.

Starting an interpreter and importing the harness takes longer than most of these runs. That the command also works
as a process of its own is tested for each of its subcommands in tests/functional.
"""

from __future__ import annotations

import os
import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from typer.testing import CliRunner

from specwitness.cli import app
from tests.support.environment import inherit
from tests.support.in_process import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMNS = "200"  # so that no message is wrapped


def run_specwitness(
    *words: str, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> Ended:
    """Run `specwitness` with nothing but these environment variables.

    Args:
        words: The command line after `specwitness`.
        folder: The working directory; by default, that of the tests.
        variables: The environment.

    Raises:
        Exception: Any error that the command lets escape, which a user would see as a traceback.
    """
    environment = {"PATH": os.defpath, "COLUMNS": _COLUMNS, **inherit(), **(variables or {})}
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "path", list(sys.path)),  # the command adds the root of the repository
        chdir(folder or Path()),
    ):
        result = CliRunner().invoke(app, words, prog_name="specwitness")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
