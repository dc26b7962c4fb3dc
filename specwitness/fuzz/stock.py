"""How the users come by what they own: made, listed, put, told, or their own place."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.bodies import dump
from specwitness.fuzz.extraction import (
    find_members,
    id_in,
    list_items,
    read_expression,
    read_id,
)
from specwitness.fuzz.names import USERS, find_producers, noun_at, noun_for
from specwitness.fuzz.seats import authorize, find_credentials
from specwitness.fuzz.things import Actor, Choice, Thing, is_choice, list_told, prefixes
from specwitness.fuzz.wire import Answer, Request, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specwitness.fuzz.client import Client
    from specwitness.fuzz.surface import Endpoint, Parameter, Surface


@dataclass(slots=True)
class Stock(ABC):
    """Finds or makes the objects that requests need.

    Args:
        surface: The contract.
        client: The way to the service.
        variants: How the requests of an operation are built where they succeed.
    """

    surface: Surface
    client: Client
    variants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _making: set[tuple[str, str]] = field(default_factory=set)

    @abstractmethod
    def build(
        self,
        endpoint: Endpoint,
        actor: Actor,
        values: tuple[Any, ...] | None = None,
        *,
        fresh: bool = False,
    ) -> Request | None:
        """Build a good request, without credentials; None where an object is needed that cannot be had."""

    def find(self, method: str, shape: str) -> Endpoint | None:
        """Find an operation by method and path, whatever its parameters are called."""
        return self.surface.find(method, shape)

    def call(self, endpoint: Endpoint, actor: Actor, request: Request) -> Answer:
        """Send a request with an actor's credentials."""
        return self.client.send(self.sign(endpoint, actor, request))

    def sign(self, endpoint: Endpoint, actor: Actor, request: Request) -> Request:
        """Put an actor's credentials into a request; as it is where there are none for the operation."""
        found = find_credentials(endpoint, self.surface, actor.identity)
        return authorize(request, found[0]) if found else request

    def obtain_parents(self, endpoint: Endpoint, actor: Actor) -> tuple[Any, ...] | None:
        """Find or make the objects above the one that an operation's path names."""
        values: tuple[Any, ...] = ()
        for prefix, name in list(zip(prefixes(endpoint.path), endpoint.path_names, strict=True))[:-1]:
            thing = self._obtain(actor, prefix, values, endpoint.parameter(name, "path"), fresh=False)
            if thing is None:
                return None
            values = thing.values
        return values

    def obtain(self, endpoint: Endpoint, actor: Actor, *, fresh: bool = False) -> Thing | None:
        """Find or make the object that an operation's path names."""
        last = len(endpoint.path_names) - 1
        thing = self._walk(endpoint, actor, last if fresh else None)
        if thing is None and fresh and last > 0:
            # What comes with its parent alone is new where the parent is.
            thing = self._walk(endpoint, actor, last - 1)
        return thing

    def _walk(self, endpoint: Endpoint, actor: Actor, fresh: int | None) -> Thing | None:
        """Go down a path, object by object; make the one at `fresh` anew."""
        thing: Thing | None = None
        for index, (prefix, name) in enumerate(
            zip(prefixes(endpoint.path), endpoint.path_names, strict=True)
        ):
            parameter = endpoint.parameter(name, "path")
            parents = thing.values if thing else ()
            thing = self._obtain(actor, prefix, parents, parameter, fresh=index == fresh)
            if thing is None:
                return None
        return thing

    def _obtain(
        self,
        actor: Actor,
        prefix: str,
        parents: tuple[Any, ...],
        parameter: Parameter | None,
        *,
        fresh: bool,
    ) -> Thing | None:
        known = actor.things.get(prefix)
        if known is not None and not fresh and known.values[:-1] == parents:
            return known
        key = (actor.name, prefix)
        if key in self._making or parameter is None:
            return known
        self._making.add(key)
        try:
            find = self._choices if is_choice(parameter) else self._sources
            own = self._find_self(actor, prefix, parents, parameter)
            for thing in own if own and not fresh else find(actor, prefix, parents, parameter):
                if fresh and thing.is_embedded and known is not None and thing.values == known.values:
                    continue
                # Another account that was made for the occasion does not become the caller's.
                if not (own and fresh and known is not None):
                    actor.things[prefix] = thing
                if thing.is_created and not isinstance(thing.values[-1], Choice):
                    actor.owned.append(thing)
                return thing
        finally:
            self._making.discard(key)
        return None if fresh else known

    def _find_self(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> list[Thing]:
        """Give the caller where a path names users, by handle or id, and nobody makes any but to sign up."""
        noun = noun_for(parameter.name, prefix)
        maker = self.find("POST", prefix.removesuffix("/{}"))
        if not {noun, noun_at(prefix)} & USERS or (maker is not None and maker.is_protected):
            return []
        handle = actor.handle_for(parameter.name)
        name = handle if handle is not None or noun not in USERS else actor.identity.subject
        return [Thing(prefix, (*parents, name))] if name is not None else []

    def _sources(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[Thing]:
        """Give the object by one way after the other: made, in its parent, the user, listed, put, told."""
        noun = noun_for(parameter.name, prefix)
        for producer, expression in find_producers(self.surface, prefix, parameter, noun):
            is_above = all(prefix.startswith(each) for each in prefixes(producer.path))
            values = parents[: len(producer.path_names)] if producer.path_names and is_above else None
            if (answer := self._produce(producer, actor, values)) and answer.succeeded:
                made = read_expression(expression, answer) if expression else None
                found = made if made is not None else read_id(answer, parameter.name, noun)
                if found is not None:
                    # Who checks a code that the contract tells has not made it.
                    is_told = _tells(producer, found)
                    yield Thing(prefix, (*parents, found), answer, is_created=not is_told, is_told=is_told)
        yield from self._embedded(actor, prefix, parents, (parameter.name, noun))
        if noun in USERS and actor.identity.subject is not None:
            yield Thing(prefix, (*parents, actor.identity.subject))
        yield from self._listed(actor, prefix, parents, (parameter.name, noun))
        yield from self._put(actor, prefix, parents, parameter)
        yield from (Thing(prefix, (*parents, value), is_told=True) for value in list_told(parameter))

    def _choices(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[Thing]:
        """Give what has a place among a few that the contract lists: put there, posted, or there anyhow."""
        for thing in self._put(actor, prefix, parents, parameter):
            yield replace(thing, values=(*parents, Choice(as_text(thing.values[-1]))))
        maker = self.find("POST", prefix.removesuffix("/{}"))
        answer = self._produce(maker, actor, parents) if maker else None
        made = read_id(answer, parameter.name, "") if answer and answer.succeeded else None
        if made is not None and as_text(made) in map(as_text, list_told(parameter)):
            yield Thing(prefix, (*parents, Choice(as_text(made))), answer, is_created=True)
        for value in list_told(parameter):
            yield Thing(prefix, (*parents, Choice(as_text(value))))

    def _embedded(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], names: tuple[str, str]
    ) -> Iterator[Thing]:
        """Give the objects that the answer of their parent holds: the items of an order."""
        shapes = prefixes(prefix)
        parent = actor.things.get(shapes[-2]) if len(shapes) > 1 else None
        if parent is None or parent.answer is None or parent.values != parents:
            return
        for holder in find_members(parent.answer.json(), noun_at(prefix)):
            if (found := id_in(holder, *names)) is not None:
                yield Thing(prefix, (*parents, found), is_created=parent.is_created, is_embedded=True)

    def read_made(self, reader: Endpoint, answer: Answer) -> Any:
        """Read the id of the object that an answer tells of, as its reader takes it."""
        name = reader.path_names[-1]
        return read_id(answer, name, noun_for(name, prefixes(reader.path)[-1]))

    def _produce(self, endpoint: Endpoint, actor: Actor, values: tuple[Any, ...] | None) -> Answer | None:
        if not (endpoint.is_safe or self.client.may_write):
            return None
        request = self.build(endpoint, actor, values)
        answer = self.call(endpoint, actor, request) if request else None
        if answer and not answer.succeeded and endpoint.id not in self.variants:
            self.variants[endpoint.id] = {"full": False}
            request = self.build(endpoint, actor, values)
            answer = self.call(endpoint, actor, request) if request else None
            if not (answer and answer.succeeded):
                del self.variants[endpoint.id]
        if answer and answer.succeeded:
            actor.answers.setdefault(endpoint.id, answer)
        return answer

    def _listed(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], names: tuple[str, str]
    ) -> Iterator[Thing]:
        endpoint = self.find("GET", prefix.removesuffix("/{}"))
        request = self.build(endpoint, actor, parents) if endpoint else None
        if endpoint is None or request is None:
            return
        answer = self.call(endpoint, actor, request)
        for item in list_items(answer.json()) if answer.succeeded else ():
            if (found := read_id(Answer(200, {}, dump(item)), *names)) is not None:
                yield Thing(prefix, (*parents, found))

    def _put(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[Thing]:
        endpoint = self.find("PUT", prefix)
        if endpoint is None:
            return
        value = actor.maker.make(parameter.schema)
        request = self.build(endpoint, actor, (*parents, value))
        if request and (answer := self.call(endpoint, actor, request)).succeeded:
            yield Thing(prefix, (*parents, value), answer, is_created=True)

    def _obtain_second(self, actor: Actor, first: Thing, parameter: Parameter) -> Thing:
        """Find or make another object of a collection: few operations take the same one twice."""
        known = actor.seconds.get(first.prefix)
        if known is None or known.values == first.values:
            known = self._obtain(actor, first.prefix, first.values[:-1], parameter, fresh=True) or first
            actor.things[first.prefix] = first
            actor.seconds[first.prefix] = known
        return known


def _tells(endpoint: Endpoint, value: Any) -> bool:
    """Tell whether the contract itself gives a value to send, as an example or a constant."""
    written = json.dumps(value)
    return written in json.dumps([endpoint.body_schema, endpoint.body_examples], default=str)
