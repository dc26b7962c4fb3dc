"""Compares the contract with the generated schema of the app; each operation becomes a witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.contract.calls import find_webhooks
from specwitness.contract.operation_differences import OperationComparison
from specwitness.contract.schema_differences import Difference, Place
from specwitness.contract.sides import Side, shape_of
from specwitness.model import Finding, Outcome, Witness, WitnessKind
from specwitness.openapi import Contract, Operation, bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def compare(contract: Contract, generated: dict[str, Any]) -> tuple[Witness, ...]:
    """Compare each operation of the contract with the generated schema of the app.

    `$ref`s, names of components and the order of keys make no difference.

    Args:
        contract: The hand-written contract.
        generated: The OpenAPI document that the app generates from its code.

    Returns:
        One witness for each operation, and one for all webhooks if there are any. `detail` lists the
        differences with the lines of the contract.
    """
    found = compare_operations(contract, generated)
    witnesses = tuple(_testify(contract, operation, differences) for operation, differences in found)
    if not contract.document.get("webhooks") and not generated.get("webhooks"):
        return witnesses
    return (*witnesses, _testify_webhooks(contract, compare_webhooks(contract, generated)))


def compare_operations(
    contract: Contract, generated: dict[str, Any]
) -> Iterator[tuple[Operation, list[Difference]]]:
    """Yield each operation of the contract with its differences, without duplicates."""
    ours, theirs = Side(bundle(contract)), Side(generated)
    described = theirs.find_operations()
    mine = ours.find_operations()
    for operation in contract.operations:
        key = (operation.method, shape_of(operation.path))
        if key in described:
            comparison = OperationComparison(ours, theirs, Place(operation.pointer, operation.name))
            pairs = ours.read_described(mine[key]), theirs.read_described(described[key])
            differences = comparison.compare(*pairs)
        else:
            differences = [Difference(operation.pointer, f"{operation.name}: the app has no such operation")]
        yield operation, list(dict.fromkeys(differences))


def compare_webhooks(contract: Contract, generated: dict[str, Any]) -> list[Difference]:
    """List the differences of the webhooks."""
    ours, theirs = Side(bundle(contract)), Side(generated)
    comparison = OperationComparison(ours, theirs, Place(("webhooks",), ""))
    return list(dict.fromkeys(comparison.compare_calls(find_webhooks(ours), find_webhooks(theirs))))


def find_differences(contract: Contract, generated: dict[str, Any]) -> Iterator[Finding]:
    """Return every difference as a finding at its line."""
    of_operations = (differences for _, differences in compare_operations(contract, generated))
    for differences in (*of_operations, compare_webhooks(contract, generated)):
        for difference in differences:
            yield Finding(
                code="difference",
                message=difference.text,
                location=contract.locate(difference.pointer),
                remedy="change the app; if the contract is wrong, change the contract first",
            )


def find_undocumented(
    contract: Contract, generated: dict[str, Any], allowed: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Find operations of the generated schema that are not in the contract.

    Args:
        contract: The hand-written contract.
        generated: The OpenAPI document that the app generates from its code.
        allowed: Paths, or `METHOD /path`, that need not be in the contract.
    """
    known = {(operation.method, shape_of(operation.path)) for operation in contract.operations}
    described = Side(generated).find_operations()
    extra = [(key[0], path) for key, (path, _) in described.items() if key not in known]
    return tuple(
        report_undocumented(contract, method, path)
        for method, path in sorted(extra, key=lambda entry: (entry[1], entry[0]))
        if path not in allowed and f"{method} {path}" not in allowed
    )


def report_undocumented(contract: Contract, method: str, path: str) -> Finding:
    """Return the finding for a route that is not in the contract."""
    return Finding(
        code="undocumented-route",
        message=f"the app serves {method} {path}, which is not in the contract",
        location=contract.locate(("paths",)),
        remedy=f"add it to {contract.file}, remove it, or list it in `undocumented` of the target",
    )


def _testify(contract: Contract, operation: Operation, differences: list[Difference]) -> Witness:
    return Witness(
        id=f"contract:{operation.id}",
        kind=WitnessKind.CONTRACT,
        name=f"{operation.name} is built as the contract says",
        requirements=operation.requirements,
        location=operation.location,
        **_describe(contract, differences),
    )


def _testify_webhooks(contract: Contract, differences: list[Difference]) -> Witness:
    return Witness(
        id="contract:webhooks",
        kind=WitnessKind.CONTRACT,
        name="webhooks are sent as the contract says",
        requirements=(),
        location=contract.locate(("webhooks",)),
        **_describe(contract, differences),
    )


def _describe(contract: Contract, differences: list[Difference]) -> dict[str, Any]:
    lines = list(
        dict.fromkeys(
            f"{contract.locate(difference.pointer)}: {difference.text}" for difference in differences
        )
    )
    return {
        "outcome": Outcome.FAILED if lines else Outcome.PASSED,
        "counts": {"differences": len(lines)},
        "detail": "\n".join(lines) or None,
    }
