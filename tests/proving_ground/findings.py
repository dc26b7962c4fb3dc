"""Decides whether a planted bug counts as found: by the right check, on the right operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.proving_ground.catalogue import find_service
from tests.proving_ground.contracts import is_protected, list_operations
from tests.proving_ground.model import EVERY, Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.proving_ground.model import Bug


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a tool about one build of a service.

    Attributes:
        operation: Method and path as the contract writes them: `GET /orders/{order_id}`.
        check: The tool's name of the check.
        text: What the tool says is wrong.
    """

    operation: str
    check: str
    text: str


def is_found(bug: Bug, findings: Iterable[Finding]) -> bool:
    """Tell whether each check that has to find a bug found it on one of the operations that have it."""
    on_operation = {finding.check for finding in findings if is_on_operation(bug, finding)}
    return on_operation.issuperset(bug.checks)


def is_located(bug: Bug, findings: Iterable[Finding]) -> bool:
    """Tell whether any finding is on an operation that has the bug.

    This is the measure for a tool whose checks have other names than ours.
    """
    return any(is_on_operation(bug, finding) for finding in findings)


def is_on_operation(bug: Bug, finding: Finding) -> bool:
    """Tell whether a finding is on an operation that has the bug.

    A route that the contract does not have belongs to no operation: the finding has to name it.
    """
    if bug.family is Family.SHADOW_ROUTE:
        return any(route in finding.text for route in bug.operations)
    return finding.operation in list_operations_with(bug)


def list_operations_with(bug: Bug) -> tuple[str, ...]:
    """List the operations that have a bug: those of its row, or all that need credentials."""
    if bug.operations != (EVERY,):
        return bug.operations
    contract = find_service(bug.service).contract
    return tuple(
        f"{method} {path}"
        for method, path, operation in list_operations(contract)
        if is_protected(contract, operation)
    )
