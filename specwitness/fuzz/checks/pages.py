"""Pages: which parameter says how long one is, and the longest and shortest that may be asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.fuzz.extraction import list_members, snake
from specwitness.fuzz.surface import resolve, type_of
from specwitness.fuzz.wire import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.surface import Endpoint, Parameter
    from specwitness.fuzz.things import Actor
    from specwitness.fuzz.trial import Trial
    from specwitness.fuzz.wire import Request

_SIZES = frozenset(
    {"limit", "size", "page_size", "per_page", "max_results", "count", "top", "take", "first", "page_limit"}
)
_WORDS = frozenset({"q", "query", "search", "term", "text", "keyword", "keywords", "s"})
_LONGEST = 100
_NEXT = {"page": "2", "page_number": "2", "offset": "1", "skip": "1"}
_CURSORS = ("cursor", "after", "page_token", "next", "starting_after", "continuation_token", "marker")
_NEXT_MEMBER = re.compile(r"^(next|cursor|after|continuation)(_?(page|cursor|token|id))*$")
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


def find_next_pages(trial: Trial, endpoint: Endpoint, actor: Actor) -> Iterator[tuple[str, Request]]:
    """Give the requests for what comes after the first page, which may be found in another way."""
    names = {snake(each.name).strip("$"): each for each in endpoint.parameters if each.location == "query"}
    plain = trial.world.build(endpoint, actor)
    if plain is None or not endpoint.is_safe:
        return
    signed = trial.world.sign(endpoint, actor, plain)
    for name, value in _NEXT.items():
        if name in names:
            yield "a later page", with_size(endpoint, signed).with_query(((names[name].name, value),))
    cursor = next((names[each] for each in _CURSORS if each in names), None)
    if cursor is None:
        return
    first = trial.client.send(with_size(endpoint, signed, size=1))
    for key, value in list_members(first.json()) if first.succeeded else ():
        if isinstance(value, str | int) and value and _NEXT_MEMBER.search(snake(key)):
            yield "the next page", with_size(endpoint, signed).with_query(((cursor.name, as_text(value)),))
            return


def find_word(endpoint: Endpoint) -> Parameter | None:
    """Find the query parameter that says what is searched for."""
    named = (each for each in endpoint.parameters if each.location == "query" and snake(each.name) in _WORDS)
    return next(named, None)


def with_size(endpoint: Endpoint, request: Request, *, size: int | None = None) -> Request:
    """Give a request for pages of a size, or the longest; as it is where none has a size."""
    if found := find_size(endpoint):
        return request.with_query(
            ((found.name, str(found.schema.get("maximum", _LONGEST) if size is None else size)),)
        )
    schema = endpoint.body_schema or {}
    for name, each in schema.get("properties", {}).items():
        member = resolve(each, endpoint.document)
        if snake(name) in _SIZES and type_of(member) == "integer" and isinstance(request.read_json(), dict):
            value = request.read_json()
            longest = member.get("maximum", _LONGEST)
            return request.with_json({**value, name: longest if size is None else size})
    return request
