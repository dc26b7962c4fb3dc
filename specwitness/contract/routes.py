"""The contract against the routes that the running app really has, hidden ones included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.contract.comparison import report_undocumented
from specwitness.contract.sides import shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from specwitness.model import Finding
    from specwitness.openapi import Contract


def compare_routes(
    contract: Contract, routes: Sequence[tuple[str, str]], allowed: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Find routes of the running app that the contract does not know.

    Args:
        contract: The hand-written contract.
        routes: Method and path of each route; `{name:convertor}` is read as `{name}`.
        allowed: Paths, or `METHOD /path`, that may stay out of the contract.
    """
    known = {(operation.method, shape_of(operation.path)) for operation in contract.operations}
    # A framework answers HEAD wherever it answers GET.
    known |= {("HEAD", shape) for method, shape in known if method == "GET"}
    extra = sorted({(_plain(path), method.upper()) for method, path in routes})
    return tuple(
        report_undocumented(contract, method, path)
        for path, method in extra
        if (method, shape_of(path)) not in known and path not in allowed and f"{method} {path}" not in allowed
    )


def _plain(path: str) -> str:
    return re.sub(r"\{([^}:]*):[^}]*\}", r"{\1}", path)
