"""The lint of a contract: missing facts that clients and tests need, such as bounds, 401 and security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.contract.components import find_unused
from specwitness.contract.examples import find_bad_examples
from specwitness.contract.request_bounds import find_unbounded
from specwitness.contract.sides import Side
from specwitness.contract.violations import Violation
from specwitness.openapi import REQUIREMENTS, Contract, bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from specwitness.contract.schemas import JsonObject
    from specwitness.openapi import Operation
    from specwitness.openapi.references import Pointer

_PROBLEMS = frozenset({"application/problem+json", "application/problem+xml"})
_CHALLENGING = ("http ", "oauth2", "openIdConnect")


def lint(contract: Contract, known: Collection[str] | None = None) -> tuple[Violation, ...]:
    """Find the violations of the lint rules.

    Args:
        contract: The contract, which is valid OpenAPI.
        known: The keys of all requirements; None without specs, and keys are not checked then.
    """
    side = Side(bundle(contract))
    operations = side.find_operations()
    found: list[Violation] = []
    for operation in contract.operations:
        described = next(
            candidate
            for (method, _), (path, candidate) in operations.items()
            if method == operation.method and path == operation.path
        )
        found += _OperationLint(contract, side, operation, described).find()
    for pointer, text in find_unused(side.document):
        found.append(Violation("component-unused", (), contract.locate(pointer), text))
    for pointer, text in find_bad_examples(side):
        found.append(Violation("example-invalid", (), contract.locate(pointer), text))
    if known is not None:
        found += _find_unknown(contract, known)
    return tuple(dict.fromkeys(found))


def _find_unknown(contract: Contract, known: Collection[str]) -> Iterator[Violation]:
    for operation in contract.operations:
        statuses = operation.response_requirements
        places: list[tuple[Pointer, tuple[str, ...]]] = [
            (operation.pointer, operation.requirements),
            *(((*operation.pointer, "responses", status), keys) for status, keys in statuses.items()),
        ]
        for pointer, keys in places:
            for key in keys:
                if key not in known:
                    place = contract.locate((*pointer, REQUIREMENTS))
                    yield Violation("requirement-unknown", _names(operation), place, f"no spec defines {key}")


def _names(operation: Operation) -> tuple[str, ...]:
    return tuple(dict.fromkeys((operation.name, operation.id)))


class _OperationLint:
    """The lint of one operation.

    Args:
        contract: The contract, for lines.
        side: Its document.
        operation: The operation as the reader describes it.
        described: The operation as it is written in the document.
    """

    def __init__(self, contract: Contract, side: Side, operation: Operation, described: JsonObject) -> None:
        self.contract = contract
        self.side = side
        self.operation = operation
        self.described = described

    def find(self) -> list[Violation]:
        found = [*self._find_security(), *self._find_challenge(), *self._find_problems()]
        if "operationId" not in self.described:
            found.append(self._report("operation-id-missing", (), "it has no operationId"))
        bounds = find_unbounded(self.side, self.operation.pointer, self.described)
        return found + [
            self._report("request-unbounded", place.pointer, f"{place.label}: {text}", is_whole=True)
            for place, text in bounds
        ]

    def _report(self, rule: str, pointer: Pointer, text: str, *, is_whole: bool = False) -> Violation:
        place = pointer if is_whole else (*self.operation.pointer, *pointer)
        return Violation(rule, _names(self.operation), self.contract.locate(place), text)

    def _find_security(self) -> Iterator[Violation]:
        document = self.side.document
        listed = self.described.get("security", document.get("security"))
        if listed is None:
            yield self._report(
                "security-unstated", (), "neither the operation nor the document has `security`"
            )
        pointer = (*self.operation.pointer, "security") if "security" in self.described else ("security",)
        schemes = self.side.get(self.side.get(document, "components"), "securitySchemes") or {}
        for name in dict.fromkeys(name for alternative in listed or () for name in alternative):
            if name not in schemes:
                text = f"components/securitySchemes has no {name}"
                yield self._report("security-scheme-undefined", pointer, text, is_whole=True)

    def _find_challenge(self) -> Iterator[Violation]:
        if not self.operation.protected:
            return
        responses = self.side.get(self.described, "responses") or {}
        known = {str(status).lower(): str(status) for status in responses}
        status = next((known[key] for key in ("401", "4xx", "default") if key in known), None)
        if status is None:
            yield self._report(
                "unauthorized-undocumented", ("responses",), "it is protected and documents no 401"
            )
            return
        security = str(self.side.read_security(self.described))
        headers = {name.lower() for name in self.side.get(self.side.get(responses, status), "headers") or ()}
        if status == "401" and "www-authenticate" not in headers and any(e in security for e in _CHALLENGING):
            pointer = ("responses", status)
            yield self._report("challenge-undocumented", pointer, "401 documents no WWW-Authenticate")

    def _find_problems(self) -> Iterator[Violation]:
        responses = self.side.get(self.described, "responses") or {}
        for status in map(str, responses):
            is_error = status[:1] in {"4", "5"} or status == "default"
            content: dict[str, Any] = self.side.read_content(self.side.get(responses, status))
            if is_error and self.operation.method != "HEAD" and not _PROBLEMS & set(content):
                media_types = ", ".join(content) or "nothing"
                text = f"{status} has {media_types} and not application/problem+json"
                yield self._report("problem-type-missing", ("responses", status), text)
