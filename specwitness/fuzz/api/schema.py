"""Schemas of a contract, resolved: references, `allOf`, alternatives and types."""

from __future__ import annotations

from typing import Any

from specwitness.openapi.references import dereference

Schema = dict[str, Any]
_COMBINATORS = ("oneOf", "anyOf")
_DEEPEST = 8


def resolve(schema: Any, document: dict[str, Any], depth: int = 0) -> Schema:
    """Resolve `$ref`, `allOf`, `oneOf` and `anyOf` on the first level of a schema.

    Of alternatives, the first one that is not null is merged in. A value that is no schema gives `{}`.
    """
    found = dereference(schema, document)
    if not isinstance(found, dict) or depth > _DEEPEST:
        return {}
    merged = {key: value for key, value in found.items() if key not in {"allOf", *_COMBINATORS}}
    for part in found.get("allOf", ()):
        merged = _merge(merged, resolve(part, document, depth + 1))
    for name in _COMBINATORS:
        parts = [resolve(part, document, depth + 1) for part in found.get(name, ())]
        chosen = next((part for part in parts if part.get("type") != "null"), None)
        if chosen is not None:
            merged = _merge(merged, chosen)
    return merged


def type_of(schema: Schema) -> str | None:
    """Give the type of a resolved schema: `["string", "null"]` -> `string`; None if it has no type."""
    declared = schema.get("type")
    if isinstance(declared, list):
        return next((value for value in declared if value != "null"), None)
    if declared is None and "properties" in schema:
        return "object"
    return declared if isinstance(declared, str) else None


def _merge(one: Schema, other: Schema) -> Schema:
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *other["required"]]
    return merged
