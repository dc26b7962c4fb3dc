"""One of the two documents of a comparison: its operations, parameters and contents, `$ref`s resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.contract.security import Security, read_security
from specwitness.openapi import METHODS
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from specwitness.contract.schemas import JsonObject
    from specwitness.openapi.references import Pointer

# OpenAPI ignores header parameters of these names (3.1 §4.8.12.2.1).
_IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


class LocatedParameter(NamedTuple):
    """A parameter with its pointer, which is relative to its operation or path item."""

    value: JsonObject
    pointer: Pointer

    def find_pointer(self, operation: Pointer) -> Pointer:
        """Return the pointer from the root; a parameter of the path item is beside the operation."""
        base = operation if self.pointer[0] == "" else operation[:-1]
        return (*base, *(token for token in self.pointer if token))


@dataclass(frozen=True, slots=True)
class Side:
    """A document, and how to read its parts."""

    document: JsonObject

    def get(self, value: Any, key: str) -> Any:
        """Return a member of an object; `$ref`s of both the object and the member are resolved."""
        holder = dereference(value, self.document)
        return dereference(holder.get(key), self.document) if isinstance(holder, dict) else None

    def find_operations(self) -> dict[tuple[str, str], tuple[str, JsonObject]]:
        """Return path and operation by method and shape, such as `("GET", "/tasks/{}")`."""
        paths = self.get(self.document, "paths") or {}
        return {
            (method.upper(), shape_of(path)): (path, operation)
            for path in paths
            for method, operation in (self.get(paths, path) or {}).items()
            if method in METHODS
        }

    def read_described(self, found: tuple[str, JsonObject]) -> tuple[Any, JsonObject]:
        """Return path item and operation for a path and operation of `find_operations`."""
        path, operation = found
        return self.get(self.get(self.document, "paths"), path), operation

    def read_parameters(
        self, path: str, operation: JsonObject, *, with_ignored: bool = False
    ) -> dict[tuple[str, str], LocatedParameter]:
        """Return parameters by `in` and name; those of the operation override those of the path item.

        Args:
            path: The path of the operation.
            operation: The operation.
            with_ignored: Include the header parameters that OpenAPI ignores, such as `Authorization`.
        """
        item = self.get(self.get(self.document, "paths"), path)
        return self.read_parameters_of(item, operation, with_ignored=with_ignored)

    def read_parameters_of(
        self, item: Any, operation: JsonObject, *, with_ignored: bool = False
    ) -> dict[tuple[str, str], LocatedParameter]:
        """Return the parameters of an operation and its path item, as `read_parameters` does."""
        found: dict[tuple[str, str], LocatedParameter] = {}
        for holder, pointer in ((item, ()), (operation, ("",))):
            for index, parameter in enumerate(self.get(holder, "parameters") or ()):
                value = dereference(parameter, self.document)
                place, name = str(value.get("in")), str(value.get("name"))
                name = name.lower() if place == "header" else name
                if with_ignored or place != "header" or name not in _IGNORED_HEADERS:
                    found[place, name] = LocatedParameter(value, (*pointer, "parameters", str(index)))
        return found

    def read_content(self, value: Any) -> dict[str, tuple[str, Any]]:
        """Return key and schema by media type; `text/csv; charset=utf-8` is found as `text/csv`."""
        content = self.get(value, "content") or {}
        found = {}
        for name in content:
            media = dereference(content[name], self.document) or {}
            found[name.partition(";")[0].strip().lower()] = (name, media.get("schema", True))
        return found

    def read_schema(self, value: JsonObject) -> Any:
        """Return the schema of a parameter or header, from `schema` or from `content`."""
        if "schema" in value or not value.get("content"):
            return value.get("schema", True)
        return next(iter(self.read_content(value).values()))[1]

    def read_style(self, parameter: JsonObject) -> dict[str, Any]:
        """Return `style` and `explode` of a parameter, with the defaults of OpenAPI."""
        style = parameter.get("style", _STYLES.get(str(parameter.get("in")), "simple"))
        return {"style": style, "explode": parameter.get("explode", style == "form")}

    def read_security(self, operation: JsonObject) -> Security:
        """Return the security of an operation, by the properties of the schemes and not their names."""
        return read_security(self.document, operation)


def shape_of(path: str) -> str:
    """Return a path without the names of its parameters: `/tasks/{id}` gives `/tasks/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", path)
