"""Situations: states of the service that no request can cause, such as an outage of its database."""

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
    """A state that the target starts and ends, such as an outage.

    Args:
        name: The name in reports: `an outage of the database`.
        statuses: The expected statuses during the situation, such as `(503,)`, for each operation that
            documents one of them.
        enter: Gives a context manager that starts the situation and ends it. Its argument is a function
            that calls an operation by id as the situation's user, and returns the response.
        identity: The name of the caller, as the target's provider knows it.
        operations: The ids of the operations to call; empty for all that document one of the statuses.
        recovery: The seconds after the end within which the operations have to succeed again.
    """

    name: str
    statuses: tuple[int, ...]
    enter: Callable[[Callable[[str], Response]], AbstractContextManager[object]]
    identity: str = ALICE
    operations: tuple[str, ...] = ()
    recovery: float = _RECOVERY_SECONDS
