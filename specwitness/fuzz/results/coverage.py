"""Coverage: the documented statuses that were observed, and undocumented ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.results.results import CheckResult, Results

_SERVER_ERROR = 500
# A contract may document `500` and `default`, and no run is expected to bring them about.
_NOT_AWAITED = frozenset({"default", "500"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """The statuses of a run.

    Attributes:
        documented: The number of pairs of operation and documented status.
        observed: The number of such pairs that a response had.
        undocumented: The number of responses with an undocumented status.
        server_errors: The number of responses with a 5xx, without those during a situation of the target.
    """

    documented: int
    observed: int
    undocumented: int
    server_errors: int


def fits(pattern: str, status: int) -> bool:
    """Tell whether a key of the contract, such as `404` or `4XX`, includes a status."""
    return pattern == str(status) or pattern.lower() == f"{status // 100}xx"


def find_documented(endpoint: Endpoint) -> list[str]:
    """List the documented statuses of an operation, without `500` and `default`."""
    return sorted(name for name in endpoint.responses if name not in _NOT_AWAITED)


def find_observed(endpoint: Endpoint, results: Results) -> set[int]:
    """Give the statuses of all responses of an operation, over all checks."""
    return {status for _, result in _tallies_of(endpoint, results) for status in result.statuses}


def find_unseen(endpoint: Endpoint, results: Results) -> list[str]:
    """List the documented statuses that no response had."""
    observed = find_observed(endpoint, results)
    return [
        documented
        for documented in find_documented(endpoint)
        if not any(fits(documented, status) for status in observed)
    ]


def measure(endpoints: Collection[Endpoint], results: Results) -> Coverage:
    """Count documented, observed and undocumented statuses over several operations."""
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
    """Give the results of an operation by check, without `shadow`: it calls methods of no operation."""
    for (name, check), result in results.by_check.items():
        if name == endpoint.id and check != "shadow":
            yield check, result
