"""A YAML or JSON document with the line of every part."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from specwitness.errors import ContractError
from specwitness.model import Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KINDS = {
    "null": re.compile(r"^(?:~|null|Null|NULL|)$"),
    "bool": re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    "int": re.compile(r"^[-+]?[0-9]+$"),
    "float": re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    "merge": re.compile(r"^<<$"),
}


class _Loader(yaml.SafeLoader):
    """Reads YAML 1.2 scalars: `on` and `2025-01-01` are strings; keys are always strings."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        self.flatten_mapping(node)
        return {_key(key): self.construct_object(value, deep=deep) for key, value in node.value}


for _kind, _pattern in _KINDS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _pattern, None)
# PyYAML would read 010 as eight.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and its YAML nodes with their lines.

    `file` is the path relative to the root of the repository, with `/`.
    """

    path: Path
    file: str
    data: Any
    node: yaml.Node

    def locate(self, pointer: Sequence[str]) -> Location:
        """Return the line of a part; if it does not exist, of its nearest existing ancestor."""
        node, line = self.node, self.node.start_mark.line
        for token in pointer:
            child = _child(node, token)
            if child is None:
                break
            node, line = child
        return Location(file=self.file, line=line + 1)


def read_document(path: Path, root: Path) -> Document:
    """Read a YAML or JSON file below `root`.

    Raises:
        ContractError: The file is missing, unreadable, outside `root`, or has duplicate keys.
    """
    file = _relative(path, root)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ContractError(f"the contract cannot be read: {reason}", where=file) from error
    node = _compose(text, file, is_json=path.suffix == ".json")
    _refuse_ambiguity(node, file, above=(), done=set())
    data = json.loads(text) if path.suffix == ".json" else _construct(node, file)
    return Document(path=path, file=file, data=data, node=node)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise ContractError(
            "the contract is outside the repository", where=path.name, remedy="move it below the root"
        ) from error


def _compose(text: str, file: str, *, is_json: bool) -> yaml.Node:
    try:
        if is_json:
            json.loads(text)
            # JSON allows tabs between tokens, and YAML refuses them.
            text = text.replace("\t", " ")
        node = yaml.compose(text, Loader=_Loader)
    except json.JSONDecodeError as error:
        raise ContractError(f"this is not valid JSON: {error.msg}", where=f"{file}:{error.lineno}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        raise ContractError(f"this is not valid YAML: {error.problem}", where=where) from error
    except yaml.YAMLError as error:
        raise ContractError("this is not valid YAML: it has a forbidden character", where=file) from error
    if node is None:
        raise ContractError("the contract is empty", where=file)
    return node


def _construct(node: yaml.Node, file: str) -> Any:
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        raise ContractError(f"this is not valid YAML: {error.problem}", where=where) from error
    finally:
        loader.dispose()


def _refuse_ambiguity(node: yaml.Node, file: str, *, above: tuple[int, ...], done: set[int]) -> None:
    if isinstance(node, yaml.ScalarNode) or id(node) in done:
        return
    if id(node) in above:
        where = f"{file}:{node.start_mark.line + 1}"
        raise ContractError("an anchor contains itself", where=where, remedy="use `$ref` for recursion")
    if isinstance(node, yaml.MappingNode):
        _refuse_duplicates(node, file)
    for child in _children(node):
        _refuse_ambiguity(child, file, above=(*above, id(node)), done=done)
    done.add(id(node))


def _refuse_duplicates(node: yaml.MappingNode, file: str) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            where = f"{file}:{key.start_mark.line + 1}"
            raise ContractError("a key is not a string", where=where)
        line = key.start_mark.line + 1
        if key.value in lines and key.tag != "tag:yaml.org,2002:merge":
            first = lines[key.value]
            raise ContractError(
                f"the key `{key.value}` appears twice, first on line {first}", where=f"{file}:{line}"
            )
        lines[key.value] = line


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value)


def _child(node: yaml.Node, token: str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        # The last one wins: keys that were merged by `<<` come first.
        for key, value in reversed(node.value):
            if _key(key) == token:
                return value, key.start_mark.line
    elif isinstance(node, yaml.SequenceNode) and token.isdecimal() and int(token) < len(node.value):
        item = node.value[int(token)]
        return item, item.start_mark.line
    return None


def _key(node: yaml.Node) -> str:
    return str(node.value)
