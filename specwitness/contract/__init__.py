"""The contract against the app's own schema and routes: one meaning, whatever the spelling."""

from specwitness.contract.comparison import compare, find_undocumented
from specwitness.contract.routes import compare_routes

__all__ = ["compare", "compare_routes", "find_undocumented"]
