"""Which documented statuses came, and which came that nobody documented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.results.results import CheckResult, Results

_SERVER_ERROR = 500
# Nobody waits for a crash, nor for what has no name.
_NOT_AWAITED = frozenset({"default", "500"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """The statuses of a run.

    Attributes:
        documented: How many the contract names, operation by operation.
        observed: How many of them came.
        undocumented: How many answers had another one.
        server_errors: How many answers were 5xx, but for those in a situation of the target's making.
    """

    documented: int
    observed: int
    undocumented: int
    server_errors: int


def fits(pattern: str, status: int) -> bool:
    """Tell whether a status is the one of a contract's key, or of its class, such as `4XX`."""
    return pattern == str(status) or pattern.lower() == f"{status // 100}xx"


def find_documented(endpoint: Endpoint) -> list[str]:
    """Give the statuses that the contract names for an operation and that should come."""
    return sorted(name for name in endpoint.responses if name not in _NOT_AWAITED)


def find_observed(endpoint: Endpoint, results: Results) -> set[int]:
    """Give the statuses that an operation answered with, whatever was tried."""
    return {status for _, result in _tallies_of(endpoint, results) for status in result.statuses}


def find_unseen(endpoint: Endpoint, results: Results) -> list[str]:
    """Give the documented statuses that never came."""
    observed = find_observed(endpoint, results)
    return [entry for entry in find_documented(endpoint) if not any(fits(entry, one) for one in observed)]


def measure(endpoints: Collection[Endpoint], results: Results) -> Coverage:
    """Count over several operations."""
    documented = sum(len(find_documented(operation)) for operation in endpoints)
    unseen = sum(len(find_unseen(operation, results)) for operation in endpoints)
    undocumented = server_errors = 0
    for endpoint in endpoints:
        for check, result in _tallies_of(endpoint, results):
            for status, count in result.statuses.items():
                undocumented += count * (endpoint.response_for(status) is None)
                server_errors += count * (status >= _SERVER_ERROR and check != "situation")
    return Coverage(documented, documented - unseen, undocumented, server_errors)


def _tallies_of(endpoint: Endpoint, results: Results) -> Iterator[tuple[str, CheckResult]]:
    """Give what was tried on an operation, by check; what `shadow` calls is another one, or none."""
    for (name, check), result in results.by_check.items():
        if name == endpoint.id and check != "shadow":
            yield check, result
