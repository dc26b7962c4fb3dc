"""The vocabulary of the harness: requirements, witnesses, verdicts and the trace that joins them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RequirementKind(StrEnum):
    """What sort of statement a requirement is; the value is the prefix of its id."""

    FUNCTIONAL = "FR"
    NON_FUNCTIONAL = "NFR"
    OUTCOME = "SC"
    SCENARIO = "AC"
    EDGE_CASE = "EC"


class Outcome(StrEnum):
    """How one witness ended. Only `passed` and `failed` testify."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"


class Verdict(StrEnum):
    """What the evidence says of one requirement."""

    PROVEN = "proven"
    UNFALSIFIED = "unfalsified"
    VACUOUS = "vacuous"
    FAILING = "failing"
    SILENT = "silent"
    SUSPECT = "suspect"
    WAIVED = "waived"


class WitnessKind(StrEnum):
    """What sort of run a witness is."""

    SCENARIO = "scenario"
    TEST = "test"
    FUZZ = "fuzz"
    CONTRACT = "contract"
    BENCHMARK = "benchmark"


class Frozen(BaseModel):
    """Base of all data here: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Location(Frozen):
    """A line of a file; the path is relative to the repository's root, with `/`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Requirement(Frozen):
    """Anything in a spec that can be true or false of the software.

    `key` is unique over all specs (`003/FR-006`, `003/US1/AC2`, `003/EC3`); `lines` are the first
    and the last line of its text in the spec; `question` marks a statement that is still open.
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
    """One row of an Examples table, with the requirements that the row alone witnesses."""

    cells: tuple[str, ...]
    requirements: tuple[str, ...]
    line: int


class Examples(Frozen):
    """The table under a scenario."""

    header: tuple[str, ...]
    rows: tuple[ExampleRow, ...]


class Scenario(Frozen):
    """An acceptance scenario or an edge case that is written as one."""

    key: str
    steps: tuple[Step, ...]
    requirements: tuple[str, ...]
    location: Location
    examples: Examples | None = None


class Story(Frozen):
    """A user story; `key` is `003/US1`."""

    key: str
    title: str
    priority: str | None
    line: int


class Spec(Frozen):
    """One spec.md: its text, verbatim, and what was read from it."""

    namespace: str
    title: str
    path: str
    text: str
    stories: tuple[Story, ...]
    requirements: tuple[Requirement, ...]
    scenarios: tuple[Scenario, ...]


class Witness(Frozen):
    """Something that ran and testifies for requirements.

    `example` is the Examples row of a scenario; `counts` are figures such as the number of cases;
    `detail` says why it failed or was skipped.
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
    """A reason why a run is not kept: what, where, for which requirements, and the way out."""

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
    """A requirement that may stay without proof until a day, and why."""

    requirement: str
    reason: str = Field(pattern=r"\S")
    until: date


class RuleLevel(StrEnum):
    """How gravely a breach of a rule is taken."""

    ERROR = "error"
    WARNING = "warning"
    WAIVED = "waived"
    OFF = "off"


class ContractWaiver(Frozen):
    """A change or a fault of the contract that is allowed until a day, and why.

    `operation` is an `operationId` or `METHOD /path`, in which `*` stands for anything; `change` is
    the code of a rule.
    """

    operation: str = Field(min_length=1)
    change: str
    reason: str = Field(pattern=r"\S")
    until: date


class Judgement(Frozen):
    """What is wrong with a contract at one place, and what it amounts to; `reason` is a waiver's."""

    code: str
    kind: str
    level: RuleLevel
    message: str
    location: Location | None = None
    operations: tuple[str, ...] = ()
    remedy: str | None = None
    reason: str | None = None

    def as_finding(self) -> Finding:
        """Give it as any other reason why a run is not kept."""
        return Finding(code=self.code, message=self.message, location=self.location, remedy=self.remedy)


class TracedRequirement(Frozen):
    """A requirement with its verdict; `evidence` is the verdict that a waiver covers up."""

    requirement: Requirement
    verdict: Verdict
    evidence: Verdict
    waiver: Waiver | None = None
    witnesses: tuple[str, ...] = ()


class SpecSource(Frozen):
    """A spec as the report shows it."""

    namespace: str
    title: str
    path: str
    text: str
    stories: tuple[Story, ...]


class Trace(Frozen):
    """The whole proof of one revision; everything that is shown is drawn from it.

    `result` is `kept` or `broken`; `environment` says what the witnesses ran on, such as the
    PostgreSQL that was chosen. No clock time is held, so that equal runs give equal bytes.
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
