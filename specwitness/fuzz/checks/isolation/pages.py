"""Pagination: the parameters for page size, next page and search term, and requests that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import CURSORS, NEXT_CURSORS, NEXT_PAGES, PAGE_SIZES, SEARCH_TERMS, snake
from specwitness.fuzz.http.message import Request, as_text
from specwitness.fuzz.requests.responses import list_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint, Parameter
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_LONGEST = 100
SHORT = 2


def find_size(endpoint: Endpoint) -> Parameter | None:
    """Find the query parameter for the page size: `limit`, `per_page`."""
    return next(
        (
            parameter
            for parameter in endpoint.parameters
            if parameter.location == "query" and parameter.name in PAGE_SIZES
        ),
        None,
    )


def find_next_pages(context: Context, endpoint: Endpoint, actor: Actor) -> Iterator[tuple[str, Request]]:
    """Give requests for later pages, by number or cursor: their query may lack the owner filter."""
    names = {
        snake(parameter.name).strip("$"): parameter
        for parameter in endpoint.parameters
        if parameter.location == "query"
    }
    signed = context.request(endpoint, actor)
    if signed is None or not endpoint.is_safe:
        return
    for name, value in NEXT_PAGES.items():
        if name in names:
            yield "a later page", with_size(endpoint, signed).with_query(((names[name].name, value),))
    cursor = next((names[cursor_name] for cursor_name in CURSORS if cursor_name in names), None)
    if cursor is None:
        return
    first = context.client.send(with_size(endpoint, signed, size=1))
    for key, value in list_members(first.json()) if first.succeeded else ():
        if isinstance(value, str | int) and value and NEXT_CURSORS.search(snake(key)):
            yield "the next page", with_size(endpoint, signed).with_query(((cursor.name, as_text(value)),))
            return


def find_word(endpoint: Endpoint) -> Parameter | None:
    """Find the query parameter for the search term: `q`, `search`."""
    named = (
        parameter
        for parameter in endpoint.parameters
        if parameter.location == "query" and parameter.name in SEARCH_TERMS
    )
    return next(named, None)


def with_size(endpoint: Endpoint, request: Request, *, size: int | None = None) -> Request:
    """Copy a request with a page size.

    Args:
        endpoint: The operation.
        request: The request.
        size: Items per page; None for the maximum in the contract, or else 100.

    Returns:
        The copy, or the request itself if the operation has no page size in query or body.
    """
    if found := find_size(endpoint):
        return request.with_query(
            ((found.name, str(found.schema.get("maximum", _LONGEST) if size is None else size)),)
        )
    schema = endpoint.body_schema or {}
    for name, property_schema in schema.get("properties", {}).items():
        member = resolve(property_schema, endpoint.document)
        if name in PAGE_SIZES and type_of(member) == "integer" and isinstance(request.read_json(), dict):
            value = request.read_json()
            longest = member.get("maximum", _LONGEST)
            return request.with_json({**value, name: longest if size is None else size})
    return request
