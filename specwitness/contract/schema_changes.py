"""Compares the schemas of two revisions: whether a request accepts less, or a response may contain more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.keyword_changes import (
    Effect,
    Forms,
    find_keyword_changes,
    have_no_common_type,
    show,
)
from specwitness.contract.schema_differences import Place
from specwitness.contract.schemas import NULL, JsonObject, canonical, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator


class Direction(StrEnum):
    """Whether a value is sent to the service or by the service."""

    REQUEST = "request"
    RESPONSE = "response"


class SchemaChange(NamedTuple):
    """A change of a schema at its exact place; `topic` is its part in the code of a rule."""

    topic: str
    effect: Effect
    place: Place
    text: str


Compared = frozenset[tuple[str, str]]

_LABELS = {
    "contains": " contains",
    "else": " else",
    "items": "[]",
    "propertyNames": " names",
    "then": " then",
}
_CLOSING = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_UNIONS = ("anyOf", "oneOf")
_HIDDEN_BY = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}
_NOTICED = {Direction.REQUEST: Effect.NARROWED, Direction.RESPONSE: Effect.WIDENED}
_NOWHERE = Place((), "")


@dataclass(frozen=True, slots=True)
class SchemaEvolution:
    """Compares the schemas of a document with those of its successor, for one direction."""

    former: JsonObject
    present: JsonObject
    direction: Direction

    def compare(
        self, former: Any, present: Any, place: Place, *, on_wire: bool = False
    ) -> list[SchemaChange]:
        """List the changes that break clients.

        Args:
            former: The older schema.
            present: Its successor.
            place: The place of the successor.
            on_wire: The value is sent as text (a parameter, a header), which cannot be null.
        """
        forms = flatten(former, self.former), flatten(present, self.present)
        if on_wire:
            for form in forms:
                form.pop(NULL, None)
        above: Compared = frozenset({(canonical(former), canonical(present))})
        noticed = _NOTICED[self.direction]
        return [change for change in self._compare_forms(forms, place, above) if change.effect & noticed]

    def _compare(self, former: Any, present: Any, place: Place, above: Compared) -> list[SchemaChange]:
        key = canonical(former), canonical(present)
        if key in above:
            # A recursive schema: this pair is being compared already.
            return []
        forms = flatten(former, self.former), flatten(present, self.present)
        return self._compare_forms(forms, place, above | {key})

    def _compare_forms(self, forms: Forms, place: Place, above: Compared) -> list[SchemaChange]:
        if (members := _read_one_sided(forms)) is not None:
            return self._compare_members(members, place, above)
        changes = [
            SchemaChange(change.topic, change.effect, place.below(change.keyword), change.text)
            for change in find_keyword_changes(forms)
        ]
        if have_no_common_type(forms):
            return [change for change in changes if change.topic == "type"]
        return [
            *changes,
            *self._compare_objects(forms, place, above),
            *self._compare_inner(forms, place, above),
            *self._compare_negation(forms, place, above),
            *self._compare_unions(forms, place, above),
        ]

    def _compare_objects(self, forms: Forms, place: Place, above: Compared) -> Iterator[SchemaChange]:
        former = self._read_visible(forms[0], self.former)
        present = self._read_visible(forms[1], self.present)
        was_required = self._read_required(forms[0], self.former)
        is_required = self._read_required(forms[1], self.present)
        for name in sorted(set(former) | was_required | is_required):
            inside = place.below("properties", name, label=f".{name}")
            if name in former and name not in present:
                if self._is_relied_on(former[name], is_required=name in was_required):
                    yield SchemaChange(
                        "property-removed", Effect.CHANGED, inside, "this property was removed"
                    )
                continue
            if name in is_required - was_required:
                yield SchemaChange("property-required", Effect.NARROWED, inside, "is now required")
            elif name in was_required - is_required:
                yield SchemaChange(
                    "property-optional", Effect.WIDENED, inside, "was required and may now be absent"
                )
            if name in former:
                yield from self._compare(former[name], present[name], inside, above)

    def _read_visible(self, form: JsonObject, document: JsonObject) -> dict[str, Any]:
        """Return the properties that are sent in this direction, without readOnly or writeOnly ones."""
        properties: dict[str, Any] = form.get("properties", {})
        mark = _HIDDEN_BY[self.direction]
        return {
            name: schema for name, schema in properties.items() if not flatten(schema, document).get(mark)
        }

    def _read_required(self, form: JsonObject, document: JsonObject) -> set[str]:
        hidden = set(form.get("properties", {})) - set(self._read_visible(form, document))
        return set(form.get("required", ())) - hidden

    def _is_relied_on(self, schema: Any, *, is_required: bool) -> bool:
        if self.direction is Direction.REQUEST:
            return True
        return is_required or bool(flatten(schema, self.former).get("readOnly"))

    def _compare_inner(self, forms: Forms, place: Place, above: Compared) -> Iterator[SchemaChange]:
        for keyword, label in _LABELS.items():
            if any(keyword in form for form in forms):
                pair = forms[0].get(keyword, True), forms[1].get(keyword, True)
                yield from self._compare(*pair, place.below(keyword, label=label), above)
        for keyword in _CLOSING:
            pair = forms[0].get(keyword), forms[1].get(keyword)
            if all(isinstance(side, dict) for side in pair):
                yield from self._compare(*pair, place.below(keyword, label=".*"), above)
        former, present = (form.get("prefixItems", ()) for form in forms)
        for index, pair in enumerate(zip_longest(former, present, fillvalue=True)):
            inside = place.below("prefixItems", str(index), label=f"[{index}]")
            yield from self._compare(*pair, inside, above)

    def _compare_negation(self, forms: Forms, place: Place, above: Compared) -> list[SchemaChange]:
        if "not" not in forms[0] and "not" not in forms[1]:
            return []
        inside = place.below("not", label=" not")
        if "not" not in forms[0]:
            return [SchemaChange("schema", Effect.NARROWED, inside, "this exclusion is new")]
        if "not" not in forms[1]:
            return [SchemaChange("schema", Effect.WIDENED, inside, "this exclusion was removed")]
        found = self._compare(forms[0]["not"], forms[1]["not"], inside, above)
        return [change._replace(effect=change.effect.turned) for change in found]

    def _compare_unions(self, forms: Forms, place: Place, above: Compared) -> list[SchemaChange]:
        former, present = (read_members(form) for form in forms)
        if former is None and present is None:
            return []
        if former is None or present is None:
            effect = Effect.WIDENED if present is None else Effect.NARROWED
            return [
                SchemaChange(
                    "schema", effect, place, f"these alternatives {'were removed' if former else 'are new'}"
                )
            ]
        return self._compare_members((former, present), place, above)

    def _compare_members(
        self, members: tuple[list[Any], list[Any]], place: Place, above: Compared
    ) -> list[SchemaChange]:
        former, present = members
        losses = [
            member for member in former if not self._is_allowed(member, present, Effect.NARROWED, above)
        ]
        gains = [new for new in present if not self._is_allowed(new, former, Effect.WIDENED, above)]
        if len(losses) == len(gains) == 1 and (inside := self._compare(losses[0], gains[0], place, above)):
            # The change inside one member is a better message than "removed and added".
            return inside
        removed = [f"{show(old)} is no longer allowed" for old in losses]
        added = [f"{show(new)} is now allowed" for new in gains]
        return [
            *(SchemaChange("type", Effect.NARROWED, place, text) for text in removed),
            *(SchemaChange("type", Effect.WIDENED, place, text) for text in added),
        ]

    def _is_allowed(self, member: Any, others: list[Any], effect: Effect, above: Compared) -> bool:
        """Return whether one member of the other side allows all values that this one allows."""
        for other in others:
            pair = (member, other) if effect is Effect.NARROWED else (other, member)
            if not any(change.effect & effect for change in self._compare(*pair, _NOWHERE, above)):
                return True
        return False


def read_members(form: JsonObject) -> list[Any] | None:
    """Return the alternatives of a schema, from `anyOf` or `oneOf`; None if it has none."""
    return next((form[keyword] for keyword in _UNIONS if isinstance(form.get(keyword), list)), None)


def _read_one_sided(forms: Forms) -> tuple[list[Any], list[Any]] | None:
    """Treat a schema that became one of several alternatives (or the reverse) as two lists.

    `{type: string}` that became `{anyOf: [{type: string}, {type: integer}]}` is such a change. The
    side with the union must have no other keyword.
    """
    former, present = (read_members(form) for form in forms)
    if former is not None and present is None and len(forms[0]) == 1 and forms[1]:
        return former, [forms[1]]
    if present is not None and former is None and len(forms[1]) == 1 and forms[0]:
        return [forms[0]], present
    return None
