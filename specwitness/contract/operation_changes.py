"""Compares a contract with its base: changes of protection, and changes that break clients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specwitness.contract.call_changes import find_call_changes
from specwitness.contract.calls import find_callbacks, find_webhooks, name_webhook
from specwitness.contract.credentials import find_loosened_credentials
from specwitness.contract.links import find_link_changes
from specwitness.contract.message_changes import MessageEvolution, find_status
from specwitness.contract.schema_changes import Direction
from specwitness.contract.schema_differences import Place
from specwitness.contract.sides import LocatedParameter, Side, shape_of
from specwitness.contract.violations import PlacedViolation, Violation
from specwitness.openapi import Contract, bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.contract.schemas import JsonObject
    from specwitness.openapi.references import Pointer


def find_changes(base: dict[str, Any], contract: Contract) -> tuple[Violation, ...]:
    """Find every change since `base` that loosens or tightens protection or breaks clients.

    Args:
        base: The older contract, as one document.
        contract: The present contract.

    Returns:
        One violation for each rule, operation and place. Names that are not sent (of components,
        schemes and path parameters) make no difference.
    """
    former, present = Side(base), Side(bundle(contract))
    old, new = former.find_operations(), present.find_operations()
    protects = any(
        not side.read_security(operation).is_open
        for side, found in ((former, old), (present, new))
        for _, operation in found.values()
    )
    violations: list[Violation] = []
    for key, (path, operation) in old.items():
        if key not in new:
            violations.append(_report_removed(contract, key[0], path, operation))
    for key, (path, operation) in new.items():
        pointer = ("paths", path, key[0].lower())
        pair = OperationEvolution(former, present, contract, pointer)
        if key in old:
            violations += pair.compare(old[key], operation)
        elif protects:
            violations += pair.judge_new(operation)
    violations += _compare_webhooks(former, present, contract)
    return tuple(dict.fromkeys(violations))


def _compare_webhooks(former: Side, present: Side, contract: Contract) -> Iterator[Violation]:
    old, new = find_webhooks(former), find_webhooks(present)
    for key, call in old.items():
        successor = {key: new[key]} if key in new else {}
        found = find_call_changes(
            (former, present), ({key: call}, successor), "webhook-removed", Place(("webhooks", key[0]), "")
        )
        for rule, place, text in found:
            names = name_webhook(key, successor.get(key, call))
            yield Violation(rule, names, contract.locate(place.pointer), f"{place.label}: {text}")


def _report_removed(contract: Contract, method: str, path: str, operation: JsonObject) -> Violation:
    names = tuple(name for name in (f"{method} {path}", operation.get("operationId")) if name)
    has_path = any(shape_of(known.path) == shape_of(path) for known in contract.operations)
    what = "this operation was removed" if has_path else "this operation was removed, with its whole path"
    return Violation("operation-removed", names, contract.locate(("paths", path)), what)


@dataclass(frozen=True, slots=True)
class OperationEvolution:
    """Compares an operation of the base with the present one at `pointer`."""

    former: Side
    present: Side
    contract: Contract
    pointer: Pointer

    def compare(self, former: tuple[str, JsonObject], operation: JsonObject) -> list[Violation]:
        """List the changes for callers; `former` is the older path and operation."""
        path, old = former
        found = [
            *self._compare_security(old, operation),
            *find_loosened_credentials(
                (self.former, self.present), (former, (self.pointer[1], operation)), self._here
            ),
            *self._compare_parameters(
                _by_position(path, self.former.read_parameters(path, old)),
                _by_position(self.pointer[1], self.present.read_parameters(self.pointer[1], operation)),
            ),
            *self._compare_bodies(old, operation),
            *self._compare_responses(old, operation),
            *find_call_changes(
                (self.former, self.present),
                (
                    find_callbacks(self.former, old, self.pointer),
                    find_callbacks(self.present, operation, self.pointer),
                ),
                "callback-removed",
                self._here,
            ),
        ]
        return [self._report(rule, place, text, operation) for rule, place, text in found]

    def judge_new(self, operation: JsonObject) -> list[Violation]:
        """Report a new operation that anybody may call."""
        security = self.present.read_security(operation)
        if not security.is_open:
            return []
        place = self._security_place(operation)
        text = f"this operation is new, and accepts {security}"
        return [self._report("operation-added-open", place, text, operation)]

    @property
    def _messages(self) -> MessageEvolution:
        return MessageEvolution(self.former, self.present)

    @property
    def _here(self) -> Place:
        return Place(self.pointer, "")

    def _report(self, rule: str, place: Place, text: str, operation: JsonObject) -> Violation:
        name = f"{self.pointer[2].upper()} {self.pointer[1]}"
        names = tuple(spelling for spelling in (name, operation.get("operationId")) if spelling)
        label = place.label.strip()
        return Violation(
            rule, names, self.contract.locate(place.pointer), f"{label}: {text}" if label else text
        )

    def _security_place(self, operation: JsonObject) -> Place:
        return Place((*self.pointer, "security") if "security" in operation else ("security",), "")

    def _compare_security(self, old: JsonObject, new: JsonObject) -> Iterator[PlacedViolation]:
        was, now = self.former.read_security(old), self.present.read_security(new)
        place = self._security_place(new)
        if looser := now.find_looser(was):
            text = f"security was {was}, and now accepts {' or '.join(looser)}"
            yield "security-loosened", place, text
        if refused := now.find_refused(was):
            text = f"security is {now}, and no longer accepts {' or '.join(refused)}"
            yield "security-tightened", place, text

    def _compare_parameters(
        self,
        former: dict[tuple[str, str], LocatedParameter],
        present: dict[tuple[str, str], LocatedParameter],
    ) -> Iterator[PlacedViolation]:
        for key in sorted(set(former) | set(present)):
            old, new = former.get(key), present.get(key)
            value = (new or old or LocatedParameter({}, ())).value
            label = f"{value.get('in')} {value.get('name')}"
            if new is None:
                yield "request-parameter-removed", Place(self.pointer, label), "this parameter was removed"
                continue
            place = Place(new.find_pointer(self.pointer), label)
            is_required = bool(new.value.get("required"))
            if is_required and not (old and old.value.get("required")):
                text = "is now required" if old else "this parameter is new and required"
                yield "request-parameter-required", place, text
            if old is not None:
                yield from self._compare_parameter(old.value, new.value, place)

    def _compare_parameter(self, old: JsonObject, new: JsonObject, place: Place) -> Iterator[PlacedViolation]:
        was, now = self.former.read_style(old), self.present.read_style(new)
        if was != now:
            yield "request-parameter-style", place, f"style was {_spell(was)} and is {_spell(now)}"
        schemas = self.former.read_schema(old), self.present.read_schema(new)
        yield from self._messages.compare_schemas(
            Direction.REQUEST, schemas, place.below("schema"), on_wire=True
        )

    def _compare_bodies(self, old: JsonObject, new: JsonObject) -> Iterator[PlacedViolation]:
        was, now = self.former.get(old, "requestBody"), self.present.get(new, "requestBody")
        if was and not now:
            yield "request-body-removed", Place(self.pointer, "body"), "the body was removed"
        if not now:
            return
        place = Place((*self.pointer, "requestBody"), "body")
        if now.get("required") and not (was or {}).get("required"):
            text = "is now required" if was else "the body is new and required"
            yield "request-body-required", place, text
        if was:
            yield from self._messages.compare_content(Direction.REQUEST, (was, now), place)

    def _compare_responses(self, old: JsonObject, new: JsonObject) -> Iterator[PlacedViolation]:
        former = self.former.get(old, "responses") or {}
        present = self.present.get(new, "responses") or {}
        for status in sorted(str(status) for status in former):
            key = find_status(status, present)
            label = status
            if key is None:
                gone = Place((*self.pointer, "responses"), label)
                yield "response-status-removed", gone, "this status is no longer documented"
                continue
            place = Place((*self.pointer, "responses", key), label)
            pair = self.former.get(former, status), self.present.get(present, key)
            yield from find_link_changes((self.former, self.present), pair, place)
            yield from self._messages.compare_headers(*pair, place)
            yield from self._messages.compare_content(Direction.RESPONSE, pair, place)


def _by_position(
    path: str, parameters: dict[tuple[str, str], LocatedParameter]
) -> dict[tuple[str, str], LocatedParameter]:
    """Key path parameters by position: `/a/{id}` and `/a/{key}` are the same path for clients."""
    places = {name: str(index) for index, name in enumerate(re.findall(r"\{([^}]*)\}", path))}
    return {
        (where, places.get(name, name) if where == "path" else name): parameter
        for (where, name), parameter in parameters.items()
    }


def _spell(style: dict[str, Any]) -> str:
    return f"{style['style']}{' exploded' if style['explode'] else ''}"
