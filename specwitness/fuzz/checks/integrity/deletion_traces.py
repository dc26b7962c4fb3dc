"""Traces of a deleted object: lists, searches, exports, and objects made from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.purpose import noun_at, noun_for
from specwitness.fuzz.api.relations import find_producers
from specwitness.fuzz.api.schema import type_of
from specwitness.fuzz.api.words import ENDED_STATES, same_noun, snake
from specwitness.fuzz.checks.isolation.pages import find_word, with_size
from specwitness.fuzz.checks.isolation.two_users import texts_of
from specwitness.fuzz.requests.actor import Actor, Choice, StoredObject
from specwitness.fuzz.requests.responses import find_values, list_items, list_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.session.context import Context

_SHORTEST_ID = 6


def is_listed(response: Response, traces: list[str]) -> bool:
    """Tell whether a response shows an object as existing. `{"id": 7, "revoked_at": "…"}` does not."""
    if not any(text in response.text for text in traces):
        return False
    items = [
        item for item in list_items(response.json()) if any(trace in json.dumps(item) for trace in traces)
    ]
    return not items or not all(_is_ended(item) for item in items)


def _is_ended(item: Any) -> bool:
    """Tell whether an object is marked as ended: `revoked_at`, `archived: true`, `status: closed`."""
    return any(
        bool(value and ENDED_STATES.occurs_in(key))
        or (isinstance(value, str) and snake(key) in {"status", "state"} and ENDED_STATES.occurs_in(value))
        for key, value in list_members(item)
    )


def read_id_traces(stored: StoredObject, traces: list[str]) -> list[str]:
    """Give the texts by which a list shows this object: its id if it is among the traces, else all traces.

    The id comes first because a copy of the object has the same texts, and another id.
    """
    return [text for text in traces if text == stored.values[-1]] or traces


def read_traces(stored: StoredObject, owner: Actor) -> list[str]:
    """Give the texts that occur in this object only: its id, and texts that its owner sent.

    An id shorter than six characters, such as `17`, occurs elsewhere by chance, and is left out.
    """
    value = stored.response.json() if stored.response else None
    texts = [text for _, text in find_values(value) if isinstance(text, str) and owner.maker.is_in(text)]
    object_id = stored.values[-1]
    is_distinct = (
        isinstance(object_id, str) and len(object_id) >= _SHORTEST_ID and not isinstance(object_id, Choice)
    )
    ids = [object_id] if is_distinct else []
    others = [
        other.response.text
        for other in owner.objects.values()
        if other.response and other.values != stored.values
    ]
    return [
        text
        for text in dict.fromkeys([*ids, *texts])
        if text != owner.identity.subject and not any(text in other for other in others)
    ]


def find_views(
    context: Context, stored: StoredObject, traces: list[str]
) -> Iterator[tuple[Endpoint, Request]]:
    """Give the owner's lists, searches and exports that show an object now."""
    collection = stored.prefix.removesuffix("/{}")
    lister = context.builder.find("GET", collection)
    views = context.views()
    for endpoint in [*views, *([lister] if lister and lister not in views else [])]:
        if endpoint.keeps_deleted(stored.prefix) or endpoint.id not in context.succeeded:
            continue
        above = stored.values[: len(endpoint.path_names)] if endpoint is lister else ()
        plain = context.request(endpoint, context.alice, above or None)
        if plain is None:
            continue
        signed = with_size(endpoint, plain)
        shown: set[bool] = set()
        for words in _list_words(endpoint, [text for text in traces if text != stored.values[-1]]):
            request = signed.with_query(words)
            response = context.client.send(request)
            is_shown = response.succeeded and any(
                text in response.text for text in read_id_traces(stored, traces)
            )
            if is_shown and bool(words) not in shown:
                shown.add(bool(words))
                yield endpoint, request


def _list_words(endpoint: Endpoint, texts: list[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Give the query parameters to try: none, and each text as search term; required ones are always sent."""
    required = [
        parameter
        for parameter in endpoint.parameters
        if parameter.location == "query" and parameter.required and type_of(parameter.schema) == "string"
    ]
    word = find_word(endpoint)
    if not required:
        yield ()
    wanted = [*required, *([word] if word is not None and not word.required else ())]
    for text in texts if wanted else ():
        yield tuple((searched.name, text) for searched in wanted if endpoint.accepts(searched.schema, text))


def read_children(
    context: Context, endpoint: Endpoint, stored: StoredObject, traces: list[str]
) -> Iterator[tuple[Endpoint, Request, list[str]]]:
    """Create objects from or below an object, such as a share link, and give the calls that show it there.

    Returns:
        For each: the reading operation, its request, and the texts that must be gone after the deletion.
    """
    makers = [
        operation
        for operation in context.reached()
        if operation.method == "POST"
        and operation.shape.startswith(f"{endpoint.shape}/")
        and len(operation.path_names) == len(endpoint.path_names)
    ]
    readers = [
        operation
        for operation in context.reached()
        if operation.method == "GET"
        and len(operation.path_names) == 1
        and not operation.path.startswith(endpoint.path)
    ]
    for maker in makers:
        for reader in readers:
            name, shape = reader.path_names[0], reader.collections[0]
            parameter = reader.parameter(name, "path")
            if parameter is None:
                continue
            producers = find_producers(context.surface, shape, parameter, noun_for(name, shape))
            if maker.id not in {producer.id for producer, _ in producers}:
                continue
            made = context.call(maker, context.alice, stored.values)
            value = (
                context.builder.read_made(reader, made.response) if made and made.response.succeeded else None
            )
            looking = context.call(reader, context.alice, (value,)) if value is not None else None
            if made is None or looking is None:
                continue
            signed, shown = looking
            # Objects below the deleted one must go with it; objects made from it must not show it.
            is_below = same_noun(noun_at(shape), noun_at(f"{maker.shape}/{{}}"))
            texts = [*traces, *(texts_of(made.request, context.alice) if is_below else ())]
            if shown.succeeded and any(text in shown.text for text in texts):
                yield reader, signed, texts
