"""Changes of single schema keywords between two revisions: types, values, bounds, defaults."""

from __future__ import annotations

from enum import Flag
from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.schemas import NULL, JsonObject, canonical, read_types

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_VALUE = 60


class Effect(Flag):
    """The direction of a change: fewer values allowed, more values allowed, or both."""

    NARROWED = 1
    WIDENED = 2
    CHANGED = 3

    @property
    def turned(self) -> Effect:
        """The opposite direction, for schemas inside `not`."""
        return {Effect.NARROWED: Effect.WIDENED, Effect.WIDENED: Effect.NARROWED}.get(self, self)


class KeywordChange(NamedTuple):
    """A change of a keyword; `topic` is its part in the code of a rule, such as `bounds`."""

    topic: str
    keyword: str
    effect: Effect
    text: str


Forms = tuple[JsonObject, JsonObject]
Bound = tuple[str, Effect, str]

_LOWER = ("minLength", "minItems", "minProperties", "minContains")
_UPPER = ("maxLength", "maxItems", "maxProperties", "maxContains")
_TEXTUAL = ("contentEncoding", "contentMediaType", "format", "pattern")
_WIDER_FORMATS = {("int32", "int64"), ("float", "double")}
_CLOSING = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_EXCLUSIVE = 1  # second part of a limit: of two equal limits, the exclusive one is tighter
_BOUNDS = frozenset(
    {*_LOWER, *_UPPER, *_TEXTUAL, "multipleOf", "uniqueItems"}
    | {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}
)
# Change elsewhere, or saying nothing of which values are admitted.
_APART = frozenset(
    {"allOf", "anyOf", "contains", "default", "discriminator", "else", "enum", "items", "not", "oneOf"}
    | {"prefixItems", "properties", "propertyNames", "readOnly", "required", "then", "type", "writeOnly"}
)


def find_keyword_changes(forms: Forms) -> Iterator[KeywordChange]:
    """List the changes of keywords that contain no schemas."""
    yield from _find_types(forms)
    yield from _find_values(forms)
    for keyword, effect, text in _find_bounds(forms):
        yield KeywordChange("bounds", keyword, effect, text)
    yield from _find_closed_objects(forms)
    yield from _find_defaults(forms)
    yield from _find_others(forms)


def have_no_common_type(forms: Forms) -> bool:
    """Return whether the two forms have no common type: then only the change of type is reported."""
    return not read_types(forms[0]) & read_types(forms[1])


def show(value: Any) -> str:
    """Return a value as text for a message, shortened if it is long."""
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _find_types(forms: Forms) -> Iterator[KeywordChange]:
    former, present = (read_types(form) for form in forms)
    if all("enum" in form for form in forms):
        # The change of the values is reported instead.
        former, present = former & {NULL}, present & {NULL}
    if gone := former - present:
        yield KeywordChange("type", "type", Effect.NARROWED, f"type {_list(gone)} is no longer allowed")
    if new := present - former:
        yield KeywordChange("type", "type", Effect.WIDENED, f"type {_list(new)} is now allowed")


def _list(types: set[str]) -> str:
    names = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(names))


def _find_values(forms: Forms) -> Iterator[KeywordChange]:
    former, present = (form.get("enum") for form in forms)
    if former is None and present is not None:
        yield KeywordChange("enum", "enum", Effect.NARROWED, f"only {_values(present)} is now allowed")
    elif former is not None and present is None:
        yield KeywordChange("enum", "enum", Effect.WIDENED, f"more than {_values(former)} is now allowed")
    elif former is not None and present is not None:
        before, after = {canonical(value) for value in former}, {canonical(value) for value in present}
        if gone := before - after:
            yield KeywordChange(
                "enum", "enum", Effect.NARROWED, f"{', '.join(sorted(gone))} is no longer allowed"
            )
        if new := after - before:
            yield KeywordChange("enum", "enum", Effect.WIDENED, f"{', '.join(sorted(new))} is now allowed")


def _values(values: list[Any]) -> str:
    return show(", ".join(canonical(value) for value in values))


def _find_bounds(forms: Forms) -> Iterator[Bound]:
    former, present = forms
    yield from _find_order(_lowest(former), _lowest(present), "minimum")
    yield from _find_order(_lowest(former, sign=-1), _lowest(present, sign=-1), "maximum", sign=-1)
    for keyword in _LOWER:
        yield from _find_order((former.get(keyword, 0), 0), (present.get(keyword, 0), 0), keyword)
    for keyword in _UPPER:
        yield from _find_order(_upper(former, keyword), _upper(present, keyword), keyword, sign=-1)
    for keyword in _TEXTUAL:
        yield from _find_replacement(keyword, (former.get(keyword), present.get(keyword)))
    yield from _find_multiples((former.get("multipleOf"), present.get("multipleOf")))
    if bool(former.get("uniqueItems")) is not bool(present.get("uniqueItems")):
        is_new = bool(present.get("uniqueItems"))
        text = "items have to be unique now" if is_new else "items may repeat now"
        yield "uniqueItems", (Effect.NARROWED if is_new else Effect.WIDENED), text


Limit = tuple[float, int]
_NO_LIMIT: Limit = (float("-inf"), 0)


def _lowest(form: JsonObject, sign: int = 1) -> Limit:
    """Return the lower limit, or with `sign=-1` the negated upper limit: a greater limit is tighter."""
    bound, exclusive = ("minimum", "exclusiveMinimum") if sign > 0 else ("maximum", "exclusiveMaximum")
    limits = [_NO_LIMIT]
    if bound in form:
        limits.append((sign * form[bound], 0))
    if exclusive in form:
        limits.append((sign * form[exclusive], _EXCLUSIVE))
    return max(limits)


def _upper(form: JsonObject, keyword: str) -> Limit:
    return (-form[keyword], 0) if keyword in form else _NO_LIMIT


def _find_order(former: Limit, present: Limit, name: str, sign: int = 1) -> Iterator[Bound]:
    if former != present:
        effect = Effect.NARROWED if present > former else Effect.WIDENED
        yield (
            name,
            effect,
            f"{name} was {_show_limit(former, sign)} and is {_show_limit(present, sign)}",
        )


def _show_limit(limit: Limit, sign: int) -> str:
    if limit[0] in {float("-inf"), float("inf")}:
        return "nothing"
    return f"{show(sign * limit[0])}{' exclusive' if limit[1] else ''}"


def _find_replacement(keyword: str, pair: tuple[Any, Any]) -> Iterator[Bound]:
    former, present = pair
    if former == present:
        return
    if former is None or pair[::-1] in _WIDER_FORMATS:
        effect = Effect.NARROWED
    elif present is None or pair in _WIDER_FORMATS:
        effect = Effect.WIDENED
    else:
        effect = Effect.CHANGED
    yield (
        keyword,
        effect,
        f"{keyword} was {show(former or 'nothing')} and is {show(present or 'nothing')}",
    )


def _find_multiples(pair: tuple[Any, Any]) -> Iterator[Bound]:
    former, present = pair
    if former == present:
        return
    if former is None or (present is not None and present % former == 0):
        effect = Effect.NARROWED
    elif present is None or former % present == 0:
        effect = Effect.WIDENED
    else:
        effect = Effect.CHANGED
    yield (
        "multipleOf",
        effect,
        f"multipleOf was {show(former or 'nothing')} and is {show(present or 'nothing')}",
    )


def _find_closed_objects(forms: Forms) -> Iterator[KeywordChange]:
    """Report objects that no longer accept unknown members; that they accept more is no breaking change."""
    for keyword in _CLOSING:
        former, present = (form.get(keyword, True) for form in forms)
        if present is False and former is not False:
            yield KeywordChange(
                "schema", keyword, Effect.NARROWED, f"{keyword} is now false: unknown members are refused"
            )
        elif isinstance(present, dict) and former is True:
            yield KeywordChange("schema", keyword, Effect.NARROWED, f"{keyword} now has a schema")
        elif isinstance(former, dict) and present is True:
            yield KeywordChange("schema", keyword, Effect.WIDENED, f"{keyword} no longer has a schema")


def _find_defaults(forms: Forms) -> Iterator[KeywordChange]:
    """Report a changed or removed default; a new default breaks no client."""
    former, present = (form.get("default") for form in forms)
    if former is not None and canonical(former) != canonical(present):
        now = "nothing" if present is None else show(present)
        yield KeywordChange("default", "default", Effect.CHANGED, f"default was {show(former)} and is {now}")


def _find_others(forms: Forms) -> Iterator[KeywordChange]:
    """Report every change of keywords whose effect is not analysed, such as `if` or `dependentRequired`."""
    former, present = forms
    for keyword in sorted((set(former) | set(present)) - _BOUNDS - _APART - {*_CLOSING, NULL}):
        if canonical(former.get(keyword)) == canonical(present.get(keyword)):
            continue
        if keyword not in former:
            yield KeywordChange("schema", keyword, Effect.NARROWED, f"{keyword} is new")
        elif keyword not in present:
            yield KeywordChange("schema", keyword, Effect.WIDENED, f"{keyword} was removed")
        else:
            yield KeywordChange("schema", keyword, Effect.CHANGED, f"{keyword} changed")
