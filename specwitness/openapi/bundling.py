"""Bundles a contract of several files into one document: parts of other files become components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.openapi.references import Library, Pointer, follow, format_pointer, is_literal

if TYPE_CHECKING:
    from specwitness.openapi.document import Document

_SECTIONS = {
    "callbacks": "callbacks",
    "examples": "examples",
    "headers": "headers",
    "links": "links",
    "parameters": "parameters",
    "responses": "responses",
    "securitySchemes": "securitySchemes",
}
_COMPONENT_DEPTH = 3  # components / section / name


def bundle_library(library: Library) -> dict[str, Any]:
    """Return the main document; every `$ref` into another file becomes a local one."""
    return _Bundler(library).bundle()


class _Bundler:
    def __init__(self, library: Library) -> None:
        self.library = library
        self.names: dict[tuple[str, Pointer], str] = {}
        self.added: dict[tuple[str, str], Any] = {}

    def bundle(self) -> dict[str, Any]:
        main = self.library.main
        self._adopt_component_names()
        result: dict[str, Any] = self._rewrite(main.data, main, ())
        for (section, name), value in self.added.items():
            result.setdefault("components", {}).setdefault(section, {})[name] = value
        return result

    def _adopt_component_names(self) -> None:
        main = self.library.main
        for section, components in (main.data.get("components") or {}).items():
            for name, value in components.items() if isinstance(components, dict) else ():
                target = self._foreign_target(value, main)
                if target and set(value) == {"$ref"}:
                    self.names.setdefault((target[0].file, target[1]), f"#/components/{section}/{name}")

    def _foreign_target(self, value: Any, document: Document) -> tuple[Document, Pointer] | None:
        if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
            return None
        target = self.library.resolve(document, value["$ref"])
        return None if target[0].file == self.library.main.file else target

    def _rewrite(self, value: Any, document: Document, at: Pointer) -> Any:
        if is_literal(at):
            return value
        if isinstance(value, list):
            return [self._rewrite(item, document, (*at, str(index))) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        rewritten = {key: self._rewrite(child, document, (*at, key)) for key, child in value.items()}
        return self._localise(rewritten, document, at) if isinstance(value.get("$ref"), str) else rewritten

    def _localise(self, value: dict[str, Any], document: Document, at: Pointer) -> Any:
        target = self._foreign_target(value, document)
        if target is None:
            pointer = self.library.resolve(document, value["$ref"])[1]
            return {**value, "$ref": "#" + format_pointer(pointer)}
        if self._is_home_of(target, document, at):
            return self._inline(target)
        return {**value, "$ref": self._name(target, at)}

    def _is_home_of(self, target: tuple[Document, Pointer], document: Document, at: Pointer) -> bool:
        """Return whether the text of the other file is inserted here, instead of a reference to it."""
        if document.file != self.library.main.file:
            return False
        is_component = self.names.get((target[0].file, target[1])) == "#" + format_pointer(at)
        return (len(at) == _COMPONENT_DEPTH and is_component) or (len(at) == 2 and at[0] == "paths")  # noqa: PLR2004  # paths / path

    def _inline(self, target: tuple[Document, Pointer]) -> Any:
        document, pointer = target
        value = self._rewrite(follow(document.data, pointer), document, pointer)
        if isinstance(value, dict):
            # An `$id` would change the base URI of every `$ref` below it.
            return {key: child for key, child in value.items() if key not in {"$id", "$schema"}}
        return value

    def _name(self, target: tuple[Document, Pointer], at: Pointer) -> str:
        document, pointer = target
        key = (document.file, pointer)
        if key not in self.names:
            section = _section(at)
            stem = pointer[-1] if pointer else document.path.name.partition(".")[0]
            name = self._free_name(section, stem)
            self.names[key] = f"#/components/{section}/{name}"
            self.added[section, name] = None
            self.added[section, name] = self._inline(target)
        return self.names[key]

    def _free_name(self, section: str, stem: str) -> str:
        components = (self.library.main.data.get("components") or {}).get(section) or {}
        name, count = stem, 1
        while name in components or (section, name) in self.added:
            count += 1
            name = f"{stem}{count}"
        return name


def _section(at: Pointer) -> str:
    if at and at[-1] == "requestBody":
        return "requestBodies"
    parent = at[-2] if len(at) > 1 else ""
    return _SECTIONS.get(parent, "schemas")
