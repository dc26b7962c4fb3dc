"""Pages: which parameter says how long one is, and the longest and shortest that may be asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from specwitness.fuzz.extraction import snake
from specwitness.fuzz.surface import resolve, type_of

if TYPE_CHECKING:
    from specwitness.fuzz.surface import Endpoint, Parameter
    from specwitness.fuzz.wire import Request

_SIZES = frozenset(
    {"limit", "size", "page_size", "per_page", "max_results", "count", "top", "take", "first", "page_limit"}
)
_LONGEST = 100
SHORT = 2


def find_size(endpoint: Endpoint) -> Parameter | None:
    """Find the query parameter that says how long a page is."""
    return next(
        (
            each
            for each in endpoint.parameters
            if each.location == "query" and snake(each.name).strip("$") in _SIZES
        ),
        None,
    )


def with_size(endpoint: Endpoint, request: Request, *, size: int | None = None) -> Request:
    """Give a request for pages of a size, or the longest; as it is where none has a size."""
    if found := find_size(endpoint):
        return request.with_query(
            ((found.name, str(found.schema.get("maximum", _LONGEST) if size is None else size)),)
        )
    schema = endpoint.body_schema or {}
    for name, each in schema.get("properties", {}).items():
        member = resolve(each, endpoint.document)
        if snake(name) in _SIZES and type_of(member) == "integer" and request.body is not None:
            value = json.loads(request.body)
            longest = member.get("maximum", _LONGEST)
            return request.with_json({**value, name: longest if size is None else size})
    return request
