"""Runs `make run` and `make dev` in the process of the test, where they end by themselves: with a fault."""

from __future__ import annotations

import os
from contextlib import chdir
from typing import TYPE_CHECKING
from unittest import mock

from devtools.command import run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import pytest


def run_to_its_end(
    name: str,
    serve: Callable[[Mapping[str, str], Path], None],
    place: Path,
    captured: pytest.CaptureFixture[str],
    *,
    settings: Mapping[str, str],
    without: Iterable[str] = (),
) -> tuple[int, str, str]:
    """Run a command that cannot serve; give its exit status, its output and its diagnostics.

    Args:
        name: The command's name in its messages.
        serve: The command.
        place: The working directory.
        captured: pytest's `capfd`.
        settings: Variables of the environment.
        without: Variables that are not inherited.
    """
    kept = {variable: value for variable, value in os.environ.items() if variable not in without}
    captured.readouterr()
    with mock.patch.dict(os.environ, {**kept, **settings}, clear=True), chdir(place):
        code = run_command(name, serve)
    return code, *captured.readouterr()
