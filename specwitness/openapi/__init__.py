"""The reader of OpenAPI contracts: operations, references and the line of every place."""

from specwitness.openapi.document import read_document
from specwitness.openapi.reading import METHODS, REQUIREMENTS, Contract, Operation, bundle, read_contract
from specwitness.openapi.references import find_references

__all__ = [
    "METHODS",
    "REQUIREMENTS",
    "Contract",
    "Operation",
    "bundle",
    "find_references",
    "read_contract",
    "read_document",
]
