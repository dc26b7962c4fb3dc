"""Compares one operation of contract and app: security, parameters, body, responses, callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specwitness.contract.calls import find_callbacks
from specwitness.contract.links import compare_links
from specwitness.contract.schema_differences import Difference, Place, SchemaComparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.calls import Calls
    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import LocatedParameter, Side

Content = dict[str, tuple[str, Any]]
Described = tuple[Any, "JsonObject"]


@dataclass(frozen=True, slots=True)
class OperationComparison:
    """Compares the operation at `place` of the contract with the one in the generated schema.

    `is_outgoing` marks a callback or webhook: the security of the whole document does not hold for it.
    """

    ours: Side
    theirs: Side
    place: Place
    is_outgoing: bool = False

    @property
    def _schemas(self) -> SchemaComparison:
        return SchemaComparison(self.ours.document, self.theirs.document)

    def compare(self, ours: Described, theirs: Described) -> list[Difference]:
        """List all differences; each side is a path item and its operation."""
        (item, mine), (other_item, other) = ours, theirs
        return [
            *self._compare_identity(mine, other, self.place),
            *self._compare_parameters(
                self.ours.read_parameters_of(item, mine),
                self.theirs.read_parameters_of(other_item, other),
            ),
            *self._compare_body(mine, other, self.place),
            *self._compare_responses(mine, other, self.place),
            *self.compare_calls(
                find_callbacks(self.ours, mine, self.place.pointer),
                find_callbacks(self.theirs, other, self.place.pointer),
            ),
        ]

    def compare_calls(self, ours: Calls, theirs: Calls) -> Iterator[Difference]:
        """List the differences of callbacks, or of webhooks."""
        for key in sorted(set(ours) | set(theirs)):
            label = f"{self.place.label} {(ours.get(key) or theirs[key]).label}".strip()
            if key not in theirs:
                yield Place(ours[key].pointer, label).differ("only in the contract")
            elif key not in ours:
                yield Place(self.place.pointer, label).differ("only in the app")
            else:
                mine, other = ours[key], theirs[key]
                inner = OperationComparison(
                    self.ours, self.theirs, Place(mine.pointer, label), is_outgoing=True
                )
                yield from inner.compare((mine.item, mine.operation), (other.item, other.operation))

    def _compare_identity(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        found = []
        mine, other = ours.get("operationId"), theirs.get("operationId")
        if mine is not None and mine != other:
            found.append(place.below("operationId").contrast("operationId", mine, other))
        mine, other = str(self.ours.read_security(ours)), str(self.theirs.read_security(theirs))
        is_said = not self.is_outgoing or "security" in ours or "security" in theirs
        if is_said and mine != other:
            pointer = (*place.pointer, "security") if "security" in ours else ("security",)
            found.append(Place(pointer, place.label).contrast("security", mine, other))
        return found

    def _compare_parameters(
        self, ours: dict[tuple[str, str], LocatedParameter], theirs: dict[tuple[str, str], LocatedParameter]
    ) -> list[Difference]:
        found = []
        for key in sorted(set(ours) | set(theirs)):
            label = f"{self.place.label} {key[0]} {key[1]}"
            if key not in ours:
                place = Place(self.place.pointer, label)
                found.append(place.differ("this parameter is only in the app"))
                continue
            place = Place(ours[key].find_pointer(self.place.pointer), label)
            if key not in theirs:
                found.append(place.differ("this parameter is only in the contract"))
            else:
                found += self._compare_parameter(ours[key].value, theirs[key].value, place)
        return found

    def _compare_parameter(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        found = self._compare_value(ours, theirs, place)
        mine, other = self.ours.read_style(ours), self.theirs.read_style(theirs)
        return found + [
            place.below(key).contrast(key, mine[key], other[key]) for key in mine if mine[key] != other[key]
        ]

    def _compare_value(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        mine, other = bool(ours.get("required")), bool(theirs.get("required"))
        found = [place.below("required").contrast("required", mine, other)] if mine != other else []
        schemas = self.ours.read_schema(ours), self.theirs.read_schema(theirs)
        return found + self._schemas.compare(*schemas, place.below("schema"), on_wire=True)

    def _compare_body(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        mine, other = self.ours.get(ours, "requestBody"), self.theirs.get(theirs, "requestBody")
        here = place.below("requestBody", label=" body")
        if not mine and not other:
            return []
        if not mine:
            return [Place(place.pointer, here.label).differ("the request body is only in the app")]
        if not other:
            return [here.differ("the request body is only in the contract")]
        needed, taken = bool(mine.get("required")), bool(other.get("required"))
        found = [here.below("required").contrast("required", needed, taken)] if needed != taken else []
        contents = self.ours.read_content(mine), self.theirs.read_content(other)
        return found + self._compare_content(contents, here)

    def _compare_responses(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        mine = {str(key).lower(): key for key in self.ours.get(ours, "responses") or {}}
        other = {str(key).lower(): key for key in self.theirs.get(theirs, "responses") or {}}
        found = []
        for status in sorted(set(mine) | set(other)):
            here = place.below("responses", str(mine.get(status, "")), label=f" {status}")
            if status not in other:
                found.append(here.differ("this response is only in the contract"))
            elif status not in mine:
                found.append(here.differ("this response is only in the app"))
            else:
                left = self.ours.get(ours["responses"], mine[status])
                right = self.theirs.get(theirs["responses"], other[status])
                found += self._compare_response(left, right, here)
        return found

    def _compare_response(self, ours: JsonObject, theirs: JsonObject, place: Place) -> list[Difference]:
        found = self._compare_content((self.ours.read_content(ours), self.theirs.read_content(theirs)), place)
        found += compare_links((self.ours, self.theirs), (ours, theirs), place)
        mine = {name.lower(): name for name in self.ours.get(ours, "headers") or {}}
        other = {name.lower(): name for name in self.theirs.get(theirs, "headers") or {}}
        for name in sorted((set(mine) | set(other)) - {"content-type"}):
            here = place.below(
                "headers", mine.get(name, ""), label=f" header {mine.get(name) or other[name]}"
            )
            if name not in other:
                found.append(here.differ("only in the contract"))
            elif name not in mine:
                found.append(here.differ("only in the app"))
            else:
                left = self.ours.get(self.ours.get(ours, "headers"), mine[name])
                right = self.theirs.get(self.theirs.get(theirs, "headers"), other[name])
                found += self._compare_value(left, right, here)
        return found

    def _compare_content(self, contents: tuple[Content, Content], place: Place) -> list[Difference]:
        ours, theirs = contents
        found = []
        for name in sorted(set(ours) | set(theirs)):
            here = place.below("content", ours.get(name, ("",))[0])
            if name not in theirs:
                found.append(here.differ(f"{name} is only in the contract"))
            elif name not in ours:
                found.append(place.below("content").differ(f"{name} is only in the app"))
            else:
                mine, other = ours[name][1], theirs[name][1]
                found += self._schemas.compare(mine, other, here.below("schema", label=" $"))
        return found
