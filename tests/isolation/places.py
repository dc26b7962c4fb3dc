"""Where a request of the contract takes something from its caller, read from the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.isolation.matrix import CONTRACT, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.openapi.reading import Operation


@dataclass(frozen=True, slots=True)
class Place:
    """A parameter, or a member of a body.

    Attributes:
        operation: The id of the operation.
        kind: `path`, `query`, `header`, `cookie` or `body`.
        name: Its name.
    """

    operation: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation}-{self.kind}-{self.name}"


def list_places() -> list[Place]:
    """List every place of every operation."""
    return [place for operation in OPERATIONS.values() for place in _find_places(operation)]


def takes_body(operation: Operation) -> bool:
    """Tell whether an operation takes a body."""
    return CONTRACT.library.get((*operation.pointer, "requestBody")) is not None


def _find_places(operation: Operation) -> Iterator[Place]:
    for holder in (operation.pointer[:2], operation.pointer):
        for parameter in _list_parameters((*holder, "parameters")):
            yield Place(operation.id, parameter["in"], parameter["name"])
    media = (*operation.pointer, "requestBody", "content", "application/json", "schema", "properties")
    for name in CONTRACT.library.get(media) or ():
        yield Place(operation.id, "body", name)


def _list_parameters(tokens: tuple[str, ...]) -> list[Any]:
    found = CONTRACT.library.get(tokens) or ()
    return [CONTRACT.library.get((*tokens, str(index))) for index in range(len(found))]
