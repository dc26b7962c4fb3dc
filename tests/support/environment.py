"""The environment of a process that a test starts: bare, so that this machine's settings stay outside."""

from __future__ import annotations

import os


def inherit(*names: str) -> dict[str, str]:
    """Take variables of these names from this process, and those by which coverage is measured."""
    return {
        name: value for name, value in os.environ.items() if name in names or name.startswith("COVERAGE_")
    }
