"""The registry of checks: each module of this package declares its own in `CHECKS`."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from specwitness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.session.context import Context

# The comparison of contract and app is a run of its own; its results are named like a check's.
CONTRACT = "contract"


class Scope(Enum):
    """The point of a run at which a check runs, and the operations that it runs on."""

    REACHED = "once for each operation that answered its owner with 2xx"
    CALLABLE = "once for each operation that may be called, whatever it answered"
    RUN = "once, after the operations that leave everybody's access as it is"
    SITUATIONS = "once, at the end"


def _fits_all(_context: Context, _endpoint: Endpoint) -> bool:
    return True


def _is_never_due(_endpoint: Endpoint) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check, or a further procedure of one.

    Args:
        name: The name in settings, reports and on the command line, such as `isolation`.
        order: The position among the checks of the same scope, and in reports.
        title: The text of the report after the operation's name. Empty for a further procedure of a
            check that another module declares.
        tries: The attacks of the check, for the table of checks in the documentation, in Markdown.
        requirements: A requirement that the check can be evidence for, in words.
        scope: The point of the run.
        fits: Selects operations by the contract. Not used in the scopes `RUN` and `SITUATIONS`.
        run: Runs the check on one operation, in the scopes `REACHED` and `CALLABLE`.
        run_once: Runs the check in the scopes `RUN` and `SITUATIONS`. Both are None for a check whose
            cases another procedure counts: `enumeration` counts cases of `existence`.
        reports: Further checks for which the procedure counts cases.
        is_due: Selects operations that have a line in reports even if no case was tried.
    """

    name: str
    order: int
    title: str = ""
    tries: str = ""
    requirements: str = ""
    scope: Scope = Scope.REACHED
    fits: Callable[[Context, Endpoint], bool] = _fits_all
    run: Callable[[Context, Endpoint], object] | None = None
    run_once: Callable[[Context], object] | None = None
    reports: tuple[str, ...] = ()
    is_due: Callable[[Endpoint], bool] = _is_never_due

    @property
    def names(self) -> tuple[str, ...]:
        """The checks whose cases it counts, its own first."""
        return (self.name, *self.reports)


@cache
def load_checks() -> tuple[Check, ...]:
    """Import every module below `specwitness.fuzz.checks`, and list the declared checks, by order."""
    package = import_module("specwitness.fuzz.checks")
    found: list[Check] = []
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name != __name__:
            found += getattr(import_module(module.name), "CHECKS", ())
    return tuple(sorted(found, key=lambda check: (check.order, check.name)))


def find_checks(scope: Scope) -> list[Check]:
    """List the checks that run in a scope, by order."""
    return [check for check in load_checks() if check.scope is scope and (check.run or check.run_once)]


def named_checks() -> dict[str, Check]:
    """Give the checks that have a title in reports: name to check, by order."""
    return {check.name: check for check in load_checks() if check.title}


def refuse_unknown(names: Iterable[str], where: str) -> None:
    """Raise an error for a name that is no check's.

    Args:
        names: Names from settings or the command line.
        where: The setting, for the message.

    Raises:
        ConfigError: There is no check of a name.
    """
    known = [CONTRACT, *named_checks()]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise ConfigError(
                f"there is no check `{name}`", where=where, remedy=f"{hint}the checks are {', '.join(known)}"
            )


def table() -> str:
    """Write the table of all checks for the documentation, in Markdown."""
    rows = [f"| `{name}` | {check.tries} | {check.requirements} |" for name, check in named_checks().items()]
    return "\n".join(
        ("| check | what is tried | evidence for requirements such as |", "|---|---|---|", *rows)
    )
