"""The contracts on imports: lint-imports finds all of them, and none of them checks an empty list."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path
from typing import Any

import pytest
from importlinter.api import read_configuration

ROOT = Path(__file__).parents[2]
MODULES = {
    "acyclic_siblings": "ancestors",
    "forbidden": "forbidden_modules",
    "independence": "modules",
    "layers": "layers",
}


@pytest.fixture
def contracts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every contract that lint-imports finds when it is run in the root of the repository, as in make check."""
    monkeypatch.chdir(ROOT)
    options: list[dict[str, Any]] = read_configuration()["contracts_options"]
    return options


def test_every_section_of_the_file_is_a_contract_that_is_found(contracts: list[dict[str, Any]]) -> None:
    parser = configparser.ConfigParser()
    parser.read_string((ROOT / ".importlinter").read_text())
    sections = [section for section in parser.sections() if section != "importlinter"]
    assert [f"importlinter:contract:{contract['id']}" for contract in contracts] == sections


def test_every_contract_names_modules(contracts: list[dict[str, Any]]) -> None:
    assert contracts
    assert all(contract[MODULES[contract["type"]]] for contract in contracts)


def test_pyproject_holds_no_second_set_of_contracts() -> None:
    assert "importlinter" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def test_every_package_of_the_fuzzer_but_the_bridge_is_kept_from_schemathesis(
    contracts: list[dict[str, Any]],
) -> None:
    (contract,) = (contract for contract in contracts if contract["id"] == "schemathesis-in-bridge")
    packages = {
        f"specwitness.fuzz.{path.stem}"
        for path in (ROOT / "specwitness/fuzz").iterdir()
        if path.stem[0] != "_"
    }
    assert set(contract["source_modules"]) == packages - {"specwitness.fuzz.bridge"}
