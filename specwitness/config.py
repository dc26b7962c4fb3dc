"""The settings of the harness: `[tool.specwitness]` of pyproject.toml, validated before anything runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from specwitness.errors import ConfigError
from specwitness.model import ContractWaiver, Frozen, Location, RuleLevel, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def _stay_inside(path: str) -> str:
    # The rules of Windows know drives and both separators: `C:x` and `..\x` are refused on every machine.
    parts = PureWindowsPath(path)
    if not path.strip() or "\0" in path or parts.anchor or ".." in parts.parts:
        raise PydanticCustomError(
            "path", "must be a path inside the repository: not empty, not absolute, without `..`"
        )
    return path


InnerPath = Annotated[str, AfterValidator(_stay_inside)]
# The fuzzer refuses unknown names when a run begins: its registry has the checks.
CheckName = Annotated[str, Field(pattern="^[a-z_]+$")]


class FuzzConfig(Frozen):
    """`[tool.specwitness.fuzz]`: profile, seed, limits, and the requirements that each check testifies for.

    `strict` makes broken SHOULD rules break the run. `seconds` limits the whole run, `timeout` (seconds)
    one response over HTTP. `operations` and `only` name the operations and checks to run; `shard` is
    `(2, 4)` for the second of four parts. `identities` describes how users get credentials; it is
    used where no target gives them.

    `checks` maps the name of a check to the requirements that it may testify for: an operation with
    `x-requirements: [003/FR-002, 003/FR-009]` and `isolation = ["003/FR-009"]` gives the check
    `isolation` FR-009 alone. A check without an entry testifies for all of them.
    """

    profile: str = Field(default="quick", pattern="^(quick|deep)$")
    seed: int = 1
    strict: bool = False
    seconds: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=30, gt=0)
    base_url: str | None = None
    allow_writes: bool = False
    operations: tuple[str, ...] = ()
    only: tuple[CheckName, ...] = ()
    shard: tuple[int, int] = (1, 1)
    identities: dict[str, Any] = Field(default_factory=dict)
    checks: dict[CheckName, tuple[str, ...]] = Field(default_factory=dict)


class LevelConfig(Frozen):
    """The level of a rule in this repository; a level below `error` needs a reason."""

    level: Literal[RuleLevel.ERROR, RuleLevel.WARNING, RuleLevel.OFF]
    reason: str | None = Field(default=None, pattern=r"\S")

    @model_validator(mode="after")
    def _require_reason(self) -> LevelConfig:
        if self.level is not RuleLevel.ERROR and self.reason is None:
            raise PydanticCustomError("reason", "needs a reason")
        return self


class ContractConfig(Frozen):
    """`[tool.specwitness.contract]` without `file`: what to compare the contract with, and what to allow.

    `base` is the git revision or the file that the contract is compared with. `served` is the path
    where the app serves the contract, such as `/openapi.json`. `levels` maps the code of a rule to
    its level.
    """

    base: str | None = Field(default=None, min_length=1)
    served: str | None = Field(default=None, pattern="^/")
    output: InnerPath = "build/contract"
    levels: dict[str, LevelConfig] = Field(default_factory=dict)
    waivers: tuple[ContractWaiver, ...] = ()


class Config(Frozen):
    """`[tool.specwitness]`: paths, the service under test, and waivers.

    Paths are relative to the root of the repository and stay below it. `target` names a callable
    (`module:name`) that opens the service under test. `target` and `contract` are set together;
    without them, neither the contract check nor the fuzzer runs. In pyproject.toml, `contract` is a path,
    or a table whose `file` is the path and whose other settings become `contract_check`.
    """

    specs: tuple[InnerPath, ...] = ("specs/*/spec.md",)
    features: InnerPath = "features"
    tests: tuple[InnerPath, ...] = ("tests",)
    contract: InnerPath | None = None
    contract_check: ContractConfig = ContractConfig()
    target: str | None = None
    output: InnerPath = "build/trace"
    repository: str | None = Field(default=None, pattern="^https://")
    fuzz: FuzzConfig = FuzzConfig()
    waivers: tuple[Waiver, ...] = ()


def read_config(root: Path) -> Config:
    """Read `[tool.specwitness]` of the pyproject.toml in the root of a repository.

    Raises:
        ConfigError: The file is not TOML, or a setting is invalid; the message names the setting.
    """
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", where="pyproject.toml", remedy="fix the file") from error
    try:
        config = Config.model_validate(_find_table(document))
    except ValidationError as error:
        raise ConfigError(
            "; ".join(_describe(error)),
            where="pyproject.toml",
            remedy="fix [tool.specwitness]; docs/settings.md lists the settings",
        ) from error
    _refuse_double_waivers(config)
    return config


def locate_contract_waivers(root: Path, config: Config) -> dict[int, Location]:
    """Return the line of each contract waiver in pyproject.toml, by the position of the waiver."""
    if not config.contract_check.waivers:
        return {}
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    header = re.compile(r"""\s*\[\[\s*tool\s*\.\s*specwitness\s*\.\s*contract\s*\.\s*waivers\s*\]\]""")
    places = [number for number, line in enumerate(lines, 1) if header.match(line)]
    places += [1] * (len(config.contract_check.waivers) - len(places))
    return {index: Location(file="pyproject.toml", line=line) for index, line in enumerate(places)}


def override_contract(config: Config, *, file: str | None, base: str | None) -> Config:
    """Return the settings with the contract and the base of the command line.

    Raises:
        ConfigError: The contract is not a path inside the repository.
    """
    settings = config.model_dump()
    settings["contract"] = file or config.contract
    settings["contract_check"]["base"] = base or config.contract_check.base
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(
            "; ".join(_describe(error)), where="--contract", remedy="name a file of the repository"
        ) from error


def narrow_fuzz(settings: FuzzConfig, given: dict[str, Any]) -> FuzzConfig:
    """Return the settings of the fuzzer with the options of the command line.

    Raises:
        ConfigError: The value of an option is invalid.
    """
    try:
        return FuzzConfig.model_validate({**settings.model_dump(), **given})
    except ValidationError as error:
        said = "; ".join(f"--{item['loc'][0]}: {item['msg']}" for item in error.errors())
        raise ConfigError(said, where="the command line", remedy="see specwitness fuzz --help") from error


def read_shard(text: str) -> tuple[int, int]:
    """Read a part such as `2/4`, the second of four.

    Raises:
        ConfigError: It is not written like that, or the first number is not between 1 and the second.
    """
    part, _, whole = text.partition("/")
    if part.isdecimal() and whole.isdecimal() and 1 <= int(part) <= int(whole):
        return int(part), int(whole)
    raise ConfigError(
        f"`{text}` is not a part such as 2/4", where="--shard", remedy="write 1/4 for the first of four parts"
    )


def find_specs(root: Path, config: Config) -> tuple[Path, ...]:
    """Find the spec files that the settings name, sorted by path.

    Raises:
        ConfigError: No file matches.
    """
    found = sorted({path for pattern in config.specs for path in _glob(root, pattern)})
    if not found:
        raise ConfigError(
            f"no spec matches {', '.join(config.specs)}",
            where="[tool.specwitness] specs",
            remedy="write the paths of the specs, for example specs = ['specs/*/spec.md']",
        )
    return tuple(found)


def locate_waivers(root: Path, config: Config) -> dict[str, Location]:
    """Return the line of each waiver in pyproject.toml, by the key of its requirement."""
    if not config.waivers:
        return {}
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return {
        waiver.requirement: Location(file="pyproject.toml", line=_line_of(waiver.requirement, lines))
        for waiver in config.waivers
    }


def _line_of(key: str, lines: Sequence[str]) -> int:
    """Find the line with `requirement = "003/FR-001"`; 1 if TOML escapes hide the key."""
    setting = re.compile(rf"""[^#]*\brequirement["']?\s*=\s*["']+{re.escape(key)}["']""")
    return next((number for number, line in enumerate(lines, 1) if setting.match(line)), 1)


def _find_table(document: dict[str, Any]) -> dict[str, Any]:
    tool = _as_table(document.get("tool", {}), "tool")
    table = _as_table(tool.get("specwitness", {}), "tool.specwitness")
    contract = table.get("contract")
    if "contract_check" in table:
        raise ConfigError(
            "contract_check: no such setting",
            where="[tool.specwitness]",
            remedy="write it as [tool.specwitness.contract]",
        )
    if not isinstance(contract, dict):
        return table
    settings = {name: value for name, value in contract.items() if name != "file"}
    path = {"contract": contract["file"]} if "file" in contract else {}
    rest = {name: value for name, value in table.items() if name != "contract"}
    return {**rest, **path, "contract_check": settings}


def _as_table(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ConfigError(f"{name} is not a table", where="pyproject.toml", remedy=f"write it as [{name}]")


def _glob(root: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in root.glob(pattern) if path.is_file()]
    except (ValueError, NotImplementedError) as error:
        raise ConfigError(
            f"{pattern} is not a glob pattern: {error}",
            where="[tool.specwitness] specs",
            remedy="write the paths of the specs, for example specs = ['specs/*/spec.md']",
        ) from error


def _describe(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        setting = ".".join(str(part) for part in item["loc"])
        setting = re.sub("^contract_check", "contract", setting)
        if item["type"] == "extra_forbidden":
            yield f"[tool.specwitness] {setting}: no such setting"
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
    changes: set[tuple[str, str]] = set()
    for change_waiver in config.contract_check.waivers:
        if (change_waiver.operation, change_waiver.change) in changes:
            raise ConfigError(
                f"{change_waiver.change} is waived twice for {change_waiver.operation}",
                where="[tool.specwitness] contract.waivers",
                remedy="keep one of them",
            )
        changes.add((change_waiver.operation, change_waiver.change))
