"""The operations of a contract as the checks see them: inputs, answers and who may call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from openapi_schema_validator import OAS30Validator, OAS31Validator

from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.openapi import Contract, Operation, bundle
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETER = re.compile(r"\{[^{}]+\}")


def prefixes(path: str) -> list[str]:
    """Give the collections on the way of a path: `/a/{x}/b/{y}/z` has `/a/{}` and `/a/{}/b/{}`."""
    plain = PARAMETER.sub("{}", path)
    return [plain[: match.end()] for match in re.finditer(r"\{\}", plain)]


def is_choice(parameter: Parameter | None) -> bool:
    """Tell whether a parameter takes one of a few values that the contract lists."""
    return parameter is not None and bool(parameter.schema.get("enum") or "const" in parameter.schema)


def list_told(parameter: Parameter) -> list[Any]:
    """List the values that the contract itself names for a parameter."""
    values = [parameter.example] if parameter.example is not ... else []
    values += [parameter.schema["default"]] if "default" in parameter.schema else []
    constant = [parameter.schema["const"]] if "const" in parameter.schema else []
    return [*values, *parameter.schema.get("enum", constant)]


_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `example` is `...` where the contract has none."""

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
        """Tell whether another template takes a path: `DELETE /notes/{id}` serves `DELETE /notes/search`."""
        plain = _PARAMETER.sub("x", path)
        for each in self.endpoints:
            if each.method == method and each.path != path and re.fullmatch(_as_pattern(each.path), plain):
                return True
        return False

    def match(self, method: str, path: str) -> Endpoint | None:
        """Find the operation that a request is for; of several templates that take its path, the plainest."""
        found = [
            each
            for each in self.endpoints
            if each.method == method and re.fullmatch(_as_pattern(each.path), path.rstrip("/") or "/")
        ]
        return min(found, key=lambda each: len(each.path_names), default=None)

    @cached_property
    def _by_shape(self) -> dict[tuple[str, str], Endpoint]:
        return {(each.method, each.shape): each for each in self.endpoints}

    def find(self, method: str, shape: str) -> Endpoint | None:
        """Find an operation by method and path, whatever its parameters are called."""
        return self._by_shape.get((method, shape))


@dataclass(frozen=True)
class Endpoint:
    """One operation.

    `security` are the alternatives, each a mapping of scheme to scopes; none: the operation is
    public; an empty one among them: credentials are optional. `bodies` are schemas by media type.
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
        """Tell whether the method promises to change nothing."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    @property
    def is_protected(self) -> bool:
        """Tell whether credentials are always needed."""
        return bool(self.security) and all(self.security)

    @property
    def is_optional(self) -> bool:
        """Tell whether credentials are taken but not needed."""
        return bool(self.security) and not all(self.security)

    @property
    def path_names(self) -> list[str]:
        """The names in the template, in order."""
        return _PARAMETER.findall(self.path)

    @cached_property
    def body_schema(self) -> Schema | None:
        """The schema of the JSON body, merged; None where none is taken."""
        media = self.media
        return resolve(self.bodies[media], self.document) if media else None

    @property
    def media(self) -> str | None:
        """The media type of the body that is sent."""
        is_json = (each for each in self.bodies if each.partition(";")[0].endswith("json"))
        return next(is_json, next(iter(self.bodies), None))

    def parameter(self, name: str, location: str) -> Parameter | None:
        """Find a parameter."""
        named = (each for each in self.parameters if (each.name, each.location) == (name, location))
        return next(named, None)

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Tell whether a value fits a schema of the contract."""
        return not self.find_errors(schema, value)

    def find_errors(self, schema: Schema, value: Any) -> list[Any]:
        """Find what of a value does not fit a schema."""
        kind = OAS30Validator if self.document["openapi"].startswith("3.0") else OAS31Validator
        checker = kind.FORMAT_CHECKER
        # The components come along, for the `$ref`s in the schema.
        whole = {"components": self.document.get("components", {}), "allOf": [schema]}
        return list(kind(whole, format_checker=checker).iter_errors(value))

    def response_for(self, status: int) -> dict[str, Any] | None:
        """Give what the contract says of a status; None where it does not know it."""
        for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if name in self.responses:
                return self.responses[name]
        return None

    def response_properties(self) -> dict[str, Schema]:
        """Give the members that a successful answer documents, those of single items included."""
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
    """Read a contract as the checks need it."""
    document = bundle(contract)
    return Surface(document, tuple(_read_endpoint(each, document) for each in contract.operations))


def _collect_properties(schema: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Schema]:
    resolved = resolve(schema, document)
    if depth > 2:  # noqa: PLR2004  # a page, its items, an item
        return {}
    if type_of(resolved) == "array":
        return _collect_properties(resolved.get("items", {}), document, depth + 1)
    found: dict[str, Schema] = {}
    for name, value in resolved.get("properties", {}).items():
        each = resolve(value, document)
        found[name] = each
        if type_of(each) in {"array", "object"}:
            found = {**_collect_properties(each, document, depth + 1), **found}
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
            str(key): _read_response(each, document) for key, each in raw.get("responses", {}).items()
        },
        security=tuple(dict(each) for each in security),
        raw=raw,
    )


def _read_response(value: Any, document: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = dereference(value, document)
    headers = {name: dereference(each, document) for name, each in response.get("headers", {}).items()}
    return {**response, "headers": headers} if headers else response


def _read_parameters(several: list[Any], document: dict[str, Any]) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for each in several:
        value = dereference(each, document)
        media: dict[str, Any] = next(iter(value.get("content", {}).values()), {})
        schema = resolve(value.get("schema", media.get("schema", {})), document)
        examples = [*_read_examples(value, document), ...]
        key = (value["name"], value["in"])
        found[key] = Parameter(*key, bool(value.get("required")), schema, examples[0])
    return tuple(found.values())


def _read_examples(holder: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    several = holder.get("examples", {})
    named = several.values() if isinstance(several, dict) else ()
    values = [example["value"] for each in named if "value" in (example := dereference(each, document))]
    return [holder["example"], *values] if "example" in holder else values
