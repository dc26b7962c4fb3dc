"""Where a deleted object may still be seen: lists, searches, exports, and what was made of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.purpose import noun_at, noun_for
from specwitness.fuzz.api.relations import find_producers
from specwitness.fuzz.api.schema import type_of
from specwitness.fuzz.api.words import ENDED_STATES, same_noun, snake
from specwitness.fuzz.checks.isolation.pages import find_word, with_size
from specwitness.fuzz.checks.isolation.two_users import texts_of
from specwitness.fuzz.requests.actor import Actor, Choice, Thing
from specwitness.fuzz.requests.answers import find_values, list_items, list_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.session.context import Trial

_SHORTEST_ID = 6


def is_listed(answer: Answer, traces: list[str]) -> bool:
    """Tell whether an answer shows an object as one that is there, and not as revoked or archived."""
    if not any(text in answer.text for text in traces):
        return False
    items = [item for item in list_items(answer.json()) if any(trace in json.dumps(item) for trace in traces)]
    return not items or not all(_is_ended(item) for item in items)


def _is_ended(item: Any) -> bool:
    """Tell whether an object says that it is no more: `revoked_at`, `archived: true`, `status: closed`."""
    return any(
        bool(value and ENDED_STATES.occurs_in(key))
        or (isinstance(value, str) and snake(key) in {"status", "state"} and ENDED_STATES.occurs_in(value))
        for key, value in list_members(item)
    )


def read_id_traces(thing: Thing, traces: list[str]) -> list[str]:
    """Give what a list knows an object by: its id, if it has one that stands out; copies have its texts."""
    return [text for text in traces if text == thing.values[-1]] or traces


def read_traces(thing: Thing, owner: Actor) -> list[str]:
    """Give what an object is known by: its id, and the texts that its owner gave it and nothing else."""
    value = thing.answer.json() if thing.answer else None
    texts = [text for _, text in find_values(value) if isinstance(text, str) and owner.maker.is_in(text)]
    found = thing.values[-1]
    is_telling = isinstance(found, str) and len(found) >= _SHORTEST_ID and not isinstance(found, Choice)
    ids = [found] if is_telling else []
    others = [
        stored.answer.text
        for stored in owner.things.values()
        if stored.answer and stored.values != thing.values
    ]
    return [
        text
        for text in dict.fromkeys([*ids, *texts])
        if text != owner.identity.subject and not any(text in other for other in others)
    ]


def find_views(trial: Trial, thing: Thing, traces: list[str]) -> Iterator[tuple[Endpoint, Request]]:
    """Give the owner's lists, searches and exports that show an object now."""
    collection = thing.prefix.removesuffix("/{}")
    lister = trial.world.find("GET", collection)
    views = trial.views()
    for endpoint in [*views, *([lister] if lister and lister not in views else [])]:
        if endpoint.keeps_deleted(thing.prefix) or endpoint.id not in trial.succeeded:
            continue
        above = thing.values[: len(endpoint.path_names)] if endpoint is lister else ()
        plain = trial.request(endpoint, trial.alice, above or None)
        if plain is None:
            continue
        signed = with_size(endpoint, plain)
        shown: set[bool] = set()
        for words in _list_words(endpoint, [text for text in traces if text != thing.values[-1]]):
            request = signed.with_query(words)
            answer = trial.client.send(request)
            is_shown = answer.succeeded and any(text in answer.text for text in read_id_traces(thing, traces))
            if is_shown and bool(words) not in shown:
                shown.add(bool(words))
                yield endpoint, request


def _list_words(endpoint: Endpoint, texts: list[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Give what a view is asked: what it has to be, and what it may be searched for."""
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
        yield tuple(
            (operation.name, text) for operation in wanted if endpoint.accepts(operation.schema, text)
        )


def read_children(
    trial: Trial, endpoint: Endpoint, thing: Thing, traces: list[str]
) -> Iterator[tuple[Endpoint, Request, list[str]]]:
    """Make something of an object, such as a link to it, and give the calls that show the object by it."""
    makers = [
        operation
        for operation in trial.reached()
        if operation.method == "POST"
        and operation.shape.startswith(f"{endpoint.shape}/")
        and len(operation.path_names) == len(endpoint.path_names)
    ]
    readers = [
        operation
        for operation in trial.reached()
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
            producers = find_producers(trial.surface, shape, parameter, noun_for(name, shape))
            if maker.id not in {entry.id for entry, _ in producers}:
                continue
            made = trial.call(maker, trial.alice, thing.values)
            value = trial.world.read_made(reader, made.answer) if made and made.answer.succeeded else None
            looking = trial.call(reader, trial.alice, (value,)) if value is not None else None
            if made is None or looking is None:
                continue
            signed, shown = looking
            # What lies below the object goes with it, wherever it is read; what was made of it tells of it.
            is_below = same_noun(noun_at(shape), noun_at(f"{maker.shape}/{{}}"))
            texts = [*traces, *(texts_of(made.request, trial.alice) if is_below else ())]
            if shown.succeeded and any(text in shown.text for text in texts):
                yield reader, signed, texts
