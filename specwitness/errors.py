"""The errors of the harness: each says what could not be checked, where, and what to do about it."""

from __future__ import annotations

from typing import ClassVar


class SpecwitnessError(Exception):
    """Something could not be checked; the run ends as *invalid* (exit 2).

    Args:
        message: The problem, in one sentence.
        where: `file:line`, or the name of a setting.
        remedy: The next step for the user.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" → {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{advice}"


class ConfigError(SpecwitnessError):
    """A setting of `[tool.specwitness]` is invalid."""

    code = "config"


class SpecError(SpecwitnessError):
    """A spec is ambiguous or incomplete."""

    code = "spec"


class FeatureError(SpecwitnessError):
    """A feature file cannot be read or derived."""

    code = "feature"


class ContractError(SpecwitnessError):
    """The OpenAPI contract cannot be read."""

    code = "contract"


class BaseRevisionError(SpecwitnessError):
    """The revision or file to compare the contract with cannot be read."""

    code = "base"


class TargetError(SpecwitnessError):
    """The service under test cannot be reached or logged in to."""

    code = "target"


class EvidenceError(SpecwitnessError):
    """The records of a run are missing, incomplete or damaged."""

    code = "evidence"
