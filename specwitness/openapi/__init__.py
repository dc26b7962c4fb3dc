"""The reader of OpenAPI contracts: operations, references, and the line of every part."""

from specwitness.openapi.document import read_document
from specwitness.openapi.reading import (
    METHODS,
    REQUIREMENTS,
    Contract,
    Operation,
    bundle,
    is_protected,
    read_contract,
)
from specwitness.openapi.references import find_references
from specwitness.openapi.servers import base_path, is_below, strip_base

__all__ = [
    "METHODS",
    "REQUIREMENTS",
    "Contract",
    "Operation",
    "base_path",
    "bundle",
    "find_references",
    "is_below",
    "is_protected",
    "read_contract",
    "read_document",
    "strip_base",
]
