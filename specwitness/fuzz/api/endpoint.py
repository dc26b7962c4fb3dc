"""The operations of a contract as the checks see them: inputs, responses and permitted callers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from openapi_schema_validator import OAS30Validator, OAS31Validator

from specwitness.fuzz.api.purpose import is_of_user, noun_at, noun_for
from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.fuzz.api.words import (
    ACCESS_NOUNS,
    BULK,
    CLOSING_ACCOUNT,
    DELETING,
    ENDING_ACCESS,
    EVERYBODY,
    KEEPING_DELETED,
    KEY_NOUNS,
    LOG_OUT,
    OWN,
    PRIVILEGED,
    READING,
    ROLE_EXTENSIONS,
    SWEEPING,
    USERS,
    same_noun,
    singular,
    snake,
    words_of,
)
from specwitness.openapi import Contract, Operation, bundle
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETER = re.compile(r"\{[^{}]+\}")


def list_collections(path: str) -> list[str]:
    """Give the collections of a path, from left to right: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
    shape = PARAMETER.sub("{}", path)
    return [shape[: match.end()] for match in re.finditer(r"\{\}", shape)]


def is_choice(parameter: Parameter | None) -> bool:
    """Tell whether a parameter has an enumeration or a constant: `format: csv | json`."""
    return parameter is not None and bool(parameter.schema.get("enum") or "const" in parameter.schema)


def list_told(parameter: Parameter) -> list[Any]:
    """List the values of a parameter in the contract: example, default, and enumeration or constant."""
    values = [parameter.example] if parameter.example is not ... else []
    values += [parameter.schema["default"]] if "default" in parameter.schema else []
    constant = [parameter.schema["const"]] if "const" in parameter.schema else []
    return [*values, *parameter.schema.get("enum", constant)]


_FIRST_SEGMENTS = 4  # of a path: roles stand near the root, as in `/api/v2/admin`
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in `path`, `query`, `header` or `cookie`; its example is `...` if there is none."""

    name: str
    location: str
    required: bool
    schema: Schema
    example: Any = ...


@dataclass(frozen=True)
class Surface:
    """A whole contract in one document."""

    document: dict[str, Any]
    endpoints: tuple[Endpoint, ...]

    @cached_property
    def schemes(self) -> dict[str, dict[str, Any]]:
        """The security schemes, by name."""
        found = self.document.get("components", {}).get("securitySchemes", {})
        return {name: dereference(value, self.document) for name, value in found.items()}

    def overlaps(self, method: str, path: str) -> bool:
        """Tell whether another template matches: `DELETE /notes/{id}` serves `DELETE /notes/search`."""
        concrete = _PARAMETER.sub("x", path)
        for endpoint in self.endpoints:
            if (
                endpoint.method == method
                and endpoint.path != path
                and re.fullmatch(_as_pattern(endpoint.path), concrete)
            ):
                return True
        return False

    def match(self, method: str, path: str) -> Endpoint | None:
        """Find the operation for a request; of several matches, the one with the fewest parameters."""
        found = [
            endpoint
            for endpoint in self.endpoints
            if endpoint.method == method and re.fullmatch(_as_pattern(endpoint.path), path.rstrip("/") or "/")
        ]
        return min(found, key=lambda endpoint: len(endpoint.path_names), default=None)

    @cached_property
    def _by_shape(self) -> dict[tuple[str, str], Endpoint]:
        return {(endpoint.method, endpoint.shape): endpoint for endpoint in self.endpoints}

    def find(self, method: str, shape: str) -> Endpoint | None:
        """Find an operation by method and shape, such as `GET` and `/notes/{}`."""
        return self._by_shape.get((method, shape))


@dataclass(frozen=True)
class Endpoint:
    """One operation.

    `security` lists the alternatives, each a mapping of scheme to scopes. With no alternative the
    operation is public; with an empty mapping among them credentials are optional. `bodies` maps media
    types to schemas.
    """

    operation: Operation
    document: dict[str, Any] = field(repr=False)
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Schema] = field(repr=False)
    body_examples: tuple[Any, ...]
    responses: Mapping[str, dict[str, Any]] = field(repr=False)
    security: tuple[dict[str, list[str]], ...]
    raw: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The operation's id."""
        return self.operation.id

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self.operation.method

    @property
    def path(self) -> str:
        """The template of the path."""
        return self.operation.path

    @property
    def shape(self) -> str:
        """The path with unnamed parameters: `/notes/{}`."""
        return _PARAMETER.sub("{}", self.path)

    @property
    def is_safe(self) -> bool:
        """Tell whether the method is a safe one, such as GET (RFC 9110 §9.2.1)."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    @property
    def is_protected(self) -> bool:
        """Tell whether credentials are always needed."""
        return self.operation.protected

    @property
    def is_optional(self) -> bool:
        """Tell whether credentials are accepted and not required."""
        return bool(self.security) and not all(self.security)

    @property
    def path_names(self) -> list[str]:
        """The names in the template, in order."""
        return _PARAMETER.findall(self.path)

    @cached_property
    def body_schema(self) -> Schema | None:
        """The resolved schema of the body; None if the operation has no body."""
        media = self.media
        return resolve(self.bodies[media], self.document) if media else None

    @property
    def media(self) -> str | None:
        """The media type of the body that is sent."""
        is_json = (media_type for media_type in self.bodies if media_type.partition(";")[0].endswith("json"))
        return next(is_json, next(iter(self.bodies), None))

    @cached_property
    def collections(self) -> tuple[str, ...]:
        """The collections of the path, from left to right: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
        return tuple(list_collections(self.path))

    @property
    def last_collection(self) -> str:
        """The collection of the last object in the path; empty where the path names none."""
        return self.collections[-1] if self.collections else ""

    @property
    def places(self) -> list[tuple[str, str]]:
        """Each parameter of the path with its collection: `("noteId", "/notes/{}")`."""
        return list(zip(self.path_names, self.collections, strict=True))

    @property
    def last_segment(self) -> str:
        """The last segment of the path: `POST /notes/search` has `search`."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def is_shared(self) -> bool:
        """Tell whether the contract says by `x-shared` that users see each other's objects here."""
        return bool(self.raw.get("x-shared"))

    @cached_property
    def names_object(self) -> bool:
        """Tell whether the path names an object other than the caller.

        `/users/{id}` names the caller where no operation makes users; `/notes/{id}` names a note.
        """
        places = [place for place in self.places if not is_choice(self.parameter(place[0], "path"))]
        if len(places) != 1 or noun_for(*places[0]) not in USERS:
            return bool(places)
        return self._is_posted_to(places[0][1])

    @property
    def names_user(self) -> bool:
        """Tell whether the path names a user, by the parameter or by its collection: `/users/{id}`."""
        return any(is_of_user(name, shape) for name, shape in self.places)

    @property
    def is_reading(self) -> bool:
        """Tell whether the operation only reads, by its method or its name: `POST /notes/search` reads."""
        return self.method == "GET" or (self.method == "POST" and READING.starts(self.last_segment))

    @property
    def is_deleting(self) -> bool:
        """Tell whether the operation deletes, by its method or its name.

        `POST /notes/delete` and `POST /notes/bulk-delete` delete notes; `POST /images/remove-background`
        changes an image.
        """
        if self.method == "DELETE":
            return True
        nouns = [snake(part) for part in self.path.split("/") if part and "{" not in part][:-1]
        rest = [word for word in words_of(self.last_segment) if word not in DELETING]
        is_named_so = DELETING.occurs_in(self.last_segment)
        return is_named_so and all(
            word in BULK or any(same_noun(word, noun) for noun in nouns) for word in rest
        )

    @cached_property
    def is_ending(self) -> bool:
        """Tell whether the operation may end the caller's own access or account: `POST /logout`."""
        if self.is_safe:
            return False
        if self.names_object:
            # `DELETE /sessions/{id}` ends a session, where only a login makes sessions.
            is_of_sessions = noun_at(self.last_collection) == "session"
            return is_of_sessions and not self._is_posted_to(self.last_collection)
        is_named = any(parameter.location == "query" and parameter.required for parameter in self.parameters)
        # `DELETE /me` and `DELETE /session` do, and `DELETE /basket` does not.
        is_access = (
            self.last_segment in OWN or self.last_segment in USERS or ACCESS_NOUNS.occurs_in(self.path)
        )
        is_own = self.method == "DELETE" and not is_named and not self.bodies and is_access
        # `POST /passwords` beside `/passwords/{id}` puts something into a vault, and ends no session.
        return is_own or (ENDING_ACCESS.occurs_in(self.last_segment) and not self.is_making)

    @cached_property
    def is_account_end(self) -> bool:
        """Tell whether the operation may end the caller's account: `DELETE /me`."""
        words = [part for part in self.path.strip("/").split("/") if "{" not in part]
        is_account = bool(words) and (
            words[-1] in USERS or words[-1] in OWN or CLOSING_ACCOUNT.starts(words[-1])
        )
        return is_account and self.is_ending

    @cached_property
    def is_making(self) -> bool:
        """Tell whether the operation makes objects of a collection: `POST /notes` beside `/notes/{id}`."""
        if self.method != "POST" or self.path.endswith("}"):
            return False
        made = f"{self.shape}/{{}}"
        return any(made in list_collections(path) for path in self.document["paths"])

    @property
    def shows_caller(self) -> bool:
        """Tell whether the operation shows the caller, and names nobody in its path: `GET /me`."""
        return self.method == "GET" and not self.path_names and self.last_segment in OWN

    @property
    def is_log_out(self) -> bool:
        """Tell whether the operation ends the caller's session: `POST /logout`, `DELETE /session`."""
        is_session = self.method == "DELETE" and self.last_segment.lower() == "session"
        return self.last_segment in LOG_OUT or is_session

    @property
    def is_sweeping(self) -> bool:
        """Tell whether the operation may change what belongs to many users: `POST /admin/reset`."""
        return not self.path_names and SWEEPING.occurs_in(self.operation.name)

    @property
    def is_of_keys(self) -> bool:
        """Tell whether the path speaks of keys: `/api-keys`, `/tokens`."""
        return KEY_NOUNS.occurs_in(self.path)

    def keeps_deleted(self, collection: str) -> bool:
        """Tell whether the operation may rightly show an object of a collection after its deletion.

        `/trash` and `/events/{id}/history` may show a deleted event; `/events/{id}` may not: the path
        of the collection itself says nothing of it.
        """
        base = collection.removesuffix("/{}")
        is_below = self.shape == base or self.shape.startswith(f"{base}/")
        rest = self.shape.removeprefix(base) if is_below else self.shape
        return KEEPING_DELETED.occurs_in(rest)

    @property
    def roles(self) -> set[str]:
        """The roles that the contract names for the operation, in lower case: `x-roles: [admin]`."""
        found: set[str] = set()
        for name in ROLE_EXTENSIONS:
            declared = self.raw.get(name)
            listed = declared if isinstance(declared, list) else [declared] if declared else []
            found |= {str(role).lower() for role in listed}
        return found

    @property
    def scopes(self) -> set[str]:
        """The scopes that the security requirements of the operation name."""
        return {scope for schemes in self.security for scopes in schemes.values() for scope in scopes}

    @cached_property
    def is_privileged(self) -> bool:
        """Tell whether the contract keeps the operation for some users: by role, scope, path, tag or word.

        `/admin/users` is privileged, `/staff-picks` is not: a whole segment counts, or the first
        word of a name.
        """
        if self.roles or self.raw.get("x-permissions"):
            return not any(role in EVERYBODY or role in USERS for role in self.roles)
        if any(PRIVILEGED.occurs_in(scope) for scope in self.scopes):
            return True
        segments = self.path.strip("/").split("/")[:_FIRST_SEGMENTS]
        names = [
            re.split(r"[\W_]|(?<=[a-z])(?=[A-Z])", name)[0]
            for name in (self.id, *map(str, self.raw.get("tags", ())))
        ]
        # `/operators` lists the operators of a service for everybody, unless the contract has a 403.
        if len(segments) > 1 or "403" in self.responses or singular(snake(segments[0])) == snake(segments[0]):
            names += segments
        if any(word in PRIVILEGED and word.lower() != "root" for word in names):
            return True
        prose = f"{self.raw.get('summary', '')} {self.raw.get('description', '')}"
        is_condition = re.search(r"\b(only|require\w*|needs?|must be|for)\b", prose, re.IGNORECASE)
        return bool(PRIVILEGED.occurs_in(prose) and is_condition and "403" in self.responses)

    def _is_posted_to(self, collection: str) -> bool:
        return "post" in self.document["paths"].get(collection.removesuffix("/{}"), {})

    def parameter(self, name: str, location: str) -> Parameter | None:
        """Find a parameter."""
        named = (
            parameter
            for parameter in self.parameters
            if (parameter.name, parameter.location) == (name, location)
        )
        return next(named, None)

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Tell whether a value fits a schema of the contract."""
        return not self.find_errors(schema, value)

    def find_errors(self, schema: Schema, value: Any) -> list[Any]:
        """List the errors of a value under a schema of the contract; empty if it fits."""
        kind = OAS30Validator if self.document["openapi"].startswith("3.0") else OAS31Validator
        checker = kind.FORMAT_CHECKER
        # The schema may contain `$ref`s to components of the document.
        whole = {"components": self.document.get("components", {}), "allOf": [schema]}
        return list(kind(whole, format_checker=checker).iter_errors(value))

    def response_for(self, status: int) -> dict[str, Any] | None:
        """Give the response object for a status, by `404`, `4XX` or `default`; None if undocumented."""
        for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if name in self.responses:
                return self.responses[name]
        return None

    def response_properties(self) -> dict[str, Schema]:
        """Give the documented members of 2xx responses, name to schema; those of list items too."""
        found: dict[str, Schema] = {}
        for status, response in self.responses.items():
            if status.startswith("2"):
                for media in response.get("content", {}).values():
                    found |= _collect_properties(media.get("schema", {}), self.document)
        return found


def _as_pattern(template: str) -> str:
    parts = ("[^/]+" if "{" in part else re.escape(part) for part in template.rstrip("/").split("/"))
    return "/".join(parts) or "/"


def read_surface(contract: Contract) -> Surface:
    """Read the operations of a contract into one document without external references."""
    document = bundle(contract)
    return Surface(document, tuple(_read_endpoint(operation, document) for operation in contract.operations))


def _collect_properties(schema: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Schema]:
    resolved = resolve(schema, document)
    if depth > 2:  # noqa: PLR2004  # a page, its items, an item
        return {}
    if type_of(resolved) == "array":
        return _collect_properties(resolved.get("items", {}), document, depth + 1)
    found: dict[str, Schema] = {}
    for name, value in resolved.get("properties", {}).items():
        member = resolve(value, document)
        found[name] = member
        if type_of(member) in {"array", "object"}:
            found = {**_collect_properties(member, document, depth + 1), **found}
    return found


def _read_endpoint(operation: Operation, document: dict[str, Any]) -> Endpoint:
    item = dereference(document["paths"][operation.path], document)
    raw = item[operation.method.lower()]
    request = dereference(raw.get("requestBody", {}), document)
    content = request.get("content", {})
    security = raw.get("security", document.get("security")) or []
    return Endpoint(
        operation=operation,
        document=document,
        parameters=_read_parameters([*item.get("parameters", ()), *raw.get("parameters", ())], document),
        bodies={name: media.get("schema", {}) for name, media in content.items()},
        body_examples=tuple(
            example for media in content.values() for example in _read_examples(media, document)
        ),
        responses={
            str(key): _read_response(response, document) for key, response in raw.get("responses", {}).items()
        },
        security=tuple(dict(schemes) for schemes in security),
        raw=raw,
    )


def _read_response(value: Any, document: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = dereference(value, document)
    headers = {name: dereference(item, document) for name, item in response.get("headers", {}).items()}
    return {**response, "headers": headers} if headers else response


def _read_parameters(several: list[Any], document: dict[str, Any]) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for item in several:
        value = dereference(item, document)
        media: dict[str, Any] = next(iter(value.get("content", {}).values()), {})
        schema = resolve(value.get("schema", media.get("schema", {})), document)
        examples = [*_read_examples(value, document), ...]
        key = (value["name"], value["in"])
        found[key] = Parameter(*key, bool(value.get("required")), schema, examples[0])
    return tuple(found.values())


def _read_examples(holder: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    examples = holder.get("examples", {})
    named = examples.values() if isinstance(examples, dict) else ()
    values = [
        example["value"] for reference in named if "value" in (example := dereference(reference, document))
    ]
    return [holder["example"], *values] if "example" in holder else values


_ORDER = {"POST": 0, "PUT": 2, "GET": 1, "HEAD": 1, "OPTIONS": 1, "PATCH": 2}


def in_order(endpoints: tuple[Endpoint, ...]) -> list[Endpoint]:
    """Order operations: create, read, change, delete; operations that end access or accounts come last."""
    return sorted(
        endpoints,
        key=lambda endpoint: (
            endpoint.is_ending,
            endpoint.is_account_end,
            _rank(endpoint),
            len(endpoint.path_names),
        ),
    )


def _rank(endpoint: Endpoint) -> int:
    # An action such as `POST /orders/{id}/pay` changes the object.
    if endpoint.method == "POST" and endpoint.path_names and not endpoint.path.endswith("}"):
        return 2
    return _ORDER.get(endpoint.method, 3)
