"""Validates the examples of a contract with their schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker
from openapi_schema_validator import OAS30Validator

from specwitness.openapi.references import dereference, is_literal

if TYPE_CHECKING:
    from specwitness.contract.sides import Side
    from specwitness.openapi.references import Pointer

_LONGEST_MESSAGE = 160


def find_bad_examples(side: Side) -> Iterator[tuple[Pointer, str]]:
    """Find the examples that are invalid by their schema: of media types, parameters, headers, schemas.

    Yields:
        The pointer to the example, and a text for the report.
    """
    is_old = str(side.document.get("openapi", "")).startswith("3.0")
    kind = OAS30Validator if is_old else Draft202012Validator
    validator = kind(side.document, format_checker=FormatChecker())
    for pointer, example, schema in _find_examples(side.document, side.document, ()):
        # The document stays the root of the validator, so that `$ref`s are resolved in it.
        error = next(iter(validator.evolve(schema=schema).iter_errors(example)), None)
        if error is not None:
            message = " ".join(str(error.message).split())
            where = "".join(f".{part}" for part in error.absolute_path)
            yield pointer, f"this example is invalid: ${where}: {message[:_LONGEST_MESSAGE]}"


def _find_examples(value: Any, document: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any, Any]]:
    if is_literal(pointer):
        return
    if isinstance(value, Mapping):
        yield from _find_examples_of(value, document, pointer)
        for key, child in value.items():
            yield from _find_examples(child, document, (*pointer, str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _find_examples(child, document, (*pointer, str(index)))


def _find_examples_of(
    holder: Mapping[str, Any], document: Any, pointer: Pointer
) -> Iterator[tuple[Pointer, Any, Any]]:
    # A property can have the name `example`: then `holder` maps names to schemas.
    if pointer and pointer[-1] in {"properties", "patternProperties", "$defs", "schemas", "examples"}:
        return
    schema = holder.get("schema", None if "content" in holder else holder)
    if "example" in holder:
        yield (*pointer, "example"), holder["example"], schema
    examples = holder.get("examples")
    if isinstance(examples, Mapping) and "schema" in holder:
        for name, example in examples.items():
            described = dereference(example, document)
            if isinstance(described, Mapping) and "value" in described:
                yield (*pointer, "examples", name), described["value"], schema
    elif isinstance(examples, list):
        for index, example in enumerate(examples):
            yield (*pointer, "examples", str(index)), example, schema
