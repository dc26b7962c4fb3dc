"""The vocabulary of the harness: requirements, witnesses (evidence), verdicts, and the trace of them all."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RequirementKind(StrEnum):
    """The kind of a requirement; the value is the prefix of its id, as in `FR-001`."""

    FUNCTIONAL = "FR"
    NON_FUNCTIONAL = "NFR"
    OUTCOME = "SC"
    SCENARIO = "AC"
    EDGE_CASE = "EC"


# The count of a skipped witness whose check had nothing to judge, such as a deletion that nothing shows.
NOTHING_TO_JUDGE = "nothing_to_judge"


class Outcome(StrEnum):
    """How a witness ended. Only `passed` and `failed` count as evidence."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"


class Verdict(StrEnum):
    """The state of a requirement according to its evidence."""

    PROVEN = "proven"
    UNFALSIFIED = "unfalsified"
    VACUOUS = "vacuous"
    FAILING = "failing"
    SILENT = "silent"
    SUSPECT = "suspect"
    WAIVED = "waived"


class WitnessKind(StrEnum):
    """The kind of run that produced a witness."""

    SCENARIO = "scenario"
    TEST = "test"
    FUZZ = "fuzz"
    CONTRACT = "contract"
    BENCHMARK = "benchmark"


class Frozen(BaseModel):
    """The base of all data here: immutable, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Location(Frozen):
    """A line of a file; `file` is relative to the root of the repository, with `/`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Requirement(Frozen):
    """A statement of a spec that the software fulfils or not.

    `key` is unique over all specs: `003/FR-006`, `003/US1/AC2`, `003/EC3`. `location` is the first
    line of its text in the spec, `last_line` the last. `question` is true while the spec still asks
    (`[NEEDS CLARIFICATION]`, or an edge case that ends with `?`).
    """

    key: str
    kind: RequirementKind
    text: str
    location: Location
    last_line: int
    story: str | None = None
    question: bool = False


class Step(Frozen):
    """One step of a scenario, without Markdown."""

    keyword: Literal["Given", "When", "Then", "And", "But"]
    text: str
    line: int


class ExampleRow(Frozen):
    """One row of an Examples table, with the requirements that only this row testifies for."""

    cells: tuple[str, ...]
    requirements: tuple[str, ...]
    line: int


class Examples(Frozen):
    """The Examples table of a scenario."""

    header: tuple[str, ...]
    rows: tuple[ExampleRow, ...]


class Scenario(Frozen):
    """An acceptance scenario, or an edge case with Given, When and Then."""

    key: str
    steps: tuple[Step, ...]
    requirements: tuple[str, ...]
    location: Location
    examples: Examples | None = None


class Story(Frozen):
    """A user story; `key` is such as `003/US1`."""

    key: str
    title: str
    priority: str | None
    line: int


class Spec(Frozen):
    """One spec.md: its unchanged text, and the stories, requirements and scenarios in it."""

    namespace: str
    title: str
    path: str
    text: str
    stories: tuple[Story, ...]
    requirements: tuple[Requirement, ...]
    scenarios: tuple[Scenario, ...]


class Witness(Frozen):
    """One piece of evidence: a test, scenario, contract check, fuzz check or benchmark that ran.

    `requirements` are the keys that it testifies for. `example` is the Examples row of a scenario.
    `counts` are figures such as the number of cases. `detail` is the reason of a failure or skip.
    """

    id: str
    kind: WitnessKind
    name: str
    requirements: tuple[str, ...]
    outcome: Outcome
    location: Location | None = None
    example: dict[str, str] | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    detail: str | None = None


class Finding(Frozen):
    """A reason why a run is broken: the problem, its location, its requirements and the remedy."""

    code: str
    message: str
    location: Location | None = None
    requirements: tuple[str, ...] = ()
    remedy: str | None = None

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        keys = f" [{', '.join(self.requirements)}]" if self.requirements else ""
        advice = f" → {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{keys}{advice}"


class Waiver(Frozen):
    """Permission for a requirement to lack evidence until a date (inclusive), with the reason."""

    requirement: str
    reason: str = Field(pattern=r"\S")
    until: date


class RuleLevel(StrEnum):
    """The level of a broken rule of the contract check; only `error` breaks the run."""

    ERROR = "error"
    WARNING = "warning"
    WAIVED = "waived"
    OFF = "off"


class ContractWaiver(Frozen):
    """Permission for an operation to break a rule of the contract check until a date (inclusive).

    `operation` is an `operationId` or `METHOD /path`; `*` matches any characters. `change` is the code
    of the rule.
    """

    operation: str = Field(min_length=1)
    change: str
    reason: str = Field(pattern=r"\S")
    until: date


class Judgement(Frozen):
    """A finding of the contract check, with its level; `reason` is the reason of its waiver."""

    code: str
    kind: str
    level: RuleLevel
    message: str
    location: Location | None = None
    operations: tuple[str, ...] = ()
    remedy: str | None = None
    reason: str | None = None

    def as_finding(self) -> Finding:
        """Return it as a finding of `specwitness verify`."""
        return Finding(code=self.code, message=self.message, location=self.location, remedy=self.remedy)


class TracedRequirement(Frozen):
    """A requirement with its verdict; `evidence` is the verdict without the waiver."""

    requirement: Requirement
    verdict: Verdict
    evidence: Verdict
    waiver: Waiver | None = None
    witnesses: tuple[str, ...] = ()


class SpecSource(Frozen):
    """The part of a spec that the report shows."""

    namespace: str
    title: str
    path: str
    text: str
    stories: tuple[Story, ...]


class Trace(Frozen):
    """The result of a run on one revision; every report is made from it.

    `environment` describes what the tests ran on: `{"PostgreSQL": "embedded 18.4"}`. There is no clock
    time in it, so that equal runs give equal bytes.
    """

    version: Literal[1] = 1
    revision: str | None
    repository: str | None = None
    result: Literal["kept", "broken"]
    environment: dict[str, str]
    summary: dict[Verdict, int]
    specs: tuple[SpecSource, ...]
    requirements: tuple[TracedRequirement, ...]
    witnesses: tuple[Witness, ...]
    findings: tuple[Finding, ...]
