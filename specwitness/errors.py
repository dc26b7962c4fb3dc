"""The errors of the harness: what could not be checked, where, and what to do about it."""

from __future__ import annotations

from typing import ClassVar


class SpecwitnessError(Exception):
    """Something that could not be checked; ends a run as *invalid* (exit 2).

    Args:
        message: What is wrong, in one sentence.
        where: `file:line`, or the name of a setting.
        remedy: What to do next.
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
    """`[tool.specwitness]` cannot be used as it stands."""

    code = "config"


class SpecError(SpecwitnessError):
    """A spec cannot be read without guessing."""

    code = "spec"


class FeatureError(SpecwitnessError):
    """A feature file cannot be read or derived."""

    code = "feature"


class ContractError(SpecwitnessError):
    """The OpenAPI contract cannot be read."""

    code = "contract"


class BaseRevisionError(SpecwitnessError):
    """The revision, or the file, that a contract is compared with cannot be read."""

    code = "base"


class TargetError(SpecwitnessError):
    """The service under test cannot be reached or logged in to."""

    code = "target"


class EvidenceError(SpecwitnessError):
    """A run left no evidence that could be read."""

    code = "evidence"
