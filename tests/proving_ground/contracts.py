"""Reads the contracts of the proving ground, and tells whether an answer fits one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def read_contract(module: str) -> dict[str, Any]:
    """Read the contract that stands beside a module."""
    text = Path(module).with_name("openapi.yaml").read_text(encoding="utf-8")
    contract: dict[str, Any] = yaml.safe_load(text)
    return contract
