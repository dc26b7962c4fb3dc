"""The settings of `[tool.specwitness]`, and the messages for invalid ones."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specwitness.config import (
    Config,
    FuzzConfig,
    find_specs,
    locate_contract_waivers,
    locate_waivers,
    override_contract,
    read_config,
)
from specwitness.errors import ConfigError
from specwitness.fuzz.checks.registry import named_checks
from specwitness.model import Waiver

SETTINGS = ["specwitness", *Config.model_fields, "profile", "seed", "checks", "requirement", "until"]


def read(root: Path, text: str) -> Config:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_config(root)


def test_repository_without_settings_gets_the_defaults(tmp_path: Path) -> None:
    assert read_config(tmp_path) == Config()
    assert read(tmp_path, "[project]\nname = 'x'\n") == Config()


def test_waiver_has_a_reason_and_an_end(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[[tool.specwitness.waivers]]\nrequirement = '001/FR-1'\nreason = 'later'\nuntil = 2026-12-31\n",
    )
    assert config.waivers == (Waiver(requirement="001/FR-1", reason="later", until=date(2026, 12, 31)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.specwitness", "not TOML"),
        ("[tool.specwitness]\nspec = 'x'\n", "spec: no such setting"),
        ("[tool.specwitness]\nfeatures = 3\n", "features: Input should be a valid string"),
        ("[tool.specwitness.fuzz]\nprofile = 'fast'\n", "fuzz.profile: String should match pattern"),
        (
            "[tool.specwitness.fuzz.checks]\n'Forged!' = ['x']\n",
            "fuzz.checks.Forged!.[key]: String should match",
        ),
        (
            "[[tool.specwitness.waivers]]\nrequirement = 'x'\nuntil = 2026-12-31\n",
            "waivers.0.reason: Field required",
        ),
        (
            "[[tool.specwitness.waivers]]\nrequirement = 'x'\nreason = 'y'\n",
            "waivers.0.until: Field required",
        ),
        (
            "[[tool.specwitness.waivers]]\nrequirement = 'x'\nreason = ' '\nuntil = 2026-12-31\n",
            "waivers.0.reason",
        ),
        (
            "[[tool.specwitness.waivers]]\nrequirement = 'x'\nreason = 'y'\nuntil = 2026-12-31\n" * 2,
            "x is waived twice",
        ),
    ],
)
def test_invalid_setting_is_named_with_a_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("setting", ["specs", "features", "tests", "contract", "output"])
@pytest.mark.parametrize(
    "path", ["/etc", "//etc", "..", "../x", "a/../../x", "a/..", "C:/x", "\\x", "..\\x", "", " ", "a\0b"]
)
def test_path_outside_the_repository_is_refused_with_the_name_of_its_setting(
    tmp_path: Path, setting: str, path: str
) -> None:
    value = json.dumps([path] if setting in {"specs", "tests"} else path)
    with pytest.raises(ConfigError, match=rf"\[tool.specwitness\] {setting}(.0)?: must be a path inside"):
        read(tmp_path, f"[tool.specwitness]\n{setting} = {value}\n")


@pytest.mark.parametrize("path", ["docs", "docs/a..b", "./docs", "...", "a b/ü"])
def test_path_inside_the_repository_is_accepted_unchanged(tmp_path: Path, path: str) -> None:
    assert read(tmp_path, f"[tool.specwitness]\noutput = {json.dumps(path)}\n").output == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tool = 3\n", "pyproject.toml: tool is not a table → write it as [tool]"),
        ("tool = []\n", "pyproject.toml: tool is not a table"),
        ("[tool]\nspecwitness = 3\n", "tool.specwitness is not a table → write it as [tool.specwitness]"),
        ("[[tool.specwitness]]\n", "tool.specwitness is not a table"),
    ],
)
def test_settings_that_are_not_a_table_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


def test_invalid_glob_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[tool.specwitness\] specs: (no spec matches )?specs/\*\*x"):
        find_specs(tmp_path, Config(specs=("specs/**x",)))


@settings(deadline=None)  # it touches the disk
@given(
    table=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(SETTINGS) | st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_any_table_gives_a_config_or_a_config_error(table: object) -> None:
    with TemporaryDirectory() as folder, patch("tomllib.loads", return_value={"tool": table}):
        root = Path(folder)
        (root / "pyproject.toml").touch()
        try:
            find_specs(root, read_config(root))
        except ConfigError as refusal:
            assert refusal.remedy


WAIVERS = """\
[tool.specwitness.fuzz.checks]
none = ["001/FR-1", "001/FR-2"]
# requirement = "001/FR-1"
[[tool.specwitness.waivers]]
requirement = "001/FR-10"
reason = "later"
until = 2026-12-31
[[tool.specwitness.waivers]]
until = 2026-12-31
reason = "later"
'requirement'='001/FR-1'
[[tool.specwitness.waivers]]
requirement = "001/FR\\u002D2"
reason = "later"
until = 2026-12-31
"""


def test_waiver_is_located_at_the_line_with_its_requirement(tmp_path: Path) -> None:
    places = locate_waivers(tmp_path, read(tmp_path, WAIVERS))
    assert {key: str(place) for key, place in places.items()} == {
        "001/FR-10": "pyproject.toml:5",
        "001/FR-1": "pyproject.toml:11",
        "001/FR-2": "pyproject.toml:1",
    }


def test_every_check_can_be_given_its_requirements() -> None:
    names = ["contract", *named_checks()]
    assert list(FuzzConfig(checks=dict.fromkeys(names, ("001/*",))).checks) == names


def test_specs_are_found_in_order(tmp_path: Path) -> None:
    for name in ("002-b", "001-a"):
        (tmp_path / "specs" / name).mkdir(parents=True)
        (tmp_path / "specs" / name / "spec.md").touch()
    assert [path.parent.name for path in find_specs(tmp_path, Config())] == ["001-a", "002-b"]


def test_repository_without_specs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no spec matches specs/\*/spec\.md"):
        find_specs(tmp_path, Config())


def test_contract_is_a_path_or_a_table(tmp_path: Path) -> None:
    assert read(tmp_path, "[tool.specwitness]\ncontract = 'a.yaml'\n").contract == "a.yaml"
    config = read(tmp_path, "[tool.specwitness.contract]\nfile = 'a.yaml'\nbase = 'main'\n")
    assert (config.contract, config.contract_check.base) == ("a.yaml", "main")
    assert override_contract(config, file="b.yaml", base=None).contract == "b.yaml"
    assert override_contract(config, file=None, base="v1").contract_check.base == "v1"


CONTRACT_WAIVER = """\
[[tool.specwitness.contract.waivers]]
operation = "a"
change = "operation-removed"
reason = "later"
until = 2026-12-31
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.specwitness.contract]\nfile = '..'\n", "contract: must be a path inside"),
        ("[tool.specwitness.contract]\nserved = 'openapi.json'\n", "contract.served: "),
        ("[tool.specwitness.contract]\nnonsense = 1\n", "contract.nonsense: no such setting"),
        ("[tool.specwitness]\ncontract_check = {}\n", "contract_check: no such setting"),
        (CONTRACT_WAIVER * 2, "operation-removed is waived twice for a"),
        (CONTRACT_WAIVER.replace('"later"', '" "'), "contract.waivers.0.reason: "),
        (
            "[tool.specwitness.contract.levels]\nx = { level = 'warning' }\n",
            "contract.levels.x: needs a reason",
        ),
        ("[tool.specwitness.contract.levels]\nx = { level = 'waived' }\n", "contract.levels.x.level: "),
    ],
)
def test_invalid_setting_of_the_contract_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert f"[tool.specwitness] {message}" in str(caught.value) or message in str(caught.value)


def test_contract_waiver_is_located_at_its_line(tmp_path: Path) -> None:
    other = CONTRACT_WAIVER.replace('"a"', "'b'")
    text = f"# [[tool.specwitness.contract.waivers]]\n{CONTRACT_WAIVER}{other}"
    places = locate_contract_waivers(tmp_path, read(tmp_path, text))
    assert [str(place) for place in places.values()] == ["pyproject.toml:2", "pyproject.toml:7"]
