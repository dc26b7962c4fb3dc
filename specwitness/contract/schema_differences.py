"""Compares the schemas of contract and app, and describes each difference at its exact place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.schemas import NULL, JsonObject, canonical, normalise

if TYPE_CHECKING:
    from specwitness.openapi.references import Pointer

_SCHEMAS = frozenset(
    {"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"}
    | {"propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
)
_NAMED = frozenset({"dependentSchemas", "patternProperties", "properties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_LONGEST_VALUE = 80


class Difference(NamedTuple):
    """A difference, with the pointer to its place in the contract."""

    pointer: Pointer
    text: str


class Place(NamedTuple):
    """A place of the contract: its pointer, and its label in messages, such as `body $.title`."""

    pointer: Pointer
    label: str

    def below(self, *pointer: str, label: str = "") -> Place:
        """Return a place inside this one."""
        return Place((*self.pointer, *pointer), self.label + label)

    def differ(self, text: str) -> Difference:
        """Return a difference at this place."""
        return Difference(self.pointer, f"{self.label}: {text}")

    def contrast(self, what: str, ours: Any, theirs: Any) -> Difference:
        """Return a difference with both values: `contract says maxLength 80, the app says 90`."""
        return self.differ(f"contract says {_show(what, ours)}, the app says {_show('', theirs)}")


def _show(what: str, value: Any) -> str:
    if value is None:
        return f"nothing about {what}" if what else "nothing"
    text = canonical(value) if not isinstance(value, str) else value
    short = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    return f"{what} {short}".strip()


Pair = tuple[Any, Any]
Compared = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SchemaComparison:
    """Compares schemas of two documents; `$ref`s are resolved in the document of the schema."""

    ours: JsonObject
    theirs: JsonObject

    def compare(self, ours: Any, theirs: Any, place: Place, *, on_wire: bool = False) -> list[Difference]:
        """List the differences of two schemas.

        Args:
            ours: The contract's schema.
            theirs: The app's schema.
            place: The place of the contract's schema.
            on_wire: The value is sent as text (a parameter, a header), which cannot be null.
        """
        left, right = normalise(ours, self.ours), normalise(theirs, self.theirs)
        if on_wire:
            left.pop(NULL, None)
            right.pop(NULL, None)
        return self._compare_forms((left, right), place, ((id(ours), id(theirs)),))

    def _compare(self, pair: Pair, place: Place, above: Compared) -> list[Difference]:
        ids = (id(pair[0]), id(pair[1]))
        if ids in above:
            # A recursive schema: this pair is being compared already.
            return []
        forms = normalise(pair[0], self.ours), normalise(pair[1], self.theirs)
        return self._compare_forms(forms, place, (*above, ids))

    def _compare_forms(self, forms: Pair, place: Place, above: Compared) -> list[Difference]:
        left, right = forms
        found: list[Difference] = []
        for keyword in sorted(set(left) | set(right)):
            pair = (left.get(keyword), right.get(keyword))
            if keyword in _NAMED:
                found += self._compare_named(keyword, pair, place, above)
            elif keyword in _SCHEMAS and all(isinstance(side, dict) for side in pair):
                label = {"items": "[]", "additionalProperties": ".*"}.get(keyword, f" {keyword}")
                found += self._compare(pair, place.below(keyword, label=label), above)
            elif keyword in _LISTS and all(isinstance(side, list) for side in pair):
                found += self._compare_lists(keyword, pair, place, above)
            elif canonical(pair[0]) != canonical(pair[1]):
                found += _contrast(keyword, pair, place)
        return found

    def _compare_named(self, keyword: str, pair: Pair, place: Place, above: Compared) -> list[Difference]:
        ours, theirs = pair[0] or {}, pair[1] or {}
        found = []
        for name in sorted(set(ours) | set(theirs)):
            inside = place.below(keyword, name, label=f".{name}")
            if name not in theirs:
                found.append(inside.differ("only in the contract"))
            elif name not in ours:
                found.append(Place((*place.pointer, keyword), inside.label).differ("only in the app"))
            else:
                found += self._compare((ours[name], theirs[name]), inside, above)
        return found

    def _compare_lists(self, keyword: str, pair: Pair, place: Place, above: Compared) -> list[Difference]:
        ours, theirs = list(enumerate(pair[0])), list(pair[1])
        if keyword != "prefixItems":
            for numbered in tuple(ours):
                twins = (other for other in theirs if not self._compare((numbered[1], other), place, above))
                if (twin := next(twins, None)) is not None:
                    ours.remove(numbered)
                    theirs.remove(twin)
        if len(ours) != len(theirs):
            lengths = [f"of {len(side)}" for side in pair]
            return [place.below(keyword).contrast(keyword, *lengths)]
        found = []
        for (index, mine), other in zip(ours, theirs, strict=True):
            inside = place.below(keyword, str(index), label=f" {keyword}[{index}]")
            found += self._compare((mine, other), inside, above)
        return found


def _contrast(keyword: str, pair: Pair, place: Place) -> list[Difference]:
    ours, theirs = pair
    if keyword == "required":
        left, right = set(ours or ()), set(theirs or ())
        inside = place.below("required")
        return [
            *(inside.differ(f"contract requires {name}, the app does not") for name in sorted(left - right)),
            *(inside.differ(f"the app requires {name}, contract does not") for name in sorted(right - left)),
        ]
    if keyword == NULL:
        words = ("allowed", "not allowed") if ours else ("not allowed", "allowed")
        return [place.contrast("null is", *words)]
    is_single = isinstance(ours, list) and len(ours) == 1
    what = "const" if keyword == "enum" and is_single else keyword
    return [place.below(what).contrast(what, _unwrap_single(ours), _unwrap_single(theirs))]


def _unwrap_single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
