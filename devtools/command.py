"""The frame of a command that serves until a signal: its output, its messages, its exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.errors import ConfigurationError
from devtools.errors import DevelopmentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RUN_FOLDER = Path(".run")  # for data and secrets between runs


def print_line(line: str) -> None:
    """Print a line and flush, so that a pipe receives it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_command(name: str, serve: Callable[[Mapping[str, str], Path], None]) -> int:
    """Run a serving command with the environment of the process.

    Args:
        name: The name of the command, before its messages on stderr.
        serve: Serves until a signal; it gets the environment and `RUN_FOLDER`.

    Returns:
        The exit code: 0 after a signal; 1 after an error, with one line on stderr.
    """
    try:
        serve(os.environ, RUN_FOLDER)
    except (DevelopmentError, ConfigurationError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    except KeyboardInterrupt:
        print_line("stopped")
    return 0
