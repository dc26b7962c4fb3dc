"""A sample trace for the tests of the reports: the real spec with all verdicts, witness kinds and hostile text."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

from specwitness.model import (
    Finding,
    Location,
    Outcome,
    Requirement,
    RequirementKind,
    SpecSource,
    Story,
    Trace,
    TracedRequirement,
    Verdict,
    Waiver,
    Witness,
    WitnessKind,
)

ROOT = Path(__file__).parents[2]
SPEC = "specs/003-jwt-auth-middleware/spec.md"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e\"'& {{ 7*7 }}"
HOSTILE_SPEC = "specs/004-hostile/spec.md"
HOSTILE_TEXT = f"""# Hostile & <b>bold</b>

![a picture](https://evil.example/pixel.png "seen") [run](javascript:alert(3)) [plan](plan.md "the plan")

<!-- a comment of the template --> {HOSTILE}

[label]: https://evil.example/hidden

- **FR-001**: It MUST survive <script>alert(4)</script> and `</style>` in its words.
- **FR-002**: First of two in one block
  **FR-003**: second of two.

| id | statement |
|----|-----------|
| FR-004 | A requirement in a table row MUST be marked as well |

```gherkin
FR-005: even inside a code block
```
"""


class Part(NamedTuple):
    """A requirement of the sample: its id, its text and its lines."""

    name: str
    text: str
    line: int
    last_line: int


VERDICTS = {
    "FR-003": Verdict.FAILING,
    "US1/AC5": Verdict.FAILING,
    "FR-010": Verdict.WAIVED,
    "FR-011": Verdict.WAIVED,
    "FR-014": Verdict.SUSPECT,
    "FR-021": Verdict.VACUOUS,
    "SC-005": Verdict.SILENT,
    "EC5": Verdict.SUSPECT,
}
VERDICTS |= dict.fromkeys(
    ["FR-001", "FR-002", "FR-006", "FR-008", "US1/AC1", "US1/AC2", "US1/AC3", "SC-003"], Verdict.PROVEN
)


def sample_trace() -> Trace:
    """Build the trace; it is always the same."""
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    parts = _read(text)
    witnesses = [*_scenarios(text, parts), *_fuzz(), *_others()]
    requirements = [_traced(part, "003", SPEC, witnesses) for part in parts] + [
        _traced(part, "004", HOSTILE_SPEC, witnesses) for part in _hostile_parts()
    ]
    return Trace(
        revision="66052cb0c1d2e3f405162738495a6b7c8d9e0f10",
        repository="https://git.example/acme/tasks",
        result="broken",
        environment={"PostgreSQL": "18.1, embedded", "Python": "3.11.7", "app": "backend.main:create_app"},
        summary=Counter(requirement.verdict for requirement in requirements),
        specs=(
            SpecSource(
                namespace="003",
                title="JWT Authentication Dependency",
                path=SPEC,
                text=text,
                stories=(Story(key="003/US1", title="Reach protected routes", priority="P1", line=10),),
            ),
            SpecSource(
                namespace="004", title="Hostile <b>", path=HOSTILE_SPEC, text=HOSTILE_TEXT, stories=()
            ),
        ),
        requirements=tuple(requirements),
        witnesses=tuple(witnesses),
        findings=_findings(),
    )


def _read(text: str) -> list[Part]:
    lines = text.split("\n")
    parts, story, edge, in_edges = [], 0, 0, False
    for number, line in enumerate(lines, start=1):
        if found := re.match(r"### User Story (\d+)", line):
            story = int(found[1])
        elif line.startswith("#"):
            in_edges = line == "### Edge Cases"
        elif found := re.match(r"- \*\*((?:FR|SC)-\d+)\*\*: (.*)", line):
            parts.append(Part(found[1], found[2], number, number))
        elif found := re.match(r"(\d+)\. (\*\*Given.*)", line):
            parts.append(Part(f"US{story}/AC{found[1]}", found[2], number, _last_line(lines, number)))
        elif in_edges and line.startswith("- "):
            edge += 1
            parts.append(Part(f"EC{edge}", line[2:], number, _last_line(lines, number)))
    return parts


def _last_line(lines: list[str], number: int) -> int:
    end = number
    if lines[number].strip() == "" and lines[number + 1].lstrip().startswith("|"):
        end = number + 1
        while lines[end].lstrip().startswith("|"):
            end += 1
    return end


def _hostile_parts() -> list[Part]:
    parts = []
    for number, line in enumerate(HOSTILE_TEXT.split("\n"), start=1):
        if found := re.search(r"(FR-\d{3})\W+(.*)", line):
            parts.append(Part(found[1], found[2], number, number))
    return parts


def _traced(part: Part, namespace: str, path: str, witnesses: list[Witness]) -> TracedRequirement:
    key = f"{namespace}/{part.name}"
    kind = RequirementKind(re.sub(r"[^A-Z].*", "", part.name.split("/")[-1]))
    testify = tuple(witness.id for witness in witnesses if key in witness.requirements)
    default = Verdict.UNFALSIFIED if testify else Verdict.SILENT
    verdict = VERDICTS.get(part.name, default) if namespace == "003" else Verdict.SILENT
    waived = verdict is Verdict.WAIVED
    reason = f"comes with the export of {HOSTILE if part.name == 'FR-011' else 'user data'}"
    return TracedRequirement(
        requirement=Requirement(
            key=key,
            kind=kind,
            text=part.text,
            location=Location(file=path, line=part.line),
            last_line=part.last_line,
        ),
        verdict=verdict,
        evidence=Verdict.SILENT if waived else verdict,
        waiver=Waiver(requirement=key, reason=reason, until=date(2027, 3, 31)) if waived else None,
        witnesses=testify,
    )


def _scenarios(text: str, parts: list[Part]) -> list[Witness]:
    lines = text.split("\n")
    witnesses = []
    for part in parts:
        if "**Given**" not in part.text or part.name == "US4/AC6":
            continue
        named = re.findall(r"(?:FR|SC)-\d+", part.text[part.text.rfind("[") :])
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in lines[part.line : part.last_line]
            if line.lstrip().startswith("|")
        ]
        numbers = [
            n for n in range(part.line + 1, part.last_line + 1) if lines[n - 1].lstrip().startswith("|")
        ]
        if not rows:
            witnesses.append(_scenario(part, named, None, part.line))
        for cells, number in list(zip(rows, numbers, strict=True))[2:]:
            example = dict(zip(rows[0], cells, strict=True))
            row_keys = re.findall(r"FR-\d+", example.get("requirement", ""))
            witnesses.append(_scenario(part, named + row_keys, example, number))
    return witnesses


def _scenario(part: Part, named: list[str], example: dict[str, str] | None, line: int) -> Witness:
    failed = part.name == "US1/AC5" or "a PEM public key" in (example or {}).values()
    return Witness(
        id=f"features/003.feature::{part.name}@{line}",
        kind=WitnessKind.SCENARIO,
        name=f"{part.name} {re.sub(r'[*`]', '', part.text)[:70].strip()}",
        requirements=tuple(f"003/{key}" for key in [part.name, *named]),
        outcome=Outcome.FAILED if failed else Outcome.PASSED,
        location=Location(file="features/003-jwt-auth-middleware.feature", line=line + 40),
        example=example,
        detail=f"AssertionError: the answer is 200, not 401\nbody: {HOSTILE}\n{'x' * 400}"
        if failed
        else None,
    )


def _fuzz() -> list[Witness]:
    operations = ["GET /api/me", "GET /api/tasks", "POST /api/tasks", "PUT /api/tasks/{task_id}"]
    credentials = ["valid", "none", "forged", "expired"]
    return [
        Witness(
            id=f"fuzz::{operation}::{credential}",
            kind=WitnessKind.FUZZ,
            name=f"{operation} with credential {credential}",
            requirements=("003/FR-001", "003/FR-003", "003/FR-006", "003/FR-022", "003/SC-003"),
            outcome=Outcome.FAILED if (number, credential) == (1, "expired") else Outcome.PASSED,
            location=Location(file="contracts/openapi.yaml", line=44 + number * 30),
            example={"operation": operation, "credential": credential},
            counts={"cases": 1200 + 17 * number, "seed": 7},
            detail="expired token was answered with 200" if (number, credential) == (1, "expired") else None,
        )
        for number, operation in enumerate(operations)
        for credential in credentials
    ]


def _others() -> list[Witness]:
    test = "tests/unit/backend/test_security.py"
    return [
        Witness(
            id=f"{test}::test_no_string_yields_a_5xx",
            kind=WitnessKind.TEST,
            name="test_no_string_yields_a_5xx",
            requirements=("003/FR-008",),
            outcome=Outcome.PASSED,
            location=Location(file=test, line=120),
        ),
        Witness(
            id=f"{test}::test_hostile[{HOSTILE}]",
            kind=WitnessKind.TEST,
            name=f"test_hostile[{HOSTILE}]",
            requirements=("003/FR-008", "004/FR-001"),
            outcome=Outcome.SKIPPED,
            location=Location(file=test, line=140),
            detail="needs a container engine",
        ),
        Witness(
            id="contract::contracts/openapi.yaml",
            kind=WitnessKind.CONTRACT,
            name="the app answers as the contract says: 8 operations, 34 responses",
            requirements=("003/FR-022", "003/FR-007"),
            outcome=Outcome.PASSED,
            location=Location(file="contracts/openapi.yaml", line=1),
            counts={"operations": 8, "responses": 34},
        ),
        Witness(
            id="benchmark::authentication",
            kind=WitnessKind.BENCHMARK,
            name="what authentication adds to a request",
            requirements=("003/SC-002",),
            outcome=Outcome.PASSED,
            counts={"p95_microseconds": 412, "requests": 200_000},
        ),
    ]


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            code="failing",
            message="an expired token was answered with 200",
            location=Location(file="features/003-jwt-auth-middleware.feature", line=141),
            requirements=("003/US1/AC5", "003/FR-003", "003/FR-006"),
            remedy="see the scenario's failure; the step is tests/bdd/test_requests.py:88",
        ),
        Finding(
            code="silent",
            message="no witness ran for it",
            location=Location(file=SPEC, line=304),
            requirements=("003/SC-005",),
            remedy="name it in a scenario or a test, or waive it in [tool.specwitness]",
        ),
        Finding(
            code="unbound", message=f"a scenario has no step for {HOSTILE}", requirements=("009/FR-999",)
        ),
        Finding(code="drift", message="the contract and the app differ", remedy="run `specwitness contract`"),
    )
