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
    """One answer that was not as it should be, the request that brought it about, and how grave it is."""

    text: str
    curl: str
    severity: str = "must"


@dataclass(slots=True)
class CheckResult:
    """The cases of one operation under one check."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)
    violations: dict[str, list[Violation]] = field(default_factory=dict)
    judged: int = 0

    def count(self, status: int) -> None:
        """Note one answer."""
        self.cases += 1
        self.statuses[status] += 1

    def report(self, kind: str, violation: Violation) -> None:
        """Note a violation; violations of one kind are reported once."""
        self.violations.setdefault(kind, []).append(violation)

    @property
    def succeeded(self) -> int:
        """How many answers were 2xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == 2)  # noqa: PLR2004  # the class of success

    @property
    def counts(self) -> dict[str, int]:
        """The figures for the report: cases, and answers by class of status."""
        classes: Counter[str] = Counter()
        for status, count in self.statuses.items():
            classes[f"{status // 100}xx"] += count
        return {"cases": self.cases, **dict(sorted(classes.items()))}

    def with_severity(self, severity: str) -> list[Violation]:
        """Give one breach of each kind that is as grave."""
        found = (
            [value for value in several if value.severity == severity] for several in self.violations.values()
        )
        return [several[0] for several in found if several]

    def describe_statuses(self) -> str:
        """Say what was answered, such as `404 (12), 422 (3)`."""
        return (
            ", ".join(f"{status} ({count})" for status, count in sorted(self.statuses.items())) or "nothing"
        )

    def describe_violations(self, at_most: int = 5) -> str:
        """Tell each kind of violation by its shortest request."""
        lines = []
        # The gravest come first: only so many are reported.
        ordered = sorted(self.violations.items(), key=lambda item: (item[1][0].severity, item[0]))
        for _, violations in ordered[:at_most]:
            # Lengths first, so that a reader gets the plainest case; texts break the tie.
            text, curl, _ = min(
                violations, key=lambda violation: (len(violation.curl), violation.curl, violation.text)
            )
            lines.append(f"{text} ({_count(violations)})\n  {curl}".rstrip())
        if len(self.violations) > at_most:
            lines.append(f"and {len(self.violations) - at_most} more kinds of violation")
        return "\n".join(lines)


def _count(violations: list[Violation]) -> str:
    return "1 case" if len(violations) == 1 else f"{len(violations)} cases"


# Why a check was not tried to the end.
OUT_OF_TIME = "the time budget was spent before it was reached"
THROTTLED = "the service answered 429 however long it was waited for"
READ_ONLY = "it needs calls that change something, which is not allowed without --allow-writes"
NO_OBJECT = "needs a stored object, and none could be made"
NO_SECOND_USER = "there is no second user to try it as"
BROKEN_OFF = "the service answered no more before it was reached"


@dataclass(slots=True)
class Results:
    """The results of a run; `redaction` takes secrets out of all that is kept, `place` completes paths."""

    redaction: Redaction
    by_check: dict[tuple[str, str], CheckResult] = field(default_factory=dict)
    gaps: dict[tuple[str, str], str] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    place: Callable[[Request], Request] = lambda request: request

    def write_curl(self, request: Request) -> str:
        """Write a request as a `curl` line that runs, without secrets."""
        return self.redaction.clean(as_curl(self.place(request)))

    def result(self, endpoint: Endpoint, check: str) -> CheckResult:
        """Give the result of an operation and a check."""
        return self.by_check.setdefault((endpoint.id, check), CheckResult())

    def count(self, endpoint: Endpoint, check: str, attack: str, status: int) -> None:
        """Note that an attack was tried, and what came."""
        result = self.result(endpoint, check)
        result.count(status)
        result.attacks[attack] += 1

    def skip(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Note why a check was not tried to its end on an operation: it does not pass then."""
        self.gaps.setdefault((endpoint.id, check), reason)

    def judge(self, endpoint: Endpoint, check: str) -> None:
        """Note that a response was judged: a violation would have been found."""
        self.result(endpoint, check).judged += 1

    def note_lack(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Note why there was nothing to look at; it counts only if the check judged nothing else either."""
        self.reasons.setdefault((endpoint.id, check), reason)

    def report(  # all of it is told
        self,
        endpoint: Endpoint,
        check: str,
        kind: str,
        *,
        text: str,
        request: Request,
        severity: Severity = Severity.MUST,
    ) -> None:
        """Note what is wrong, once a kind."""
        told = f"{endpoint.operation.name} {text}"
        violation = Violation(self.redaction.clean(told), self.write_curl(request), severity.value)
        self.result(endpoint, check).report(kind, violation)

    def expect(self, endpoint: Endpoint, check: str, attack: str, response: Response) -> None:
        """Note an answer whose status is judged elsewhere."""
        self.count(endpoint, check, attack, response.status)
