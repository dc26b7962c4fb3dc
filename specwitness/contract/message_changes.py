"""Compares requests and responses of two revisions: their content and headers."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from specwitness.contract.schema_changes import Direction, SchemaChange, SchemaEvolution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schema_differences import Place
    from specwitness.contract.schemas import JsonObject
    from specwitness.contract.sides import Side
    from specwitness.contract.violations import PlacedViolation


_SUFFIXES = {Direction.REQUEST: "narrowed", Direction.RESPONSE: "widened"}
_RULES = {
    "default": "default-changed",
    "property-optional": "property-optional",
    "property-removed": "property-removed",
    "property-required": "property-required",
}


@dataclass(frozen=True, slots=True)
class MessageEvolution:
    """Compares messages of a document with those of its successor."""

    former: Side
    present: Side

    def compare_headers(self, old: JsonObject, new: JsonObject, place: Place) -> Iterator[PlacedViolation]:
        """List the breaking changes of the headers of a response."""
        former = self.former.get(old, "headers") or {}
        present = self.present.get(new, "headers") or {}
        names = {name.lower(): name for name in present}
        for name in former:
            if (key := name.lower()) == "content-type":
                continue
            inside = place.below("headers", names.get(key, ""), label=f" header {name}")
            if key not in names:
                yield "response-header-removed", inside, "this header was removed"
                continue
            was, now = self.former.get(former, name), self.present.get(present, names[key])
            if was.get("required") and not now.get("required"):
                yield "response-header-optional", inside, "was required and may now be absent"
            schemas = self.former.read_schema(was), self.present.read_schema(now)
            inner = inside.below("schema")
            yield from self.compare_schemas(Direction.RESPONSE, schemas, inner, on_wire=True)

    def compare_content(
        self, direction: Direction, holders: tuple[JsonObject, JsonObject], place: Place
    ) -> Iterator[PlacedViolation]:
        """List the breaking changes of the content of a message, by media type."""
        former, present = self.former.read_content(holders[0]), self.present.read_content(holders[1])
        for name, (_, schema) in former.items():
            key = (
                name
                if name in present
                else next((media_range for media_range in present if fnmatchcase(name, media_range)), None)
            )
            if key is None:
                gone = place.below("content")
                yield f"{direction}-media-type-removed", gone, f"{name} was removed"
                continue
            inside = place.below("content", present[key][0], "schema", label=" $")
            yield from self.compare_schemas(direction, (schema, present[key][1]), inside)

    def compare_schemas(
        self, direction: Direction, schemas: tuple[Any, Any], place: Place, *, on_wire: bool = False
    ) -> Iterator[PlacedViolation]:
        """List the breaking changes of a schema."""
        evolution = SchemaEvolution(self.former.document, self.present.document, direction)
        for change in evolution.compare(*schemas, place, on_wire=on_wire):
            yield _rule_of(direction, change), change.place, change.text


def _rule_of(direction: Direction, change: SchemaChange) -> str:
    return f"{direction}-{_RULES.get(change.topic, f'{change.topic}-{_SUFFIXES[direction]}')}"


def find_status(status: str, responses: JsonObject) -> str | None:
    """Return the key that documents a status: `404`, `4XX` or `default`; None if there is none."""
    known = {str(key).lower(): str(key) for key in responses}
    wanted = (status.lower(), f"{status[:1]}xx", "default")
    return next((known[key] for key in wanted if key in known), None)
