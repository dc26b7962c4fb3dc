"""Resolves `$ref`s within a document and into other files, and locates their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from specwitness.errors import ContractError
from specwitness.openapi.document import Document, read_document

if TYPE_CHECKING:
    from pathlib import Path

    from specwitness.model import Location

Pointer = tuple[str, ...]

_COMBINATORS = ("allOf", "anyOf", "oneOf")
# Below these keywords `$ref` is plain data: `example: {$ref: x}`. Below a key of _NAME_MAPS they are
# names that the author chose: `properties: {example: {$ref: …}}`.
_LITERALS = frozenset({"const", "default", "enum", "example", "value"})
_NAME_MAPS = frozenset(
    {"$defs", "headers", "parameters", "patternProperties", "properties", "responses", "schemas", "variables"}
)


def parse_pointer(pointer: str) -> Pointer:
    """Split a JSON pointer (RFC 6901), with or without a leading `#`: `#/a/b~1c` gives `("a", "b/c")`."""
    parts = unquote(pointer.removeprefix("#")).split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def format_pointer(pointer: Pointer) -> str:
    """Write a pointer as text (RFC 6901): `("a", "b/c")` gives `/a/b~1c`."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in pointer)


def follow(value: Any, pointer: Pointer) -> Any:
    """Return the value at `pointer` below `value`.

    Raises:
        KeyError: There is no such value.
    """
    for token in pointer:
        if isinstance(value, Mapping) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            raise KeyError(token)
    return value


def dereference(value: Any, document: Any) -> Any:
    """Follow local `$ref`s until there is none; a dangling or circular `$ref` is returned unchanged."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(ref := value.get("$ref"), str) and ref not in seen:
        seen.add(ref)
        try:
            value = follow(document, parse_pointer(ref)) if ref.startswith("#") else value
        except KeyError:
            return value
    return value


def is_literal(pointer: Pointer) -> bool:
    """Return whether the value at a pointer is plain data, such as an example, in which `$ref` is ignored."""
    return bool(pointer) and pointer[-1] in _LITERALS and (len(pointer) == 1 or pointer[-2] not in _NAME_MAPS)


@dataclass(frozen=True, slots=True)
class Library:
    """A document and the files that it refers to, by their paths relative to the root."""

    main: Document
    files: Mapping[str, Document]

    def resolve(self, document: Document, ref: str) -> tuple[Document, Pointer]:
        """Return the file and the pointer that a `$ref` in `document` names."""
        name, _, fragment = ref.partition("#")
        if not name:
            return document, parse_pointer(fragment)
        path = (document.path.parent / unquote(name)).resolve()
        found = next(file for file in self.files.values() if file.path.resolve() == path)
        return found, parse_pointer(fragment)

    def locate(self, pointer: Pointer) -> Location:
        """Return file and line of a pointer into the main document; `$ref`s on the way are followed.

        `allOf`, `anyOf` and `oneOf` may be left out of the pointer. If the part does not exist, it is
        the location of its nearest existing ancestor.
        """
        document, at = self._walk(pointer)[:2]
        return document.locate(at)

    def get(self, pointer: Pointer) -> Any:
        """Return the value at a pointer into the main document, `$ref`s followed; None if there is none."""
        document, at, is_found = self._walk(pointer)
        seen: set[tuple[str, Pointer]] = set()
        value = follow(document.data, at) if is_found else None
        while isinstance(value, Mapping) and set(value) == {"$ref"} and (document.file, at) not in seen:
            seen.add((document.file, at))
            document, at = self.resolve(document, value["$ref"])
            value = follow(document.data, at)
        return value

    def _walk(self, pointer: Pointer) -> tuple[Document, Pointer, bool]:
        document: Document = self.main
        at: Pointer = ()
        for token in pointer:
            step = self._step(document, at, token)
            if step is None:
                return document, at, False
            document, at = step
        return document, at, True

    def _step(self, document: Document, at: Pointer, token: str) -> tuple[Document, Pointer] | None:
        pending, seen = [(document, at)], set()
        while pending:
            current, place = pending.pop(0)
            value = follow(current.data, place)
            if (current.file, place) in seen or not isinstance(value, Mapping | list):
                continue
            seen.add((current.file, place))
            if isinstance(value, list):
                return (current, (*place, token)) if token.isdecimal() and int(token) < len(value) else None
            if token in value:
                return current, (*place, token)
            if isinstance(ref := value.get("$ref"), str):
                pending.append(self.resolve(current, ref))
            for name in _COMBINATORS:
                if isinstance(members := value.get(name), list):
                    pending += [(current, (*place, name, str(index))) for index in range(len(members))]
        return None


def read_library(path: Path, root: Path) -> Library:
    """Read a document and every file that its `$ref`s name.

    Raises:
        ContractError: A file cannot be read, or a `$ref` is dangling or names a URL.
    """
    main = read_document(path, root)
    files, pending = {main.file: main}, [main]
    while pending:
        document = pending.pop()
        for place, ref in find_references(document.data, ()):
            name = ref.partition("#")[0]
            where = str(document.locate(place))
            if name and urlsplit(name).scheme:
                raise ContractError(
                    f"`{ref}` is a URL", where=where, remedy="copy the file into the repository"
                )
            target = (document.path.parent / unquote(name)).resolve()
            if name and all(known.path.resolve() != target for known in files.values()):
                if not target.is_file():
                    raise ContractError(f"`{ref}`: there is no such file", where=where)
                read = read_document(target, root)
                files[read.file] = read
                pending.append(read)
    library = Library(main=main, files=files)
    _refuse_dangling(library)
    return library


def _refuse_dangling(library: Library) -> None:
    for document in library.files.values():
        for place, ref in find_references(document.data, ()):
            target, pointer = library.resolve(document, ref)
            try:
                follow(target.data, pointer)
            except KeyError as error:
                where = str(document.locate(place))
                raise ContractError(f"`{ref}` does not exist", where=where) from error


def find_references(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Yield each `$ref` below a value, with its pointer."""
    if is_literal(pointer):
        return
    if isinstance(value, Mapping):
        if isinstance(ref := value.get("$ref"), str):
            yield (*pointer, "$ref"), ref
        for key, child in value.items():
            yield from find_references(child, (*pointer, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from find_references(child, (*pointer, str(index)))
