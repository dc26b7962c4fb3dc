"""The users' world: what they own, how they came by it, and how good requests are built."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from specwitness.fuzz.extraction import list_items, noun_of, read_expression, read_id, singular, snake
from specwitness.fuzz.seats import authorize, find_credentials
from specwitness.fuzz.surface import Parameter
from specwitness.fuzz.values import Maker
from specwitness.fuzz.wire import Answer, Request, as_text, encode_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from specwitness.fuzz.client import Client
    from specwitness.fuzz.identity import Identity
    from specwitness.fuzz.surface import Endpoint, Schema, Surface

_PARAMETER = re.compile(r"\{[^{}]+\}")
_USERS = frozenset(
    {
        "user",
        "owner",
        "account",
        "author",
        "creator",
        "customer",
        "member",
        "profile",
        "sub",
        "subject",
        "username",
    }
)
_MAKING = frozenset({"create", "new", "add", "open", "upload", "insert", "make", "register"})
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Thing:
    """A stored object: its collection (`/notes/{}`), the values of the path's parameters, and its answer."""

    prefix: str
    values: tuple[Any, ...]
    answer: Answer | None = None
    is_created: bool = False


@dataclass(slots=True)
class Actor:
    """An identity at work."""

    identity: Identity
    maker: Maker
    things: dict[str, Thing] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    owned: list[Thing] = field(default_factory=list)
    focus: Endpoint | None = None

    @property
    def name(self) -> str:
        """The identity's name."""
        return self.identity.name


def prefixes(path: str) -> list[str]:
    """Give the collections on the way of a path: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
    plain = _PARAMETER.sub("{}", path)
    return [plain[: match.end()] for match in re.finditer(r"\{\}", plain)]


@dataclass(slots=True)
class World:
    """Builds requests for actors and finds or makes the objects that these need."""

    surface: Surface
    client: Client
    variants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _making: set[tuple[str, str]] = field(default_factory=set)
    _by_shape: dict[tuple[str, str], Endpoint] = field(init=False)

    def __post_init__(self) -> None:
        self._by_shape = {
            (each.method, _PARAMETER.sub("{}", each.path)): each for each in self.surface.endpoints
        }

    def find(self, method: str, shape: str) -> Endpoint | None:
        """Find an operation by method and path, whatever its parameters are called."""
        return self._by_shape.get((method, shape))

    def shape(self, endpoint: Endpoint) -> str:
        """Give the path of an operation with unnamed parameters."""
        return _PARAMETER.sub("{}", endpoint.path)

    def actor(self, identity: Identity, seed: int) -> Actor:
        """Put an identity to work."""
        maker = Maker(f"{identity.name}s{seed:x}zq", self.surface.document, seed)
        actor = Actor(identity, maker)
        maker.lookup = self.lookup_of(actor)
        return actor

    def lookup_of(self, actor: Actor) -> Callable[[str, Schema], Any]:
        """Give what finds an actor's objects by the names of members."""
        return lambda name, schema: self._look_up(actor, name, schema)

    def obtain_parents(self, endpoint: Endpoint, actor: Actor) -> tuple[Any, ...] | None:
        """Find or make the objects above the one that an operation's path names."""
        values: tuple[Any, ...] = ()
        for prefix, name in list(zip(prefixes(endpoint.path), endpoint.path_names, strict=True))[:-1]:
            thing = self._obtain(actor, prefix, values, endpoint.parameter(name, "path"), fresh=False)
            if thing is None:
                return None
            values = thing.values
        return values

    def call(self, endpoint: Endpoint, actor: Actor, request: Request) -> Answer:
        """Send a request with an actor's credentials."""
        return self.client.send(self.sign(endpoint, actor, request))

    def sign(self, endpoint: Endpoint, actor: Actor, request: Request) -> Request:
        """Put an actor's credentials into a request; as it is where there are none for the operation."""
        found = find_credentials(endpoint, self.surface, actor.identity)
        return authorize(request, found[0]) if found else request

    def build(
        self,
        endpoint: Endpoint,
        actor: Actor,
        values: tuple[Any, ...] | None = None,
        *,
        fresh: bool = False,
    ) -> Request | None:
        """Build a good request, without credentials.

        Args:
            endpoint: The operation.
            actor: Whose objects it names.
            values: The path's parameters, if they are given.
            fresh: Whether it names an object that was made for it.

        Returns:
            The request; None where a stored object is needed and none can be made.
        """
        if values is None:
            thing = self.obtain(endpoint, actor, fresh=fresh) if endpoint.path_names else None
            if endpoint.path_names and thing is None:
                return None
            values = thing.values if thing else ()
        path = fill(endpoint.path, values)
        actor.used.clear()
        actor.named.clear()
        variant = self.variants.get(endpoint.id, {})
        before, actor.focus = actor.focus, endpoint
        query, headers = self._parameters(endpoint, actor, full=bool(variant.get("query")))
        body = self.make_body(endpoint, actor, full=variant.get("full", True), example=variant.get("example"))
        actor.focus = before
        if body is not None:
            headers = (*headers, ("Content-Type", endpoint.media or JSON))
        return Request(endpoint.method, path, query, headers, body)

    def _parameters(
        self, endpoint: Endpoint, actor: Actor, *, full: bool
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        query: list[tuple[str, str]] = []
        headers: list[tuple[str, str]] = []
        for each in endpoint.parameters:
            if each.location == "path" or not (each.required or (full and each.location == "query")):
                continue
            known = actor.maker.lookup(each.name, each.schema)
            example = known if known is not ... else each.example
            value = example if example is not ... else actor.maker.make(each.schema, each.name)
            several = value if isinstance(value, list) else [value]
            if each.location == "query":
                query += [(each.name, as_text(one)) for one in several]
            elif each.location == "header":
                headers.append((each.name, as_text(value)))
            else:
                headers.append(("Cookie", f"{each.name}={as_text(value)}"))
        return tuple(query), tuple(headers)

    def make_body(
        self, endpoint: Endpoint, actor: Actor, *, full: bool = True, example: int | None = None
    ) -> bytes | None:
        """Make the bytes of a good body; None where the operation takes none."""
        media = endpoint.media
        if media is None:
            return None
        if example is not None and example < len(endpoint.body_examples):
            return encode_body(endpoint.body_examples[example], media)
        return encode_body(actor.maker.make(endpoint.bodies[media], full=full), media)

    def obtain(self, endpoint: Endpoint, actor: Actor, *, fresh: bool = False) -> Thing | None:
        """Find or make the object that an operation's path names."""
        thing: Thing | None = None
        for prefix, name in zip(prefixes(endpoint.path), endpoint.path_names, strict=True):
            is_last = prefix == prefixes(endpoint.path)[-1]
            parameter = endpoint.parameter(name, "path")
            parents = thing.values if thing else ()
            thing = self._obtain(actor, prefix, parents, parameter, fresh=fresh and is_last)
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
            for thing in self._sources(actor, prefix, parents, parameter):
                actor.things[prefix] = thing
                if thing.is_created:
                    actor.owned.append(thing)
                return thing
        finally:
            self._making.discard(key)
        return None if fresh else known

    def _sources(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[Thing]:
        """Give the object by one way after the other: made, the user, listed, put, named in the contract."""
        noun = noun_of(parameter.name) or singular(prefix.removesuffix("/{}").rpartition("/")[2])
        for producer, expression in self._producers(prefix, parameter, noun):
            values = parents[: len(producer.path_names)]
            if (answer := self._produce(producer, actor, values)) and answer.succeeded:
                made = read_expression(expression, answer) if expression else None
                found = made if made is not None else read_id(answer, parameter.name, noun)
                if found is not None:
                    yield Thing(prefix, (*parents, found), answer, is_created=True)
        if noun in _USERS and actor.identity.subject is not None:
            yield Thing(prefix, (*parents, actor.identity.subject))
        yield from self._listed(actor, prefix, parents, (parameter.name, noun))
        yield from self._put(actor, prefix, parents, parameter)
        yield from (Thing(prefix, (*parents, value)) for value in _told(parameter))

    def read_made(self, reader: Endpoint, answer: Answer) -> Any:
        """Read the id of the object that an answer tells of, as its reader takes it."""
        name = reader.path_names[-1]
        noun = noun_of(name) or singular(prefixes(reader.path)[-1].removesuffix("/{}").rpartition("/")[2])
        return read_id(answer, name, noun)

    def _producers(self, prefix: str, parameter: Parameter, noun: str) -> Iterator[tuple[Endpoint, str]]:
        for endpoint in self.surface.endpoints:
            if endpoint.method == "POST" and (link := self._link(endpoint, prefix, parameter.name)):
                yield endpoint, link
        if direct := self.find("POST", prefix.removesuffix("/{}")):
            yield direct, ""
        for endpoint in self.surface.endpoints:
            last = endpoint.path.rstrip("/").rpartition("/")[2]
            if endpoint.method == "POST" and not endpoint.path_names and singular(snake(last)) == noun:
                yield endpoint, ""

    def _link(self, endpoint: Endpoint, prefix: str, name: str) -> str:
        for status, response in endpoint.responses.items():
            for link in response.get("links", {}).values() if status.startswith("2") else ():
                target = next(
                    (each for each in self.surface.endpoints if each.id == link.get("operationId")), None
                )
                if target and prefix in prefixes(target.path)[-1:] and name in link.get("parameters", {}):
                    return str(link["parameters"][name])
        return ""

    def _produce(self, endpoint: Endpoint, actor: Actor, values: tuple[Any, ...]) -> Answer | None:
        if not (endpoint.is_safe or self.client.may_write):
            return None
        request = self.build(endpoint, actor, values if endpoint.path_names else None)
        answer = self.call(endpoint, actor, request) if request else None
        if answer and not answer.succeeded and endpoint.id not in self.variants:
            self.variants[endpoint.id] = {"full": False}
            request = self.build(endpoint, actor, values if endpoint.path_names else None)
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
            if (found := read_id(Answer(200, {}, _dump(item)), *names)) is not None:
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

    def _look_up(self, actor: Actor, name: str, schema: Schema) -> Any:
        """Give what a member's name stands for: one of the caller's objects, or the caller."""
        noun, plain = singular(noun_of(name)), snake(name)
        is_reference = plain in {"ids", "id"} or (bool(noun) and plain not in {noun, noun_of(name)})
        if not is_reference or schema.get("type") in {"array", "object", "boolean"}:
            return ...
        prefix = self._collection_of(actor, noun) or self._collection_of(
            actor, noun.rpartition("_")[2] or "-"
        )
        if prefix is None or (noun in _USERS and not self.find("POST", prefix.removesuffix("/{}"))):
            is_user = noun in _USERS and actor.identity.subject is not None
            return actor.identity.subject if is_user else ...
        used = list(actor.used)
        thing = self._obtain(
            actor, prefix, (), Parameter(name, "path", required=True, schema=schema), fresh=False
        )
        actor.used[:] = [*used, prefix]
        actor.named[name] = prefix
        return thing.values[-1] if thing else ...

    def _collection_of(self, actor: Actor, noun: str) -> str | None:
        """Find the collection that a noun names; without one, that which the path speaks of.

        Where no path holds an id of it, the operation that makes its objects stands for it.
        """
        path = actor.focus.path if actor.focus else ""
        nouns = [noun] if noun else [singular(snake(each)) for each in reversed(path.split("/")) if each]
        shapes = [shape for each in self.surface.endpoints for shape in prefixes(each.path)]
        flat = [shape for shape in shapes if shape.count("{}") == 1]
        last = {_noun_at(shape): shape for shape in reversed(flat)}
        for each in nouns:
            if each in last:
                return last[each]
            if maker := self._maker_of(each, actor.focus):
                return f"{maker.path}/{{}}"
        return flat[0] if flat and not noun else None

    def _maker_of(self, noun: str, focus: Endpoint | None) -> Endpoint | None:
        for each in self.surface.endpoints:
            words = [singular(snake(word)) for word in each.path.strip("/").split("/")]
            is_making = words[-1] == noun or (words[-1] in _MAKING and noun in words)
            if each.method == "POST" and not each.path_names and is_making and each is not focus:
                return each
        return None


def _noun_at(shape: str) -> str:
    return singular(snake(shape.removesuffix("/{}").rpartition("/")[2]))


def fill(path: str, values: tuple[Any, ...]) -> str:
    """Put values into the template of a path; those that lack stay empty."""
    pending = iter(values)
    return _PARAMETER.sub(lambda _: encode_segment(next(pending, "")), path)


def encode_body(value: Any, media: str) -> bytes:
    """Write a body in its media type."""
    plain = media.partition(";")[0].strip().lower()
    if plain == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode({key: as_text(each) for key, each in value.items()}).encode()
    if plain.endswith("json") or not isinstance(value, str):
        return _dump(value)
    return value.encode()


def _told(parameter: Parameter) -> list[Any]:
    values = [parameter.example] if parameter.example is not ... else []
    values += [parameter.schema["default"]] if "default" in parameter.schema else []
    return [*values, *parameter.schema.get("enum", ())]


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()
