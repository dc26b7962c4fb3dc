"""One side of the comparison: a document's operations, read by meaning."""

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

_UNHEARD_HEADERS = frozenset({"accept", "authorization", "content-type"})  # OpenAPI ignores these parameters
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


class LocatedParameter(NamedTuple):
    """A parameter and where it stands."""

    value: JsonObject
    pointer: Pointer

    def find_pointer(self, operation: Pointer) -> Pointer:
        """Tell where it stands in the document; one of the path item stands beside the operation."""
        base = operation if self.pointer[0] == "" else operation[:-1]
        return (*base, *(token for token in self.pointer if token))


@dataclass(frozen=True, slots=True)
class Side:
    """A document and the meaning of its parts."""

    document: JsonObject

    def get(self, value: Any, key: str) -> Any:
        """Give a member of an object, `$ref`s followed on the way in and out."""
        holder = dereference(value, self.document)
        return dereference(holder.get(key), self.document) if isinstance(holder, dict) else None

    def find_operations(self) -> dict[tuple[str, str], tuple[str, JsonObject]]:
        """Give path and operation by method and shape of the path (the names of parameters left out)."""
        paths = self.get(self.document, "paths") or {}
        return {
            (method.upper(), shape_of(path)): (path, operation)
            for path in paths
            for method, operation in (self.get(paths, path) or {}).items()
            if method in METHODS
        }

    def read_described(self, found: tuple[str, JsonObject]) -> tuple[Any, JsonObject]:
        """Give the path item of an operation, and the operation; `found` is what `find_operations` gave."""
        path, operation = found
        return self.get(self.get(self.document, "paths"), path), operation

    def read_parameters(
        self, path: str, operation: JsonObject, *, unheard: bool = False
    ) -> dict[tuple[str, str], LocatedParameter]:
        """Give parameters by place and name; the operation's own win over the path's.

        Args:
            path: The path that the operation stands under.
            operation: The operation.
            unheard: Give those too that OpenAPI leaves to other parts of a contract.
        """
        item = self.get(self.get(self.document, "paths"), path)
        return self.read_parameters_of(item, operation, unheard=unheard)

    def read_parameters_of(
        self, item: Any, operation: JsonObject, *, unheard: bool = False
    ) -> dict[tuple[str, str], LocatedParameter]:
        """Give the parameters of an operation that stands in a path item, as `read_parameters` does."""
        found: dict[tuple[str, str], LocatedParameter] = {}
        for holder, pointer in ((item, ()), (operation, ("",))):
            for index, entry in enumerate(self.get(holder, "parameters") or ()):
                value = dereference(entry, self.document)
                place, name = str(value.get("in")), str(value.get("name"))
                name = name.lower() if place == "header" else name
                if unheard or place != "header" or name not in _UNHEARD_HEADERS:
                    found[place, name] = LocatedParameter(value, (*pointer, "parameters", str(index)))
        return found

    def read_content(self, value: Any) -> dict[str, tuple[str, Any]]:
        """Give key and schema by media type, without the media type's parameters."""
        content = self.get(value, "content") or {}
        found = {}
        for name in content:
            media = dereference(content[name], self.document) or {}
            found[name.partition(";")[0].strip().lower()] = (name, media.get("schema", True))
        return found

    def read_schema(self, value: JsonObject) -> Any:
        """Give the schema of a parameter or a header, whichever way it is written."""
        if "schema" in value or not value.get("content"):
            return value.get("schema", True)
        return next(iter(self.read_content(value).values()))[1]

    def read_style(self, parameter: JsonObject) -> dict[str, Any]:
        """Give how a parameter is spelt on the wire, defaults filled in."""
        style = parameter.get("style", _STYLES.get(str(parameter.get("in")), "simple"))
        return {"style": style, "explode": parameter.get("explode", style == "form")}

    def read_security(self, operation: JsonObject) -> Security:
        """Give who may call an operation, by the meaning of the schemes and not by their names."""
        return read_security(self.document, operation)


def shape_of(path: str) -> str:
    """Give a path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)
