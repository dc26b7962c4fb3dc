"""Reads a contract: its operations with their requirements, protection and lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from specwitness.errors import ContractError
from specwitness.identifier import is_key
from specwitness.model import Frozen, Location
from specwitness.openapi.bundling import bundle_library
from specwitness.openapi.references import Library, Pointer, parse_pointer, read_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
REQUIREMENTS = "x-requirements"

_VERSION = re.compile(r"3\.[0-2]\.\d+")
_VALIDATORS = {"0": OpenAPIV30SpecValidator, "1": OpenAPIV31SpecValidator, "2": OpenAPIV32SpecValidator}
_LONGEST_MESSAGE = 200


class Operation(Frozen):
    """One operation of a contract.

    `id` is the `operationId`, or `METHOD /path` without one. `response_requirements` are the
    requirements of single responses, by status. `statuses` are all documented statuses. `protected`
    is true if the operation always needs credentials.
    """

    id: str
    method: str
    path: str
    requirements: tuple[str, ...]
    response_requirements: dict[str, tuple[str, ...]]
    statuses: tuple[str, ...] = ()
    protected: bool
    location: Location

    @property
    def name(self) -> str:
        """The operation as the report shows it, such as `GET /api/tasks`."""
        return f"{self.method} {self.path}"

    @property
    def pointer(self) -> Pointer:
        """The pointer to the operation in the contract."""
        return ("paths", self.path, self.method.lower())


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract with its files and operations."""

    library: Library
    operations: tuple[Operation, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The data of the main file, with its `$ref`s."""
        data: dict[str, Any] = self.library.main.data
        return data

    @property
    def file(self) -> str:
        """The main file, relative to the repository's root."""
        return self.library.main.file

    def locate(self, pointer: str | Pointer) -> Location:
        """Return the location of a JSON pointer; `$ref`s are followed.

        If the part does not exist, it is the location of its nearest existing ancestor.
        """
        return self.library.locate(parse_pointer(pointer) if isinstance(pointer, str) else pointer)


def read_contract(path: Path, root: Path) -> Contract:
    """Read a hand-written OpenAPI 3 contract, YAML or JSON, below `root`.

    Raises:
        ContractError: It is missing, broken, ambiguous or no valid OpenAPI 3 document.
    """
    library = read_library(path, root)
    _refuse_other_formats(library)
    _refuse_duplicate_ids(library)
    _refuse_operations_without_responses(library)
    _refuse_invalid(library)
    operations = tuple(
        _read_operation(library, path_name, method) for path_name, method in _find_operations(library)
    )
    return Contract(library=library, operations=operations)


def bundle(contract: Contract) -> dict[str, Any]:
    """Return the contract as one document; parts of other files are in its components."""
    return bundle_library(contract.library)


def _refuse_other_formats(library: Library) -> None:
    data = library.main.data
    version = data.get("openapi") if isinstance(data, dict) else None
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        said = f"`openapi` is {version!r}" if version is not None else "it has no `openapi`"
        where = str(library.locate(("openapi",)))
        raise ContractError(
            f"this is not an OpenAPI 3 document: {said}", where=where, remedy="write openapi: 3.1.0"
        )


def _refuse_duplicate_ids(library: Library) -> None:
    places: dict[str, Location] = {}
    for path, method in _find_operations(library):
        pointer: Pointer = ("paths", path, method, "operationId")
        name = library.get(pointer)
        if not isinstance(name, str):
            continue
        place = library.locate(pointer)
        if name in places:
            raise ContractError(
                f"operationId `{name}` appears twice, first at {places[name]}", where=str(place)
            )
        places[name] = place


def _refuse_operations_without_responses(library: Library) -> None:
    for path, method in _find_operations(library):
        if not library.get(("paths", path, method, "responses")):
            where = str(library.locate(("paths", path, method)))
            raise ContractError(f"{method.upper()} {path} documents no responses", where=where)


def _refuse_invalid(library: Library) -> None:
    document = bundle_library(library)
    validator = _VALIDATORS[document["openapi"].split(".")[1]]
    errors: list[Any] = []
    try:
        errors.extend(validator(document).iter_errors())
    except Exception as crash:
        # The validator crashes on some invalid documents, often after it has reported the error.
        reason = f"{type(crash).__name__}: {crash}"
        if not errors:
            raise ContractError(f"it cannot be validated: {reason}", where=library.main.file) from crash
    if not errors:
        return
    # Of nested errors, the deepest one names the exact part.
    error = max(errors, key=lambda found: len(found.absolute_path))
    pointer = tuple(str(part) for part in error.absolute_path)
    message = " ".join(str(error.message).partition("\n\n")[0].split())
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}…"
    place = f" (at {' '.join(pointer)})" if pointer else ""
    where = str(library.locate(pointer))
    raise ContractError(f"the contract is not valid OpenAPI: {message}{place}", where=where)


def _find_operations(library: Library) -> Iterator[tuple[str, str]]:
    paths = library.main.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        item = library.get(("paths", path))
        for method in item if isinstance(item, dict) else ():
            if method in METHODS:
                yield path, method


def _read_operation(library: Library, path: str, method: str) -> Operation:
    pointer: Pointer = ("paths", path, method)
    name = library.get((*pointer, "operationId"))
    requirements = [
        *_read_requirements(library, ()),
        *_read_requirements(library, pointer[:2]),
        *_read_requirements(library, pointer),
    ]
    statuses = library.get((*pointer, "responses")) or {}
    by_status = {
        str(status): _read_requirements(library, (*pointer, "responses", str(status))) for status in statuses
    }
    return Operation(
        id=name or f"{method.upper()} {path}",
        method=method.upper(),
        path=path,
        requirements=tuple(dict.fromkeys(requirements)),
        response_requirements={status: keys for status, keys in by_status.items() if keys},
        statuses=tuple(by_status),
        protected=is_protected(library.main.data, library.get(pointer)),
        location=library.locate(pointer),
    )


def is_protected(document: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    """Tell whether an operation always needs credentials (OpenAPI 3.1 §4.8.10.1, `security`).

    Args:
        document: The document, whose `security` holds for operations without one of their own.
        operation: The operation as it is written there. `security: [{}, {bearer: []}]` makes
            credentials optional, so that it is not protected.
    """
    own = operation.get("security")
    effective = (document.get("security") if own is None else own) or ()
    return bool(effective) and all(effective)


def _read_requirements(library: Library, pointer: Pointer) -> tuple[str, ...]:
    holder = library.get(pointer)
    keys = holder.get(REQUIREMENTS) if isinstance(holder, Mapping) else None
    if keys is None:
        return ()
    remedy = f"write `{REQUIREMENTS}: [003/FR-006]`"
    if not isinstance(keys, list):
        where = str(library.locate((*pointer, REQUIREMENTS)))
        raise ContractError(f"`{REQUIREMENTS}` is not a list", where=where, remedy=remedy)
    counts: dict[object, int] = defaultdict(int)
    for index, key in enumerate(keys):
        where = str(library.locate((*pointer, REQUIREMENTS, str(index))))
        if not isinstance(key, str) or not is_key(key):
            raise ContractError(f"`{key}` is not the key of a requirement", where=where, remedy=remedy)
        counts[key] += 1
        if counts[key] > 1:
            raise ContractError(f"`{key}` appears twice in one list", where=where)
    return tuple(keys)
