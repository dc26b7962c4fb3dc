"""A contract reduced to the operations that may be called, without its servers and without dead links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.openapi.references import dereference, follow, parse_pointer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Document = dict[str, Any]


def narrow(document: Document, refused: Collection[tuple[str, str]]) -> Document:
    """Give a contract without some operations.

    Args:
        document: The contract, in one document.
        refused: The path and the method, in lower case, of each operation to leave out.
    """
    paths = {
        path: {
            key: _without_servers(value)
            for key, value in item.items()
            if (path, key) not in refused and key != "servers"
        }
        for path, item in document.get("paths", {}).items()
    }
    # The client puts the base path before each path.
    narrowed = {**document, "paths": paths, "servers": [{"url": "/"}]}
    known = {operation.get("operationId") for operation in _list_operations(narrowed)}
    for operation in _list_operations(narrowed):
        operation["responses"] = {
            status: _without_dead_links(response, narrowed, known)
            for status, response in operation.get("responses", {}).items()
        }
    return narrowed


def _without_servers(item: Any) -> Any:
    return {key: value for key, value in item.items() if key != "servers"} if isinstance(item, dict) else item


def _list_operations(document: Document) -> Iterator[Document]:
    for item in document["paths"].values():
        yield from (value for value in item.values() if isinstance(value, dict) and "responses" in value)


def _without_dead_links(response: Any, document: Document, known: Collection[str | None]) -> Any:
    """Give a response without the links to missing operations, which Schemathesis would reject."""
    whole = dereference(response, document)
    links = whole.get("links") if isinstance(whole, dict) else None
    if not links:
        return response
    alive = {
        name: link for name, link in links.items() if _is_alive(dereference(link, document), document, known)
    }
    return response if len(alive) == len(links) else {**whole, "links": alive}


def _is_alive(link: Any, document: Document, known: Collection[str | None]) -> bool:
    reference = link.get("operationRef")
    if reference is None:
        return link.get("operationId") in known
    if not str(reference).startswith("#"):
        return False
    try:
        follow(document, parse_pointer(str(reference)[1:]))
    except KeyError:
        return False
    return True
