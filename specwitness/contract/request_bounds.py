"""Finds strings, integers and arrays of requests without bounds (OWASP API4:2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.contract.schema_changes import read_members
from specwitness.contract.schema_differences import Place
from specwitness.contract.schemas import JsonObject, canonical, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.sides import Side
    from specwitness.openapi.references import Pointer

Unbounded = tuple[Place, str]

# Strings of these formats have a limited length.
_SHORT_FORMATS = frozenset({"date", "date-time", "duration", "ipv4", "ipv6", "time", "uuid"})
_INTEGER_FORMATS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
_INNER = {"additionalProperties": ".*", "contains": " contains", "items": "[]", "unevaluatedProperties": ".*"}


def find_unbounded(side: Side, pointer: Pointer, operation: JsonObject) -> Iterator[Unbounded]:
    """Find the unbounded parts of the parameters and the body of an operation."""
    for (where, name), parameter in side.read_parameters(pointer[1], operation).items():
        place = Place((*parameter.find_pointer(pointer), "schema"), f"{where} {name}")
        yield from _find(side.read_schema(parameter.value), side, place, frozenset())
    body = side.get(operation, "requestBody")
    for key, schema in (side.read_content(body) if body else {}).values():
        place = Place((*pointer, "requestBody", "content", key, "schema"), "body $")
        yield from _find(schema, side, place, frozenset())


def _find(schema: Any, side: Side, place: Place, above: frozenset[str]) -> Iterator[Unbounded]:
    key = canonical(schema)
    form = flatten(schema, side.document)
    if key in above or form.get("readOnly"):
        return
    above |= {key}
    if "enum" not in form:
        yield from ((place, text) for text in _find_missing(form))
    for name, inner in form.get("properties", {}).items():
        yield from _find(inner, side, place.below("properties", name, label=f".{name}"), above)
    for keyword, label in _INNER.items():
        if isinstance(form.get(keyword), dict):
            yield from _find(form[keyword], side, place.below(keyword, label=label), above)
    for index, inner in enumerate(form.get("prefixItems", ())):
        yield from _find(inner, side, place.below("prefixItems", str(index), label=f"[{index}]"), above)
    for inner in read_members(form) or ():
        # Keywords beside `anyOf` hold for each of its alternatives.
        shared = {name: value for name, value in form.items() if name not in {"anyOf", "oneOf", "properties"}}
        both = {"allOf": [inner, shared]} if shared else inner
        yield from _find(both, side, place, above)


def _find_missing(form: JsonObject) -> Iterator[str]:
    types = set(form.get("type", ()))
    if "string" in types and "maxLength" not in form and form.get("format") not in _SHORT_FORMATS:
        yield "a string without maxLength"
    if "integer" in types and form.get("format") not in _INTEGER_FORMATS:
        for side, bounds in (
            ("minimum", ("minimum", "exclusiveMinimum")),
            ("maximum", ("maximum", "exclusiveMaximum")),
        ):
            if not any(bound in form for bound in bounds):
                yield f"an integer without {side}"
    if "array" in types and "maxItems" not in form:
        yield "an array without maxItems"
