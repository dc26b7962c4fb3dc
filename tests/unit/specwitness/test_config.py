"""What `[tool.specwitness]` may hold, and the words with which the rest is refused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from specwitness.config import Config, find_specs, read_config
from specwitness.errors import ConfigError
from specwitness.model import Waiver

if TYPE_CHECKING:
    from pathlib import Path


def read(root: Path, text: str) -> Config:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_config(root)


def test_a_repository_without_settings_gets_the_defaults(tmp_path: Path) -> None:
    assert read_config(tmp_path) == Config()
    assert read(tmp_path, "[project]\nname = 'x'\n") == Config()


def test_a_waiver_needs_its_reason_and_its_end(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[[tool.specwitness.waivers]]\nrequirement = '001/FR-1'\nreason = 'later'\nuntil = 2026-12-31\n",
    )
    assert config.waivers == (Waiver(requirement="001/FR-1", reason="later", until=date(2026, 12, 31)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.specwitness", "not TOML"),
        ("[tool.specwitness]\nspec = 'x'\n", "spec: there is no such setting"),
        ("[tool.specwitness]\nfeatures = 3\n", "features: Input should be a valid string"),
        ("[tool.specwitness.fuzz]\nprofile = 'fast'\n", "fuzz.profile: String should match pattern"),
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
def test_a_faulty_setting_is_refused_by_name_with_the_way_out(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert caught.value.remedy


def test_specs_are_found_in_order(tmp_path: Path) -> None:
    for name in ("002-b", "001-a"):
        (tmp_path / "specs" / name).mkdir(parents=True)
        (tmp_path / "specs" / name / "spec.md").touch()
    assert [path.parent.name for path in find_specs(tmp_path, Config())] == ["001-a", "002-b"]


def test_no_spec_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no spec matches specs/\*/spec\.md"):
        find_specs(tmp_path, Config())
