"""Compares the callbacks and webhooks of two revisions; their receiver is the client.

The service sends the body of a callback, so that its changes are reported by the rules of responses.
The receiver sends the response to it, which is compared by the rules of requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from specwitness.contract.message_changes import MessageEvolution, find_status
from specwitness.contract.schema_changes import Direction
from specwitness.contract.schema_differences import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.calls import Call, Calls
    from specwitness.contract.sides import LocatedParameter, Side
    from specwitness.contract.violations import PlacedViolation


def find_call_changes(
    sides: tuple[Side, Side], calls: tuple[Calls, Calls], removal: str, here: Place
) -> Iterator[PlacedViolation]:
    """Find the changes of callbacks or webhooks that break their receivers.

    Args:
        sides: The older document and its successor.
        calls: The calls of each of the two documents.
        removal: The rule to report a removed call by.
        here: The place to report a removed call at.
    """
    former, present = calls
    for key, old in former.items():
        if key in present:
            yield from _CallEvolution(*sides, old, present[key]).compare()
        else:
            yield removal, Place(here.pointer, old.label), "this call was removed"


@dataclass(frozen=True, slots=True)
class _CallEvolution:
    """Compares one call with its successor."""

    former: Side
    present: Side
    old: Call
    new: Call

    @property
    def _place(self) -> Place:
        return Place(self.new.pointer, self.new.label)

    @property
    def _messages(self) -> MessageEvolution:
        return MessageEvolution(self.former, self.present)

    def compare(self) -> Iterator[PlacedViolation]:
        """List the changes that break the receiver."""
        yield from self._compare_security()
        yield from self._compare_parameters()
        yield from self._compare_bodies()
        yield from self._compare_responses()

    def _compare_security(self) -> Iterator[PlacedViolation]:
        """Compare the credentials that the service sends, if one of the calls has its own `security`."""
        if "security" not in self.old.operation and "security" not in self.new.operation:
            return
        was = self.former.read_security(self.old.operation)
        now = self.present.read_security(self.new.operation)
        place = self._place.below("security")
        if looser := now.find_looser(was):
            yield "security-loosened", place, f"security was {was}, and is now {' or '.join(looser)}"
        if refused := now.find_refused(was):
            yield "security-tightened", place, f"security is {now}, and no longer {' or '.join(refused)}"

    def _compare_parameters(self) -> Iterator[PlacedViolation]:
        former = self.former.read_parameters_of(self.old.item, self.old.operation, with_ignored=True)
        present = self.present.read_parameters_of(self.new.item, self.new.operation, with_ignored=True)
        for key, old in former.items():
            label = f"{self.new.label} {key[0]} {old.value.get('name')}"
            new = present.get(key)
            if new is None:
                text = "this parameter was removed"
                yield "outgoing-parameter-removed", Place(self.new.pointer, label), text
            else:
                yield from self._compare_parameter(old, new, Place(new.find_pointer(self.new.pointer), label))

    def _compare_parameter(
        self, old: LocatedParameter, new: LocatedParameter, place: Place
    ) -> Iterator[PlacedViolation]:
        if old.value.get("required") and not new.value.get("required"):
            yield "outgoing-parameter-optional", place, "was required and may now be absent"
        schemas = self.former.read_schema(old.value), self.present.read_schema(new.value)
        inside = place.below("schema")
        yield from self._messages.compare_schemas(Direction.RESPONSE, schemas, inside, on_wire=True)

    def _compare_bodies(self) -> Iterator[PlacedViolation]:
        was = self.former.get(self.old.operation, "requestBody")
        now = self.present.get(self.new.operation, "requestBody")
        if not was:
            return
        place = self._place.below("requestBody", label=" body")
        if not now:
            yield "outgoing-body-removed", Place(self.new.pointer, place.label), "the body was removed"
            return
        if was.get("required") and not now.get("required"):
            yield "outgoing-body-removed", place, "was required and may now be absent"
        yield from self._messages.compare_content(Direction.RESPONSE, (was, now), place)

    def _compare_responses(self) -> Iterator[PlacedViolation]:
        former = self.former.get(self.old.operation, "responses") or {}
        present = self.present.get(self.new.operation, "responses") or {}
        for status in sorted(str(status) for status in former):
            place = self._place.below("responses", label=f" {status}")
            key = find_status(status, present)
            if key is None:
                yield "response-status-removed", place, "this response is no longer accepted"
                continue
            pair = self.former.get(former, status), self.present.get(present, key)
            yield from self._messages.compare_content(Direction.REQUEST, pair, place.below(key))
