"""Results of the checks by operation and check: cases, judgements, violations, and reasons for gaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.results.curl import Redaction, as_curl
from specwitness.fuzz.results.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response


class Violation(NamedTuple):
    """A wrong response in words, the request as a `curl` line, and the severity: `must` or `should`."""

    text: str
    curl: str
    severity: str = "must"


@dataclass(slots=True)
class CheckResult:
    """The result of one check on one operation.

    Attributes:
        cases: The number of requests.
        statuses: Status to number of responses.
        attacks: Name of the attack to number of requests.
        violations: Kind to violations.
        judged: The number of responses that could have shown a violation.
    """

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)
    violations: dict[str, list[Violation]] = field(default_factory=dict)
    judged: int = 0

    def count(self, status: int) -> None:
        """Count one response."""
        self.cases += 1
        self.statuses[status] += 1

    def report(self, kind: str, violation: Violation) -> None:
        """Add a violation; a report shows one violation of each kind."""
        self.violations.setdefault(kind, []).append(violation)

    @property
    def succeeded(self) -> int:
        """The number of responses that were 2xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == 2)  # noqa: PLR2004  # the class of success

    @property
    def counts(self) -> dict[str, int]:
        """The figures for the report: `{"cases": 14, "2xx": 12, "4xx": 2}`."""
        classes: Counter[str] = Counter()
        for status, count in self.statuses.items():
            classes[f"{status // 100}xx"] += count
        return {"cases": self.cases, **dict(sorted(classes.items()))}

    def with_severity(self, severity: str) -> list[Violation]:
        """Give the first violation of each kind that has a severity."""
        found = (
            [value for value in violations if value.severity == severity]
            for violations in self.violations.values()
        )
        return [violations[0] for violations in found if violations]

    def describe_statuses(self) -> str:
        """Write the statuses with their counts: `404 (12), 422 (3)`."""
        return (
            ", ".join(f"{status} ({count})" for status, count in sorted(self.statuses.items())) or "nothing"
        )

    def describe_violations(self, at_most: int = 5) -> str:
        """Describe each kind of violation by its shortest request, the most severe first."""
        lines = []
        # `must` comes before `should` in the alphabet too.
        ordered = sorted(self.violations.items(), key=lambda item: (item[1][0].severity, item[0]))
        for _, violations in ordered[:at_most]:
            # The shortest request is the easiest to read; texts break a tie.
            text, curl, _ = min(
                violations, key=lambda violation: (len(violation.curl), violation.curl, violation.text)
            )
            lines.append(f"{text} ({_count(violations)})\n  {curl}".rstrip())
        if len(self.violations) > at_most:
            lines.append(f"and {len(self.violations) - at_most} more kinds of violation")
        return "\n".join(lines)


def _count(violations: list[Violation]) -> str:
    return "1 case" if len(violations) == 1 else f"{len(violations)} cases"


# Reasons why a check was not completed on an operation.
OUT_OF_TIME = "the time budget was spent before it was reached"
THROTTLED = "the service answered 429 however long it was waited for"
READ_ONLY = "it needs calls that change something, which is not allowed without --allow-writes"
NO_OBJECT = "needs a stored object, and none could be made"
NO_SECOND_USER = "there is no second user to try it as"
BROKEN_OFF = "the service answered no more before it was reached"


@dataclass(slots=True)
class Results:
    """The results of a run.

    Attributes:
        redaction: Removes secrets from texts and `curl` lines.
        by_check: Operation id and check to its result.
        gaps: Operation id and check to the reason why it was not completed.
        reasons: Operation id and check to the reason why no response could be judged.
        place: Puts the base path in front of a request's path.
    """

    redaction: Redaction
    by_check: dict[tuple[str, str], CheckResult] = field(default_factory=dict)
    gaps: dict[tuple[str, str], str] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    place: Callable[[Request], Request] = lambda request: request

    def write_curl(self, request: Request) -> str:
        """Write a request as a `curl` line that runs, without secrets."""
        return self.redaction.clean(as_curl(self.place(request)))

    def result(self, endpoint: Endpoint, check: str) -> CheckResult:
        """Give the result of a check on an operation; an empty one if there is none yet."""
        return self.by_check.setdefault((endpoint.id, check), CheckResult())

    def count(self, endpoint: Endpoint, check: str, attack: str, status: int) -> None:
        """Count a request of an attack, and the status of its response."""
        result = self.result(endpoint, check)
        result.count(status)
        result.attacks[attack] += 1

    def skip(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Record why a check was not completed on an operation: it does not pass then."""
        self.gaps.setdefault((endpoint.id, check), reason)

    def judge(self, endpoint: Endpoint, check: str) -> None:
        """Record that a response was judged: it would have shown a violation."""
        self.result(endpoint, check).judged += 1

    def note_lack(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Record why a response could not be judged; reported only if the check judged no other response."""
        self.reasons.setdefault((endpoint.id, check), reason)

    def report(
        self,
        endpoint: Endpoint,
        check: str,
        kind: str,
        *,
        text: str,
        request: Request,
        severity: Severity = Severity.MUST,
    ) -> None:
        """Record a violation.

        Args:
            endpoint: The operation.
            check: The check.
            kind: Groups violations; a report shows one of each kind.
            text: The violation in words; the report puts the operation's name in front.
            request: The request that showed it.
            severity: The severity.
        """
        sentence = f"{endpoint.operation.name} {text}"
        violation = Violation(self.redaction.clean(sentence), self.write_curl(request), severity.value)
        self.result(endpoint, check).report(kind, violation)

    def expect(self, endpoint: Endpoint, check: str, attack: str, response: Response) -> None:
        """Count a response whose status another part of the fuzzer judges."""
        self.count(endpoint, check, attack, response.status)
