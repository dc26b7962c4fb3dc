"""Makes the witnesses of a run from its results: one for each operation and check."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.authentication.bad_credentials import CREDENTIAL_CHECKS
from specwitness.fuzz.checks.registry import named_checks
from specwitness.fuzz.results.coverage import find_documented, find_observed, find_unseen, fits
from specwitness.fuzz.results.severity import Severity
from specwitness.model import NOTHING_TO_JUDGE, Outcome, Witness, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.results.results import Results

NEVER_OBSERVED = "never observed"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Derives the witness of each operation and check from the results of a run.

    Args:
        results: The results.
        settings: Depth, selected checks, and the requirements for which each check is evidence.
        situations: The statuses that are due in each situation of the target, by its name.
        has_mint: Whether the target signs tokens of its own.
        is_whole: Whether the run ended within its time budget.
    """

    results: Results
    settings: FuzzConfig
    situations: Mapping[str, Collection[int]]
    has_mint: bool
    is_whole: bool

    def testify(self, endpoint: Endpoint) -> Iterator[Witness]:
        """Give the witnesses of an operation: one for each check that applies to it."""
        for check in named_checks():
            if self._is_tried(endpoint, check):
                yield self._testify(endpoint, check)

    def _is_tried(self, endpoint: Endpoint, check: str) -> bool:
        if self.settings.only and check not in self.settings.only:
            return False
        result = self.results.by_check.get((endpoint.id, check))
        is_noted = result is not None and bool(result.cases or result.violations or result.judged)
        is_gap = (endpoint.id, check) in self.results.gaps or (endpoint.id, check) in self.results.reasons
        # An operation that a check does not apply to has no witness for it, rather than a skipped one.
        return named_checks()[check].is_due(endpoint) or is_noted or is_gap

    def _testify(self, endpoint: Endpoint, check: str) -> Witness:
        results = self.results
        result = results.result(endpoint, check)
        baseline = results.result(endpoint, "conformance")
        outcome, detail = self._judge(endpoint, check)
        counts = dict(result.counts)
        if check == "conformance":
            documented, unseen = find_documented(endpoint), find_unseen(endpoint, results)
            counts |= {"documented": len(documented), "observed": len(documented) - len(unseen)}
            detail = detail or (f"{NEVER_OBSERVED}: {', '.join(unseen)}" if unseen else None)
        else:
            counts |= {"attacks": len(result.attacks), "baseline": baseline.succeeded}
            # A check may judge responses that another check counts as its cases.
            counts["cases"] = max(result.cases, result.judged)
        is_lacking = (endpoint.id, check) in results.reasons and (endpoint.id, check) not in results.gaps
        if outcome is Outcome.SKIPPED and is_lacking and baseline.succeeded:
            # The operation gives the check nothing to judge: no fault of the run or its target.
            counts[NOTHING_TO_JUDGE] = 1
        return Witness(
            id=f"fuzz:{endpoint.id}:{check}",
            kind=WitnessKind.FUZZ,
            name=f"{endpoint.operation.name} {named_checks()[check].title}",
            requirements=self._find_requirements(endpoint, check),
            outcome=outcome,
            location=endpoint.operation.location,
            example={"operation": endpoint.operation.name, "check": check},
            counts=counts,
            detail=results.redaction.clean(detail) if detail else None,
        )

    def _judge(self, endpoint: Endpoint, check: str) -> tuple[Outcome, str | None]:
        results = self.results
        result, baseline = results.result(endpoint, check), results.result(endpoint, "conformance")
        if result.with_severity(Severity.MUST) or (self.settings.strict and result.violations):
            return Outcome.FAILED, result.describe_violations()
        advice = f"hygiene: {result.describe_violations()}" if result.violations else None
        if gap := results.gaps.get((endpoint.id, check)):
            return Outcome.SKIPPED, gap
        if not baseline.succeeded and not (check == "privilege" and result.cases):
            credentials = "with a valid token " if endpoint.is_protected else ""
            never = f"never answered 2xx: {credentials}came {baseline.describe_statuses()}"
            return Outcome.SKIPPED, results.reasons.get((endpoint.id, check), never)
        if check == "conformance" and self._requires_every_status() and find_unseen(endpoint, results):
            return Outcome.FAILED, None
        if not result.judged and check != "conformance":
            return Outcome.SKIPPED, self._describe_lack(endpoint, check)
        return Outcome.PASSED, advice

    def _requires_every_status(self) -> bool:
        """Tell whether a documented status that never came is a failure: in a strict, deep and whole run."""
        settings = self.settings
        return settings.strict and settings.profile == "deep" and not settings.only and self.is_whole

    def _describe_lack(self, endpoint: Endpoint, check: str) -> str:
        """Give the reason for which a check judged no response."""
        if reason := self.results.reasons.get((endpoint.id, check)):
            return reason
        if self.results.result(endpoint, check).cases:
            return "no response could be compared with an expected one"
        if check == "expired" and not self.has_mint:
            return "the target has no expired token, and no mint to make one with"
        return "no case could be made"

    def _find_requirements(self, endpoint: Endpoint, check: str) -> tuple[str, ...]:
        statuses = self._find_statuses(endpoint, check)
        # A situation says nothing of the responses outside of it.
        keys = [] if check == "situation" else list(endpoint.operation.requirements)
        for pattern, more in sorted(endpoint.operation.response_requirements.items()):
            if any(fits(pattern, status) for status in statuses):
                keys += more
        patterns = self.settings.checks.get(check)
        return tuple(
            key
            for key in dict.fromkeys(keys)
            if patterns is None or any(fnmatchcase(key, pattern) for pattern in patterns)
        )

    def _find_statuses(self, endpoint: Endpoint, check: str) -> set[int]:
        """Give the statuses whose requirements a check has something to say of."""
        if check in CREDENTIAL_CHECKS:
            return {HTTPStatus.UNAUTHORIZED}
        if check != "situation":
            return find_observed(endpoint, self.results)
        # The statuses that were due, too: one of them may never have come.
        tried = self.results.result(endpoint, check).attacks
        return {status for name, due in self.situations.items() if name in tried for status in due}
