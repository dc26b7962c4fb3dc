"""Names, defaults and limits of docs/settings.md against the settings in the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import PydanticUndefined

from backend.core.config import Settings
from specwitness.config import Config, FuzzConfig

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<name>\w+)`(?P<more>(?:, `\w+`)*) \| (?P<default>.*?) \| (?P<meaning>.*) \|$", re.MULTILINE
)
# Settings of the code that have no line of their own in the table of the service.
ELSEWHERE = {"contract_check"}


def read_rows(heading: str) -> dict[str, tuple[str, str]]:
    """Read the tables below a heading: default and meaning of each setting."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {row["name"]: (row["default"], row["meaning"]) for row in ROW.finditer(section)}


def list_limits(field: FieldInfo) -> list[str]:
    """List the lowest and the highest value of a setting, if it has both."""
    limits = {
        name: getattr(item, name) for item in field.metadata for name in ("ge", "le") if hasattr(item, name)
    }
    return [str(limits["ge"]), str(limits["le"])] if limits.keys() >= {"ge", "le"} else []


def write_default(value: Any) -> str:
    """Write a default as the page does; empty where the page may say what stands in its place."""
    if value is None or value in ((), {}) or value is PydanticUndefined:
        return ""
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


SERVICE = {field.alias or name: field for name, field in Settings.model_fields.items()}


def test_page_has_every_setting_of_the_service_and_no_other() -> None:
    assert len(SERVICE) > 20
    assert read_rows("The service").keys() == SERVICE.keys()


@pytest.mark.parametrize("name", SERVICE)
def test_default_and_limits_of_a_setting_are_those_of_the_code(name: str) -> None:
    default, meaning = read_rows("The service")[name]
    expected = write_default(SERVICE[name].default)
    assert default == expected or (not expected and default), (name, default)
    for limit in list_limits(SERVICE[name]):
        assert re.search(rf"\b{limit}\b", f"{default} {meaning}") or name == "JWT_MAX_AGE_SECONDS", (
            name,
            limit,
        )


def test_page_has_every_setting_of_the_harness_and_no_other() -> None:
    named = read_rows("The harness").keys()
    assert named == (Config.model_fields.keys() - ELSEWHERE - {"fuzz"}) | FuzzConfig.model_fields.keys()


def test_page_has_every_setting_of_the_front_end() -> None:
    code = (ROOT / "frontend/lib/settings.ts").read_text(encoding="utf-8")
    named = set(re.findall(r"^    ([A-Z_]+):", code, re.MULTILINE))
    assert len(named) >= 8
    assert read_rows("The front end").keys() == named
