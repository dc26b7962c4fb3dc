"""Rewrites JSON schemas to a normal form, so that schemas that allow the same values can be compared."""

from __future__ import annotations

import json
import math
from typing import Any

from specwitness.contract.patterns import fold_pattern
from specwitness.openapi.references import follow, parse_pointer

JsonObject = dict[str, Any]

NULL = "null"  # keyword of the normal form only: null is allowed besides `type` and `enum`

_ANNOTATIONS = frozenset(
    {"$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "definitions", "deprecated"}
    | {"description", "example", "examples", "externalDocs", "summary", "title", "xml"}
)
_IDLE: dict[str, tuple[Any, ...]] = {
    "additionalProperties": (True, {}),
    "default": (None,),
    "items": (True, {}),
    "minItems": (0,),
    "minLength": (0,),
    "minProperties": (0,),
    "properties": ({},),
    "required": ([],),
    "uniqueItems": (False,),
}
_DEEPEST = 16
_CLOSING = ("additionalProperties", "unevaluatedProperties")
_ALL_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def canonical(value: Any) -> str:
    """Return the canonical text of a JSON value: 1.0 and 1 are equal, true and 1 are not."""
    return json.dumps(_canonical_numbers(value), sort_keys=True, ensure_ascii=False)


def _canonical_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _canonical_numbers(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_canonical_numbers(child) for child in value]
    return value


def normalise(schema: Any, document: JsonObject) -> JsonObject:
    """Return the normal form of a schema; schemas inside it (of properties, items) stay as written."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    form = _expand(schema, document, ())
    _fold_enum(form)
    _fold_bounds(form)
    _fold_type(form)
    if isinstance(form.get("pattern"), str):
        form["pattern"] = fold_pattern(form["pattern"])
    if isinstance(form.get("discriminator"), dict):
        form["discriminator"] = form["discriminator"].get("propertyName")
    return {key: value for key, value in form.items() if not _is_idle(key, value)}


def flatten(schema: Any, document: JsonObject, depth: int = 0) -> JsonObject:
    """Return the normal form with all of `allOf` merged.

    Conflicting keywords lose one of their values. For a comparison of two revisions this does no
    harm: both are flattened in the same way.
    """
    form = normalise(schema, document)
    # A schema can contain itself by `allOf`.
    members = form.pop("allOf", ()) if depth < _DEEPEST else ()
    for member in members:
        for key, value in flatten(member, document, depth + 1).items():
            form[key] = _join(key, form[key], value) if key in form else value
    return form


def _join(key: str, mine: Any, other: Any) -> Any:
    if key == "properties":
        both = {name: {"allOf": [mine[name], other[name]]} for name in mine if name in other}
        return {**mine, **other, **both}
    if key == "required":
        return sorted({*mine, *other})
    if key in _CLOSING and False in (mine, other):
        return False
    if key.startswith("min") or key == "exclusiveMinimum":
        return max(mine, other)
    if key.startswith("max") or key == "exclusiveMaximum":
        return min(mine, other)
    return mine


def read_types(form: JsonObject) -> set[str]:
    """Return the types that a normal form allows; `number` includes `integer`."""
    if "type" in form:
        types = set(form["type"])
    elif "enum" in form:
        types = {_type_of(value) for value in form["enum"]}
    else:
        types = set(_ALL_TYPES)
    return types | ({NULL} if form.get(NULL) else set()) | ({"integer"} if "number" in types else set())


def _type_of(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else _TYPES[type(value)]


def _is_idle(key: str, value: Any) -> bool:
    return any(type(value) is type(idle) and value == idle for idle in _IDLE.get(key, ()))


def _expand(schema: Any, document: JsonObject, seen: tuple[str, ...]) -> JsonObject:
    if not isinstance(schema, dict):
        return {} if schema is not False else {"not": {}}
    form = {
        key: value for key, value in schema.items() if key not in _ANNOTATIONS and not key.startswith("x-")
    }
    if isinstance(ref := form.get("$ref"), str):
        form = _expand_reference(form, document, (*seen, ref)) if ref not in seen else {"$ref": ref}
    if form.pop("nullable", False) is True:
        form[NULL] = True
    form = _expand_all_of(form, document, seen)
    for keyword in ("anyOf", "oneOf"):
        form = _expand_union(form, keyword, document, seen)
    return form


def _expand_reference(form: JsonObject, document: JsonObject, seen: tuple[str, ...]) -> JsonObject:
    ref = form.pop("$ref")
    try:
        target = follow(document, parse_pointer(ref)) if ref.startswith("#") else None
    except KeyError:
        target = None
    if target is None:
        return {"$ref": ref, **form}
    if not form:
        return _expand(target, document, seen)
    merged = _merge([_expand(target, document, seen), form])
    return merged if merged is not None else {"allOf": [target, form]}


def _expand_all_of(form: JsonObject, document: JsonObject, seen: tuple[str, ...]) -> JsonObject:
    members = form.get("allOf")
    if not isinstance(members, list):
        return form
    rest = {key: value for key, value in form.items() if key != "allOf"}
    merged = _merge([*(_expand(member, document, seen) for member in members), rest])
    return merged if merged is not None else form


def _expand_union(form: JsonObject, keyword: str, document: JsonObject, seen: tuple[str, ...]) -> JsonObject:
    members = form.get(keyword)
    if not isinstance(members, list):
        return form
    rest = {key: value for key, value in form.items() if key != keyword}
    others = [member for member in members if member != {"type": "null"}]
    null = {NULL: True} if len(others) < len(members) else {}
    if len(others) == 1:
        merged = _merge([_expand(others[0], document, seen), rest])
        return {**merged, **null} if merged is not None else form
    if others and all(isinstance(member, dict) and set(member) - {"title"} == {"type"} for member in others):
        types = [name for member in others for name in _as_list(member["type"])]
        return {**rest, **null, "type": types} if "type" not in rest else form
    return {**rest, **null, keyword: others}


def _merge(parts: list[JsonObject]) -> JsonObject | None:
    """Merge the members of an `allOf` into one schema; None if two keywords conflict."""
    parts = [part for part in parts if part]
    if len(parts) > 1 and any(part.get(key, True) is not True for part in parts for key in _CLOSING):
        return None
    merged: JsonObject = {}
    for part in parts:
        for key, value in part.items():
            if key not in merged or canonical(merged[key]) == canonical(value):
                merged[key] = value
            elif key == "required":
                merged[key] = [*merged[key], *value]
            elif key == "properties" and not set(merged[key]) & set(value):
                merged[key] = {**merged[key], **value}
            else:
                return None
    return merged


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fold_enum(form: JsonObject) -> None:
    if "const" in form:
        form["enum"] = [form.pop("const")]
    if isinstance(values := form.get("enum"), list):
        if None in values:
            form[NULL] = True
        form["enum"] = sorted((value for value in values if value is not None), key=canonical)
    if isinstance(names := form.get("required"), list):
        form["required"] = sorted(set(names))


def _fold_bounds(form: JsonObject) -> None:
    for bound, exclusive, step in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        limit = form.get(exclusive)
        if isinstance(limit, bool):
            del form[exclusive]
            if limit and bound in form:
                form[exclusive] = limit = form.pop(bound)
        types = {name for name in _as_list(form.get("type")) if name != "null"}
        if types == {"integer"} and isinstance(limit, int | float) and not isinstance(limit, bool):
            tight = (math.floor(limit) if step > 0 else math.ceil(limit)) + step
            del form[exclusive]
            form[bound] = (
                max(form.get(bound, tight), tight) if step > 0 else min(form.get(bound, tight), tight)
            )


def _fold_type(form: JsonObject) -> None:
    if "type" not in form:
        return
    types = set(_as_list(form.pop("type")))
    if "null" in types and types != {"null"}:
        types.discard("null")
        form[NULL] = form.get(NULL, False) or "enum" not in form
        if not form[NULL]:
            del form[NULL]
    if "number" in types:
        types.discard("integer")
    values = form.get("enum")
    is_implied = values and all(_TYPES.get(type(value)) in types for value in values)
    if not (is_implied and len({type(value) for value in values or ()}) == len(types)):
        form["type"] = sorted(types)
