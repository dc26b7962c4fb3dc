"""Builds good requests for a user, and finds or creates the objects that they name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import Endpoint, Parameter, Surface, is_choice, list_collections, list_told
from specwitness.fuzz.api.purpose import is_of_user, noun_at, noun_for
from specwitness.fuzz.api.relations import collection_by_key, collection_of, find_producers
from specwitness.fuzz.api.schema import Schema, type_of
from specwitness.fuzz.api.words import OWN_KEY_ENDINGS, USERS, noun_of, singular, snake
from specwitness.fuzz.http.message import Request, Response, as_text, fill
from specwitness.fuzz.requests.actor import Actor, Choice, StoredObject, value_from_responses
from specwitness.fuzz.requests.bodies import content_type, dump, encode_body
from specwitness.fuzz.requests.draft import Draft, Options
from specwitness.fuzz.requests.responses import find_members, id_in, list_items, read_expression, read_id
from specwitness.fuzz.requests.values import COMMON, Maker
from specwitness.fuzz.requests.versions import is_version, read_version
from specwitness.fuzz.users.credentials import authorize, find_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.http.client import Client
    from specwitness.fuzz.users.identity import Identity


@dataclass(slots=True)
class RequestBuilder:
    """Builds requests for actors, and finds or creates the objects that they need.

    Args:
        surface: The contract.
        client: The HTTP client.
        variants: The options by which the requests of an operation succeed, by the operation's id.
    """

    surface: Surface
    client: Client
    variants: dict[str, Options] = field(default_factory=dict)
    _making: set[tuple[str, str]] = field(default_factory=set)

    def actor(self, identity: Identity, seed: int) -> Actor:
        """Make an actor for an identity; the seed is part of the marker in all its texts."""
        maker = Maker(f"{identity.name}s{seed:x}{COMMON}", self.surface.document, seed)
        actor = Actor(identity, maker)
        maker.lookup = partial(self.look_up, actor)
        return actor

    def look_up(self, actor: Actor, name: str, schema: Schema, draft: Draft) -> Any:
        """Find the value of a member or parameter by its name: `category_id` -> the id of a category.

        Returns:
            The id of an object of the actor, or the actor's own for `user_id`; `...` if the name is no
            reference, such as `title`.
        """
        found = self._look_up(actor, name, schema, draft)
        is_reused = found is ... and draft.options.reuse_response_values
        return value_from_responses(actor, name, schema) if is_reused else found

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
            stored = self.obtain(endpoint, actor, fresh=fresh) if endpoint.path_names else None
            if endpoint.path_names and stored is None:
                return None
            values = stored.values if stored else ()
            # A deletion must not delete the caller's own account.
            if endpoint.method == "DELETE" and self._is_self(endpoint, actor, values):
                return None
        path = fill(endpoint.path, values)
        draft = Draft(endpoint, values, self.variants.get(endpoint.id, Options()))
        query, headers = self._parameters(endpoint, actor, draft)
        body = self._make_body(endpoint, actor, draft)
        actor.used, actor.named = draft.used, draft.named
        if body is not None:
            headers = (*headers, ("Content-Type", content_type(endpoint)))
        return Request(endpoint.method, path, query, headers, body)

    def _is_self(self, endpoint: Endpoint, actor: Actor, values: tuple[Any, ...]) -> bool:
        """Tell whether the last value of a path is the caller's own id or handle: `/users/alice`."""
        if not endpoint.names_object:
            return False
        name, shape = endpoint.path_names[-1], endpoint.last_collection
        is_user = is_of_user(name, shape) and endpoint.path.endswith("}")
        own_names = {actor.identity.subject, actor.handle_for(name)} - {None}
        return is_user and as_text(values[-1]) in map(as_text, own_names)

    def _parameters(
        self, endpoint: Endpoint, actor: Actor, draft: Draft
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        query: list[tuple[str, str]] = []
        headers: list[tuple[str, str]] = []
        for parameter in endpoint.parameters:
            is_asked = draft.options.query and parameter.location == "query"
            is_wanted = parameter.required or is_asked or is_version(parameter.name)
            if parameter.location == "path" or not is_wanted:
                continue
            known = actor.maker.lookup(parameter.name, parameter.schema, draft)
            if known is ... and is_version(parameter.name) and not parameter.required:
                continue
            example = known if known is not ... else parameter.example
            value = (
                example if example is not ... else actor.maker.make(parameter.schema, parameter.name, draft)
            )
            items = value if isinstance(value, list) else [value]
            if parameter.location == "query":
                query += [(parameter.name, as_text(item)) for item in items]
            elif parameter.location == "header":
                headers.append((parameter.name, as_text(value)))
            else:
                headers.append(("Cookie", f"{parameter.name}={as_text(value)}"))
        return tuple(query), tuple(headers)

    def _make_body(self, endpoint: Endpoint, actor: Actor, draft: Draft) -> bytes | None:
        media, example = endpoint.media, draft.options.example
        if media is None:
            return None
        if example is not None and example < len(endpoint.body_examples):
            return encode_body(endpoint.body_examples[example], endpoint)
        return encode_body(actor.maker.make(endpoint.bodies[media], "", draft), endpoint)

    def _read_current(self, reader: Endpoint, actor: Actor, draft: Draft) -> Response | None:
        """Read the object that a draft changes, as its owner."""
        owner = actor.owner or actor
        request = self.build(reader, owner, draft.path_values[: len(reader.path_names)])
        return self.call(reader, owner, request) if request else None

    def _look_up(self, actor: Actor, name: str, schema: Schema, draft: Draft) -> Any:
        read = partial(self._read_current, actor=actor, draft=draft)
        if (version := read_version(self.surface, draft.operation, name, read)) is not ...:
            return version
        noun, snake_name = noun_of(name), snake(name)
        by_key = collection_by_key(self.surface, snake_name)
        is_reference = snake_name in {"ids", "id"} or (bool(noun) and snake_name != noun)
        is_reference = is_reference or (
            by_key is not None and (snake_name != singular(snake_name) or "_" in snake_name)
        )
        if not is_reference or type_of(schema) in {"array", "object", "boolean"}:
            return ...
        prefix = (
            collection_of(self.surface, draft.operation, noun)
            or collection_of(self.surface, draft.operation, noun.rpartition("_")[2] or "-")
            or by_key
        )
        if prefix is None or (noun in USERS and not self.find("POST", prefix.removesuffix("/{}"))):
            return actor.subject_as(schema) if noun in USERS else ...
        collection_path = draft.operation.shape if draft.operation else ""
        if (snake_name.endswith(tuple(OWN_KEY_ENDINGS)) or prefix == by_key) and prefix in {
            collection_path,
            f"{collection_path}/{{}}",
        }:
            return ...
        # A response holds a key under the name that it has in paths: `sku`.
        key = self._key_of(prefix) if prefix == by_key else name
        parameter = Parameter(key, "path", required=True, schema=schema)
        stored = self._obtain_named(actor, prefix, parameter)
        above = draft.operation.collections if draft.operation else ()
        is_taken = prefix in above or any(
            other == prefix for member, other in draft.named.items() if member != name
        )
        if stored and is_taken and actor.owner is None:
            stored = self._obtain_alternate(actor, stored, parameter)
        draft.used.append(prefix)
        draft.named[name] = prefix
        return stored.values[-1] if stored else ...

    def _key_of(self, prefix: str) -> str:
        candidates = (operation for operation in self.surface.endpoints if prefix in operation.collections)
        endpoint = next(candidates)
        return endpoint.path_names[endpoint.collections.index(prefix)]

    def _obtain_named(self, actor: Actor, prefix: str, parameter: Parameter) -> StoredObject | None:
        """Find or create an object that a member names, and its parents."""
        if prefix.count("{}") == 1 or (actor.owner and prefix in actor.objects):
            known = actor.objects.get(prefix) if actor.owner else None
            return known or self._obtain(actor, prefix, (), parameter, fresh=False)
        endpoint = next(
            operation for operation in self.surface.endpoints if prefix in operation.collections[-1:]
        )
        return self.obtain(endpoint, actor)

    def find(self, method: str, shape: str) -> Endpoint | None:
        """Find an operation by method and path, whatever its parameters are called."""
        return self.surface.find(method, shape)

    def call(self, endpoint: Endpoint, actor: Actor, request: Request) -> Response:
        """Send a request with an actor's credentials."""
        return self.client.send(self.sign(endpoint, actor, request))

    def sign(self, endpoint: Endpoint, actor: Actor, request: Request) -> Request:
        """Copy a request with an actor's credentials; unchanged if the actor has none for the operation."""
        alternatives = find_credentials(endpoint, self.surface, actor.identity)
        return authorize(request, alternatives[0]) if alternatives else request

    def obtain_parents(self, endpoint: Endpoint, actor: Actor) -> tuple[Any, ...] | None:
        """Find or create the parents of the object that an operation's path names.

        Returns:
            Their path values, without the last one; None if one of them cannot be created.
        """
        values: tuple[Any, ...] = ()
        for prefix, name in list(zip(endpoint.collections, endpoint.path_names, strict=True))[:-1]:
            stored = self._obtain(actor, prefix, values, endpoint.parameter(name, "path"), fresh=False)
            if stored is None:
                return None
            values = stored.values
        return values

    def obtain(self, endpoint: Endpoint, actor: Actor, *, fresh: bool = False) -> StoredObject | None:
        """Find or create the object that an operation's path names.

        Args:
            endpoint: The operation; its path has at least one parameter.
            actor: The owner.
            fresh: Whether a new object is needed, as for a deletion.

        Returns:
            The object; None if there is none and none can be created.
        """
        last = len(endpoint.path_names) - 1
        stored = self._walk(endpoint, actor, last if fresh else None)
        if stored is None and fresh and last > 0:
            # An object that is created with its parent, such as an order's item, needs a new parent.
            stored = self._walk(endpoint, actor, last - 1)
        return stored

    def _walk(self, endpoint: Endpoint, actor: Actor, fresh: int | None) -> StoredObject | None:
        """Obtain the objects of a path from left to right; the one at the index `fresh` is a new one."""
        stored: StoredObject | None = None
        for index, (prefix, name) in enumerate(zip(endpoint.collections, endpoint.path_names, strict=True)):
            parameter = endpoint.parameter(name, "path")
            parents = stored.values if stored else ()
            stored = self._obtain(actor, prefix, parents, parameter, fresh=index == fresh)
            if stored is None:
                return None
        return stored

    def _obtain(
        self,
        actor: Actor,
        prefix: str,
        parents: tuple[Any, ...],
        parameter: Parameter | None,
        *,
        fresh: bool,
    ) -> StoredObject | None:
        known = actor.objects.get(prefix)
        if known is not None and not fresh and known.values[:-1] == parents:
            return known
        key = (actor.name, prefix)
        if key in self._making or parameter is None:
            return known
        self._making.add(key)
        try:
            find = self._choices if is_choice(parameter) else self._sources
            caller_objects = self._find_self(actor, prefix, parents, parameter)
            for stored in (
                caller_objects if caller_objects and not fresh else find(actor, prefix, parents, parameter)
            ):
                if fresh and stored.is_embedded and known is not None and stored.values == known.values:
                    continue
                # `POST /users` for a test of `DELETE /users/{id}` creates an account: it is not the caller.
                if not (caller_objects and fresh and known is not None):
                    actor.objects[prefix] = stored
                if stored.is_created and not isinstance(stored.values[-1], Choice):
                    actor.owned.append(stored)
                return stored
        finally:
            self._making.discard(key)
        return None if fresh else known

    def _find_self(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> list[StoredObject]:
        """Give the caller as the object of `/users/{id}`, if only a public sign-up creates users."""
        noun = noun_for(parameter.name, prefix)
        maker = self.find("POST", prefix.removesuffix("/{}"))
        if not is_of_user(parameter.name, prefix) or (maker is not None and maker.is_protected):
            return []
        handle = actor.handle_for(parameter.name)
        name = handle if handle is not None or noun not in USERS else actor.identity.subject
        return [StoredObject(prefix, (*parents, name))] if name is not None else []

    def _sources(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[StoredObject]:
        """Find an object in every way, in this order.

        Created by POST, contained in its parent, the user, listed by GET, created by PUT, an example of
        the contract.
        """
        noun = noun_for(parameter.name, prefix)
        for producer, expression in find_producers(self.surface, prefix, parameter, noun):
            is_above = all(prefix.startswith(collection) for collection in producer.collections)
            values = parents[: len(producer.path_names)] if producer.path_names and is_above else None
            if (response := self._produce(producer, actor, values)) and response.succeeded:
                linked_id = read_expression(expression, response) if expression else None
                object_id = linked_id if linked_id is not None else read_id(response, parameter.name, noun)
                if object_id is not None:
                    # `POST /coupons/check` responds with the code of the contract: it created no coupon.
                    from_contract = _tells(producer, object_id)
                    yield StoredObject(
                        prefix,
                        (*parents, object_id),
                        response,
                        is_created=not from_contract,
                        from_contract=from_contract,
                    )
        yield from self._embedded(actor, prefix, parents, (parameter.name, noun))
        if noun in USERS and actor.identity.subject is not None:
            yield StoredObject(prefix, (*parents, actor.identity.subject))
        yield from self._listed(actor, prefix, parents, (parameter.name, noun))
        yield from self._put(actor, prefix, parents, parameter)
        yield from (
            StoredObject(prefix, (*parents, value), from_contract=True) for value in list_told(parameter)
        )

    def _choices(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[StoredObject]:
        """Find objects whose path value is from an enumeration: `/settings/{theme | locale}`.

        Created by PUT, created by POST, and then each value of the enumeration.
        """
        for stored in self._put(actor, prefix, parents, parameter):
            yield replace(stored, values=(*parents, Choice(as_text(stored.values[-1]))))
        maker = self.find("POST", prefix.removesuffix("/{}"))
        response = self._produce(maker, actor, parents) if maker else None
        object_id = read_id(response, parameter.name, "") if response and response.succeeded else None
        if object_id is not None and as_text(object_id) in map(as_text, list_told(parameter)):
            yield StoredObject(prefix, (*parents, Choice(as_text(object_id))), response, is_created=True)
        for value in list_told(parameter):
            yield StoredObject(prefix, (*parents, Choice(as_text(value))))

    def _embedded(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], names: tuple[str, str]
    ) -> Iterator[StoredObject]:
        """Find objects in the response to the creation of their parent: the items of an order."""
        shapes = list_collections(prefix)
        parent = actor.objects.get(shapes[-2]) if len(shapes) > 1 else None
        if parent is None or parent.response is None or parent.values != parents:
            return
        for holder in find_members(parent.response.json(), noun_at(prefix)):
            if (object_id := id_in(holder, *names)) is not None:
                yield StoredObject(
                    prefix, (*parents, object_id), is_created=parent.is_created, is_embedded=True
                )

    def read_made(self, reader: Endpoint, response: Response) -> Any:
        """Read the id of a new object from a response, for the path of the operation that reads it.

        Returns:
            The id; None if the response has none.
        """
        name = reader.path_names[-1]
        return read_id(response, name, noun_for(name, reader.last_collection))

    def _produce(self, endpoint: Endpoint, actor: Actor, values: tuple[Any, ...] | None) -> Response | None:
        if not (endpoint.is_safe or self.client.may_write):
            return None
        request = self.build(endpoint, actor, values)
        response = self.call(endpoint, actor, request) if request else None
        if response and not response.succeeded and endpoint.id not in self.variants:
            self.variants[endpoint.id] = Options(full=False)
            request = self.build(endpoint, actor, values)
            response = self.call(endpoint, actor, request) if request else None
            if not (response and response.succeeded):
                del self.variants[endpoint.id]
        if response and response.succeeded:
            actor.responses.setdefault(endpoint.id, response)
        return response

    def _listed(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], names: tuple[str, str]
    ) -> Iterator[StoredObject]:
        endpoint = self.find("GET", prefix.removesuffix("/{}"))
        request = self.build(endpoint, actor, parents) if endpoint else None
        if endpoint is None or request is None:
            return
        response = self.call(endpoint, actor, request)
        for item in list_items(response.json()) if response.succeeded else ():
            if (object_id := read_id(Response(200, {}, dump(item)), *names)) is not None:
                yield StoredObject(prefix, (*parents, object_id))

    def _put(
        self, actor: Actor, prefix: str, parents: tuple[Any, ...], parameter: Parameter
    ) -> Iterator[StoredObject]:
        endpoint = self.find("PUT", prefix)
        if endpoint is None:
            return
        value = actor.maker.make(parameter.schema)
        request = self.build(endpoint, actor, (*parents, value))
        if request and (response := self.call(endpoint, actor, request)).succeeded:
            yield StoredObject(prefix, (*parents, value), response, is_created=True)

    def _obtain_alternate(self, actor: Actor, first: StoredObject, parameter: Parameter) -> StoredObject:
        """Find or create a second object of a collection: a transfer needs two accounts."""
        known = actor.alternates.get(first.prefix)
        if known is None or known.values == first.values:
            known = self._obtain(actor, first.prefix, first.values[:-1], parameter, fresh=True) or first
            actor.objects[first.prefix] = first
            actor.alternates[first.prefix] = known
        return known


def _tells(endpoint: Endpoint, value: Any) -> bool:
    """Tell whether a value is in the contract's body, as an example or constant: the coupon code `SUMMER`."""
    text = json.dumps(value)
    return text in json.dumps([endpoint.body_schema, endpoint.body_examples], default=str)
