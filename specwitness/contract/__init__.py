"""The contract check: compares an OpenAPI contract with the app and with an older version, and lints it."""

from specwitness.app_routes import list_routes
from specwitness.contract.base import Base, read_base
from specwitness.contract.comparison import compare, find_undocumented
from specwitness.contract.inspection import (
    App,
    Inspection,
    Rulebook,
    find_contradictions,
    inspect_contract,
    inspect_document,
    place_app,
)
from specwitness.contract.routes import compare_routes
from specwitness.contract.rules import RULES, RuleKind
from specwitness.contract.served import read_document

__all__ = [
    "RULES",
    "App",
    "Base",
    "Inspection",
    "RuleKind",
    "Rulebook",
    "compare",
    "compare_routes",
    "find_contradictions",
    "find_undocumented",
    "inspect_contract",
    "inspect_document",
    "list_routes",
    "place_app",
    "read_base",
    "read_document",
]
