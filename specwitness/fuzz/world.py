"""The users' world: how good requests are built, and what the names in them mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.bodies import content_type, encode_body
from specwitness.fuzz.extraction import (
    noun_of,
    singular,
    snake,
)
from specwitness.fuzz.names import USERS, collection_by_key, collection_of, names_object, noun_at, noun_for
from specwitness.fuzz.stock import Stock
from specwitness.fuzz.surface import Parameter, type_of
from specwitness.fuzz.things import Actor, Thing, borrow, fill, prefixes
from specwitness.fuzz.values import COMMON, Maker
from specwitness.fuzz.versions import is_version, read_version
from specwitness.fuzz.wire import Answer, Request, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.identity import Identity
    from specwitness.fuzz.surface import Endpoint, Schema

# What an object is called: where it is made or changed, a member with such a name is its own.
_NAMING = ("_name", "_code", "_number", "_slug", "_key")


@dataclass(slots=True)
class World(Stock):
    """Builds requests for actors, and finds what the names of members mean."""

    def actor(self, identity: Identity, seed: int) -> Actor:
        """Put an identity to work."""
        maker = Maker(f"{identity.name}s{seed:x}{COMMON}", self.surface.document, seed)
        actor = Actor(identity, maker)
        maker.lookup = self.lookup_of(actor)
        return actor

    def lookup_of(self, actor: Actor) -> Callable[[str, Schema], Any]:
        """Give what finds an actor's objects by the names of members."""

        def look_up(name: str, schema: Schema) -> Any:
            found = self._look_up(actor, name, schema)
            return borrow(actor, name, schema) if found is ... and actor.borrowing else found

        return look_up

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
            # Whoever is deleted by the way is another account, or nobody.
            if endpoint.method == "DELETE" and self._is_self(endpoint, actor, values):
                return None
        path = fill(endpoint.path, values)
        actor.used.clear()
        actor.named.clear()
        variant = self.variants.get(endpoint.id, {})
        before = actor.focus, actor.borrowing, actor.maker.told, actor.maker.insisting, actor.maker.plain
        actor.focus, actor.at, actor.borrowing = endpoint, values, bool(variant.get("borrowing"))
        actor.maker.told, actor.maker.insisting = bool(variant.get("told")), bool(variant.get("insisting"))
        actor.maker.plain = bool(variant.get("plain"))
        query, headers = self._parameters(endpoint, actor, full=bool(variant.get("query")))
        body = self.make_body(endpoint, actor, full=variant.get("full", True), example=variant.get("example"))
        actor.focus, actor.borrowing, actor.maker.told, actor.maker.insisting, actor.maker.plain = before
        if body is not None:
            headers = (*headers, ("Content-Type", content_type(endpoint)))
        return Request(endpoint.method, path, query, headers, body)

    def _is_self(self, endpoint: Endpoint, actor: Actor, values: tuple[Any, ...]) -> bool:
        """Tell whether a path names the caller at its end, as an object that calls make."""
        if not names_object(endpoint):
            return False
        name, shape = endpoint.path_names[-1], prefixes(endpoint.path)[-1]
        is_user = bool({noun_for(name, shape), noun_at(shape)} & USERS) and endpoint.path.endswith("}")
        own = {actor.identity.subject, actor.handle_for(name)} - {None}
        return is_user and as_text(values[-1]) in map(as_text, own)

    def _parameters(
        self, endpoint: Endpoint, actor: Actor, *, full: bool
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        query: list[tuple[str, str]] = []
        headers: list[tuple[str, str]] = []
        for each in endpoint.parameters:
            is_wanted = each.required or (full and each.location == "query") or is_version(each.name)
            if each.location == "path" or not is_wanted:
                continue
            known = actor.maker.lookup(each.name, each.schema)
            if known is ... and is_version(each.name) and not each.required:
                continue
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
            return encode_body(endpoint.body_examples[example], endpoint)
        return encode_body(actor.maker.make(endpoint.bodies[media], full=full), endpoint)

    def _read_current(self, reader: Endpoint, actor: Actor) -> Answer | None:
        """Read the object that an actor has in focus, as its owner, and leave what is in focus."""
        owner = actor.owner or actor
        used, named, focus = list(owner.used), dict(owner.named), owner.focus
        request = self.build(reader, owner, actor.at[: len(reader.path_names)])
        owner.used[:], owner.focus = used, focus
        owner.named.clear()
        owner.named.update(named)
        return self.call(reader, owner, request) if request else None

    def _look_up(self, actor: Actor, name: str, schema: Schema) -> Any:
        """Give what a member's name stands for: one of the caller's objects, or the caller."""
        if (version := read_version(self.surface, actor, name, self._read_current)) is not ...:
            return version
        noun, plain = singular(noun_of(name)), snake(name)
        by_key = collection_by_key(self.surface, plain)
        is_reference = plain in {"ids", "id"} or (bool(noun) and plain not in {noun, noun_of(name)})
        is_reference = is_reference or (by_key is not None and (plain != singular(plain) or "_" in plain))
        if not is_reference or type_of(schema) in {"array", "object", "boolean"}:
            return ...
        prefix = (
            collection_of(self.surface, actor.focus, noun)
            or collection_of(self.surface, actor.focus, noun.rpartition("_")[2] or "-")
            or by_key
        )
        if prefix is None or (noun in USERS and not self.find("POST", prefix.removesuffix("/{}"))):
            return actor.subject_as(schema) if noun in USERS else ...
        own = actor.focus.shape if actor.focus else ""
        if (plain.endswith(_NAMING) or prefix == by_key) and prefix in {own, f"{own}/{{}}"}:
            return ...
        # An answer tells a key by the name that it has in paths.
        key = self._key_of(prefix) if prefix == by_key else name
        used, parameter = list(actor.used), Parameter(key, "path", required=True, schema=schema)
        thing = self._obtain_named(actor, prefix, parameter)
        above = prefixes(actor.focus.path) if actor.focus else []
        is_taken = prefix in above or any(actor.named[each] == prefix for each in actor.named if each != name)
        if thing and is_taken and actor.owner is None:
            thing = self._obtain_second(actor, thing, parameter)
        actor.used[:] = [*used, prefix]
        actor.named[name] = prefix
        return thing.values[-1] if thing else ...

    def _key_of(self, prefix: str) -> str:
        found = (each for each in self.surface.endpoints if prefix in prefixes(each.path))
        endpoint = next(found)
        return endpoint.path_names[prefixes(endpoint.path).index(prefix)]

    def _obtain_named(self, actor: Actor, prefix: str, parameter: Parameter) -> Thing | None:
        """Find or make an object that a member names, and those above it."""
        if prefix.count("{}") == 1 or (actor.owner and prefix in actor.things):
            known = actor.things.get(prefix) if actor.owner else None
            return known or self._obtain(actor, prefix, (), parameter, fresh=False)
        endpoint = next(each for each in self.surface.endpoints if prefix in prefixes(each.path)[-1:])
        return self.obtain(endpoint, actor)
