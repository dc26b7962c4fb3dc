"""Finds the components of a contract that are not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from specwitness.openapi.references import find_references, parse_pointer

if TYPE_CHECKING:
    from specwitness.openapi.references import Pointer

_DEPTH = 3  # components / section / name


def find_unused(document: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Find the components that no path or webhook refers to, directly or through other components.

    Args:
        document: The contract as one document.

    Yields:
        The pointer to the component, and a text for the report.
    """
    components = document.get("components") or {}
    pending: list[Any] = [value for key, value in document.items() if key != "components"]
    used = set(_read_schemes(document))
    while pending:
        for target in _find_targets(pending.pop()):
            if target not in used:
                used.add(target)
                pending.append((components.get(target[1]) or {}).get(target[2]))
    for section, entries in components.items():
        for name in entries if isinstance(entries, Mapping) and not section.startswith("x-") else ():
            if ("components", section, name) not in used:
                yield ("components", section, name), f"nothing refers to {section}/{name}"


def _find_targets(value: Any) -> Iterator[Pointer]:
    refs = [ref for _, ref in find_references(value, ())]
    for ref in (*refs, *_find_mappings(value)):
        pointer = parse_pointer(ref)[:_DEPTH]
        if ref.startswith("#") and len(pointer) == _DEPTH:
            yield pointer
        elif not ref.startswith("#"):
            yield ("components", "schemas", ref)


def _find_mappings(value: Any) -> Iterator[str]:
    """Find the targets of discriminators: `#/components/schemas/Cat`, or just `Cat`."""
    if isinstance(value, Mapping):
        discriminator = value.get("discriminator")
        mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
        yield from (ref for ref in (mapping or {}).values() if isinstance(ref, str))
        for child in value.values():
            yield from _find_mappings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _find_mappings(child)


def _read_schemes(document: dict[str, Any]) -> Iterator[Pointer]:
    """Find the security schemes that the document or its operations name."""
    items = [*(document.get("paths") or {}).values(), *(document.get("webhooks") or {}).values()]
    operations = [operation for item in items if isinstance(item, Mapping) for operation in item.values()]
    for holder in (document, *operations):
        for requirement in (holder.get("security") or ()) if isinstance(holder, Mapping) else ():
            yield from (("components", "securitySchemes", name) for name in requirement)
