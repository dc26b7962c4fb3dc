"""The contract against the schema that the app gives of itself: a witness an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.contract.differences import Difference
from specwitness.contract.operations import OperationComparison
from specwitness.contract.sides import Side, shape_of
from specwitness.model import Finding, Outcome, Witness, WitnessKind
from specwitness.openapi import Contract, Operation, bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def compare(contract: Contract, generated: dict[str, Any]) -> tuple[Witness, ...]:
    """Compare each operation of the contract with the app's own schema, by meaning.

    Args:
        contract: The hand-written contract.
        generated: The OpenAPI document that the app generates from its code.

    Returns:
        One witness an operation; `detail` lists every difference with the contract's line.
    """
    found = compare_operations(contract, generated)
    return tuple(_testify(contract, operation, differences) for operation, differences in found)


def compare_operations(
    contract: Contract, generated: dict[str, Any]
) -> Iterator[tuple[Operation, list[Difference]]]:
    """Give each operation of the contract with its differences; equal ones in several places count once."""
    ours, theirs = Side(bundle(contract)), Side(generated)
    described = theirs.find_operations()
    mine = ours.find_operations()
    for operation in contract.operations:
        key = (operation.method, shape_of(operation.path))
        if key in described:
            differences = OperationComparison(ours, theirs, operation).compare(mine[key][1], described[key])
        else:
            differences = [Difference(operation.tokens, f"{operation.name}: the app has no such operation")]
        yield operation, list(dict.fromkeys(differences))


def find_differences(contract: Contract, generated: dict[str, Any]) -> Iterator[Finding]:
    """Find every difference by itself, at its own line."""
    for _, differences in compare_operations(contract, generated):
        for each in differences:
            yield Finding(
                code="difference",
                message=each.text,
                location=contract.locate(each.tokens),
                remedy="build what the contract says, or change the contract first",
            )


def find_undocumented(
    contract: Contract, generated: dict[str, Any], allowed: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Find operations that the app describes and the contract does not.

    Args:
        contract: The hand-written contract.
        generated: The OpenAPI document that the app generates from its code.
        allowed: Paths, or `METHOD /path`, that may stay out of the contract.
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
    """Say that the app serves what the contract does not know."""
    return Finding(
        code="undocumented-route",
        message=f"the app serves {method} {path}, which the contract does not know",
        location=contract.locate(("paths",)),
        remedy=f"describe it in {contract.file}, remove it, or allow it by name",
    )


def _testify(contract: Contract, operation: Operation, differences: list[Difference]) -> Witness:
    lines = list(dict.fromkeys(f"{contract.locate(each.tokens)}: {each.text}" for each in differences))
    return Witness(
        id=f"contract:{operation.id}",
        kind=WitnessKind.CONTRACT,
        name=f"{operation.name} is built as the contract says",
        requirements=operation.requirements,
        outcome=Outcome.FAILED if lines else Outcome.PASSED,
        location=operation.location,
        counts={"differences": len(lines)},
        detail="\n".join(lines) or None,
    )
