"""The settings of the harness: `[tool.specwitness]` of pyproject.toml, checked before anything runs."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from specwitness.errors import ConfigError
from specwitness.model import Frozen, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FuzzConfig(Frozen):
    """`[tool.specwitness.fuzz]`: how deep, from which seed, and what each check testifies for.

    `checks` maps a check's name to the requirements that it may witness; an operation's
    `x-requirements` are narrowed to them. A check that is not named feeds all of them.
    """

    profile: str = Field(default="quick", pattern="^(quick|deep)$")
    seed: int = 1
    checks: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Config(Frozen):
    """`[tool.specwitness]`: where things are, what is waived.

    Paths are relative to the repository's root. `target` names a callable (`module:name`) that
    opens the service under test; without it, neither contract check nor fuzzing runs.
    """

    specs: tuple[str, ...] = ("specs/*/spec.md",)
    features: str = "features"
    tests: tuple[str, ...] = ("tests",)
    contract: str | None = None
    target: str | None = None
    output: str = "build/trace"
    repository: str | None = Field(default=None, pattern="^https://")
    fuzz: FuzzConfig = FuzzConfig()
    waivers: tuple[Waiver, ...] = ()


def read_config(root: Path) -> Config:
    """Read `[tool.specwitness]` under a repository's root.

    Raises:
        ConfigError: The file or a setting in it cannot be used; the message names the setting.
    """
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", where="pyproject.toml", remedy="mend the file") from error
    table = document.get("tool", {}).get("specwitness", {})
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(
            "; ".join(_describe(error)),
            where="pyproject.toml",
            remedy="mend [tool.specwitness]; README.md has a table of its settings",
        ) from error
    _refuse_double_waivers(config)
    return config


def find_specs(root: Path, config: Config) -> tuple[Path, ...]:
    """Find the specs that the configuration names, sorted.

    Raises:
        ConfigError: No file matches.
    """
    found = sorted({path for pattern in config.specs for path in root.glob(pattern) if path.is_file()})
    if not found:
        raise ConfigError(
            f"no spec matches {', '.join(config.specs)}",
            where="[tool.specwitness] specs",
            remedy="name the spec files, for example specs = ['specs/*/spec.md']",
        )
    return tuple(found)


def _describe(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        setting = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            yield f"[tool.specwitness] {setting}: there is no such setting"
        else:
            yield f"[tool.specwitness] {setting}: {item['msg']}"


def _refuse_double_waivers(config: Config) -> None:
    seen: set[str] = set()
    for waiver in config.waivers:
        if waiver.requirement in seen:
            raise ConfigError(
                f"{waiver.requirement} is waived twice",
                where="[tool.specwitness] waivers",
                remedy="keep one of them",
            )
        seen.add(waiver.requirement)
