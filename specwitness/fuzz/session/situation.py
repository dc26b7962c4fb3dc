"""A state of the service that no request of the checks brings about, such as an outage of its database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from specwitness.fuzz.users.identity import ALICE

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from specwitness.fuzz.http.message import Response

_RECOVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A state that the target brings about for real, and ends again.

    Args:
        name: As the report tells it: `an outage of the database`.
        statuses: While it lasts, each operation that documents one of them answers with one of them.
        enter: Gives the context manager that it lasts as long as. It is handed a function that calls
            an operation by its id as the situation's user, and gives the answer.
        identity: Who calls, by the name that the target's provider knows.
        operations: The ids of those that it is for; none: all that document one of the statuses.
        recovery: Seconds after its end within which the service has to be well again.
    """

    name: str
    statuses: tuple[int, ...]
    enter: Callable[[Callable[[str], Response]], AbstractContextManager[object]]
    identity: str = ALICE
    operations: tuple[str, ...] = ()
    recovery: float = _RECOVERY_SECONDS
