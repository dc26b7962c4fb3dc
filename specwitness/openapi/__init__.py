"""The reader of OpenAPI contracts: operations, references and the line of every place."""

from specwitness.openapi.bundling import bundle_library
from specwitness.openapi.document import read_document
from specwitness.openapi.reading import METHODS, REQUIREMENTS, Contract, Operation, bundle, read_contract
from specwitness.openapi.references import find_references, read_library

__all__ = [
    "METHODS",
    "REQUIREMENTS",
    "Contract",
    "Operation",
    "bundle",
    "bundle_library",
    "find_references",
    "read_contract",
    "read_document",
    "read_library",
]
