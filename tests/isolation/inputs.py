"""The inputs of the contract's operations: parameters and members of bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.isolation.matrix import CONTRACT, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.openapi.reading import Operation


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter, or a member of a body.

    Attributes:
        operation: The id of the operation.
        kind: `path`, `query`, `header`, `cookie` or `body`.
        name: The name of the parameter or member.
    """

    operation: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation}-{self.kind}-{self.name}"


def list_inputs() -> list[Input]:
    """List the inputs of all operations."""
    return [found for operation in OPERATIONS.values() for found in _find_inputs(operation)]


def takes_body(operation: Operation) -> bool:
    return CONTRACT.library.get((*operation.pointer, "requestBody")) is not None


def _find_inputs(operation: Operation) -> Iterator[Input]:
    for holder in (operation.pointer[:2], operation.pointer):
        for parameter in _list_parameters((*holder, "parameters")):
            yield Input(operation.id, parameter["in"], parameter["name"])
    media = (*operation.pointer, "requestBody", "content", "application/json", "schema", "properties")
    for name in CONTRACT.library.get(media) or ():
        yield Input(operation.id, "body", name)


def _list_parameters(tokens: tuple[str, ...]) -> list[Any]:
    found = CONTRACT.library.get(tokens) or ()
    return [CONTRACT.library.get((*tokens, str(index))) for index in range(len(found))]
