"""The ids and keys of requirements: how a definition is told from a mention, as in `see FR-001`."""

from __future__ import annotations

import re
from typing import NamedTuple

from specwitness.model import RequirementKind

ID = r"(?:NFR|FR|SC|AC|EC)(?:-[A-Z][A-Z0-9]*)*-\d+[a-z]?(?:\.\d+)*"
LOCAL = rf"(?:US\d+/)?(?:{ID}|(?:AC|EC)\d+)"
KEY = rf"[A-Za-z0-9][\w.-]*/{LOCAL}"

_MENTION = re.compile(rf"(?<![\w/.-])(?P<key>{KEY}|{LOCAL})(?!\w)")
_REFERENCE = rf"(?:{KEY}|{LOCAL})"
_GROUP = re.compile(rf"\s*[\[(]\s*{_REFERENCE}(?:\s*(?:[,;/&+]|and)\s*{_REFERENCE})*\s*[\])]")
_DEFINITION = re.compile(
    rf"(?:\[[ xX]\]\s+)?[\[(]?(?P<id>{ID})[\])]?\s*(?P<mark>[:：]|[.–—-](?=\s)|(?=\s)|(?=\())"
)
_IS_REFERENCE = re.compile(rf"\s*(?:[,;/&+→–-]|and\b|or\b|->|=>|to\b|through\b)+\s*[\[(]?(?:{ID}|US\d)")


class Definition(NamedTuple):
    """A statement that begins with its id; `weak` if it may be a mention: `FR-001 applies here`."""

    id: str
    kind: RequirementKind
    text: str
    weak: bool


def is_key(text: str) -> bool:
    """Return whether a text is a whole key, such as `003/FR-006`."""
    return re.fullmatch(KEY, text) is not None


def find_keys(text: str, namespace: str) -> tuple[str, ...]:
    """Find the keys of all requirements that a text mentions, in order and without duplicates.

    Args:
        text: Such as `as in FR-001 and 002/FR-003`.
        namespace: The first part of keys whose mention has none: `003` makes `003/FR-001` of `FR-001`.
    """
    keys = (match["key"] for match in _MENTION.finditer(text))
    return tuple(dict.fromkeys(key if is_key(key) else f"{namespace}/{key}" for key in keys))


def strip_references(text: str) -> str:
    """Remove bracketed references (`[FR-001, SC-002]`) from a text."""
    return _GROUP.sub("", text)


def lists_references_only(text: str) -> bool:
    """Return whether a table cell has only ids: `FR-001, SC-002`, with or without brackets."""
    return bool(text.strip()) and not _GROUP.sub("", f"[{text.strip().strip('[]()')}]").strip()


def split_definition(text: str, *, bold: bool, weak: bool = True) -> Definition | None:
    """Split `FR-001: System MUST …` into id and statement.

    Args:
        text: The statement without Markdown.
        bold: It began in bold, as the stock template writes ids.
        weak: Accept an id without bold and without a colon (list items, headings, tables).

    Returns:
        The definition, or None for prose, also where it only mentions ids.
    """
    match = _DEFINITION.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    colon = match["mark"] in {":", "："}
    if not colon and (_IS_REFERENCE.match(match["mark"] + rest) or not (bold or weak)):
        return None
    identifier = match["id"]
    return Definition(
        identifier, RequirementKind(identifier.split("-")[0]), rest.strip(), not (colon or bold)
    )
