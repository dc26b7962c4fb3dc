"""The reader of OpenAPI contracts: operations, references and the line of every place."""

from specwitness.openapi.reading import METHODS, Contract, Operation, bundle, read_contract

__all__ = ["METHODS", "Contract", "Operation", "bundle", "read_contract"]
