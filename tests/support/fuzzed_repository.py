"""Repositories that hold a contract and its users, and `specwitness fuzz` on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.proving_ground.catalogue import find_service
from tests.support.command_line import run_specwitness

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.in_process import Ended


def write_repository(
    root: Path, contract: Mapping[str, Any], identities: str, settings: str = "strict = true"
) -> None:
    """Write a repository that holds a contract, and who the users of its service are.

    Args:
        root: Where.
        contract: The contract.
        identities: A line of `[tool.specwitness.fuzz.identities]`.
        settings: Lines of `[tool.specwitness.fuzz]`.
    """
    text = f"[tool.specwitness.fuzz]\n{settings}\n"
    (root / "openapi.yaml").write_text(yaml.safe_dump(dict(contract), sort_keys=False), encoding="utf-8")
    text += f"[tool.specwitness.fuzz.identities]\n{identities}\n"
    (root / "pyproject.toml").write_text(text, encoding="utf-8")


def describe_mint(name: str) -> str:
    """Give the line that lets the fuzzer sign as the service's issuer, with the key of the variable KEY."""
    mint = find_service(name).mint
    header = f", header = {{ kid = {json.dumps(mint.kid)} }}" if mint.kid else ""
    subjects = json.dumps([mint.subjects["alice"], mint.subjects["bob"]])
    return (
        f'mint = {{ algorithm = "{mint.algorithm}", key = "env:KEY", issuer = "{mint.issuer}", '
        f'audience = "{mint.audience}", subjects = {subjects}{header} }}'
    )


def fuzz(root: Path, *words: str, **variables: str) -> Ended:
    """Run `specwitness fuzz` on the contract of a repository."""
    options = ("--root", str(root), "--contract", "openapi.yaml", *words)
    return run_specwitness("fuzz", *options, variables=variables)
