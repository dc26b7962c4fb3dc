"""A command that serves until somebody stops it: what it says, and how it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.errors import ConfigurationError
from devtools.errors import DevelopmentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT = Path(".run")  # where data and secrets are kept between runs


def say(line: str) -> None:
    """Tell at once, whoever reads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_command(name: str, serve: Callable[[Mapping[str, str], Path], None]) -> int:
    """Serve with the process's environment.

    Args:
        name: What a fault is told under.
        serve: Serves until a signal ends it.

    Returns:
        The exit code: 1 where something is missing or refused, which is told in one line.
    """
    try:
        serve(os.environ, KEPT)
    except (DevelopmentError, ConfigurationError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    except KeyboardInterrupt:
        say("stopped")
    return 0
