"""The environment of processes that tests start, without the settings of this machine."""

from __future__ import annotations

import os


def inherit(*names: str) -> dict[str, str]:
    """Return these variables of this process, and those that coverage needs to measure the new process."""
    return {
        name: value for name, value in os.environ.items() if name in names or name.startswith("COVERAGE_")
    }
