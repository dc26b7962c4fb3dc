"""The requests that the service itself sends: callbacks and webhooks of one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.openapi import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import Side
    from specwitness.openapi.references import Pointer


class Call(NamedTuple):
    """A callback or webhook: its pointer, its label in messages, its path item and its operation."""

    pointer: Pointer
    label: str
    item: JsonObject
    operation: JsonObject


Calls = dict[tuple[str, ...], Call]


def find_callbacks(side: Side, operation: JsonObject, pointer: Pointer) -> Calls:
    """Return the callbacks of an operation by name, expression and method.

    Args:
        side: The document.
        operation: The operation.
        pointer: The pointer to the operation.
    """
    callbacks = side.get(operation, "callbacks") or {}
    return {
        (name, expression, method): call
        for name in callbacks
        for expression in _list_names(side.get(callbacks, name))
        for method, call in _read_item(
            side,
            side.get(side.get(callbacks, name), expression),
            (*pointer, "callbacks", name, expression),
            f"callback {name} {expression}",
        )
    }


def find_webhooks(side: Side) -> Calls:
    """Return the webhooks of a document by name and method."""
    webhooks = side.get(side.document, "webhooks") or {}
    return {
        (name, method): call
        for name in _list_names(webhooks)
        for method, call in _read_item(side, side.get(webhooks, name), ("webhooks", name), f"webhook {name}")
    }


def name_webhook(key: tuple[str, ...], call: Call) -> tuple[str, ...]:
    """Return the names by which a waiver can name a webhook: `webhook orderPaid`, or its operationId."""
    names = (f"webhook {key[0]}", call.operation.get("operationId"))
    return tuple(name for name in names if name)


def _read_item(side: Side, item: Any, pointer: Pointer, label: str) -> Iterator[tuple[str, Call]]:
    for method in METHODS:
        if operation := side.get(item, method):
            yield method, Call((*pointer, method), f"{label} {method.upper()}", item, operation)


def _list_names(holder: Any) -> list[str]:
    return [name for name in holder or {} if not name.startswith("x-")]
