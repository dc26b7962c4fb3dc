"""What a service of the proving ground is, and what a planted bug is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI

    from tests.proving_ground.tokens import Mint


EVERY = "every protected operation"


class Family(StrEnum):
    """What kind of bug it is; the value is the word of the page and of the figures."""

    TOKEN_HEADER = "token: header"
    TOKEN_SIGNATURE = "token: signature"
    TOKEN_TIME = "token: time"
    TOKEN_PARTIES = "token: issuer, audience, subject"
    TOKEN_PARSING = "token: parsing"
    MISSING_PROTECTION = "missing protection"
    WRONG_SCHEME = "wrong scheme"
    OPTIONAL_SECURITY = "optional security"
    BOLA_READ = "BOLA: read"
    BOLA_UPDATE = "BOLA: update"
    BOLA_DELETE = "BOLA: delete"
    BOLA_LIST = "BOLA: list"
    BOLA_SEARCH = "BOLA: search"
    BOLA_NESTED = "BOLA: nested"
    BOLA_BULK = "BOLA: bulk"
    BOLA_EXPORT = "BOLA: export"
    BOLA_REFERENCE = "BOLA: reference in a body"
    FUNCTION_LEVEL = "function-level authorization"
    MASS_ASSIGNMENT = "mass assignment"
    DATA_EXPOSURE = "data exposure"
    LEAK_STATUS = "existence leak: status"
    LEAK_BODY = "existence leak: body"
    LEAK_HEADER = "existence leak: header"
    LEAK_ORDER = "existence leak: order"
    LEAK_COUNT = "existence leak: count"
    REFUSED_SIDE_EFFECT = "side effect of a refused call"
    USE_AFTER_DELETE = "use after delete"
    SHADOW_ROUTE = "shadow route"
    UNDOCUMENTED_STATUS = "undocumented status"
    WRONG_CHALLENGE = "wrong challenge"
    CACHED_PRIVATE = "cached private response"
    CRASH_TEXT = "500: text"
    CRASH_NUMBER = "500: number"
    CRASH_ENCODING = "500: encoding"
    CRASH_HEADER = "500: header"
    PAGINATION = "pagination overflow"
    RACE = "race"


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug that can be planted in a service.

    Attributes:
        id: The service's name, a hyphen, and the switch that the service asks for.
        service: The service's name.
        family: What kind of bug it is.
        checks: The checks of the fuzzer that have to find it, each of them, by their names in `CHECKS`.
        operations: Method and path of the operations that have the bug: a check has to find it on one
            of them. `(EVERY,)` for a bug that each protected operation has.
        what: What the broken build does, one sentence.
    """

    id: str
    service: str
    family: Family
    checks: tuple[str, ...]
    operations: tuple[str, ...]
    what: str

    @property
    def switch(self) -> str:
        """What the service asks for, shared by services that can have the same bug."""
        return self.id.removeprefix(f"{self.service}-")


Names = str | tuple[str, ...]


def list_bugs(service: str, rows: tuple[tuple[str, Family, Names, Names, str], ...]) -> tuple[Bug, ...]:
    """List the bugs of a service: switch, family, checks, operations and what is wrong, by row.

    A row writes a single check or operation as a text.
    """
    return tuple(
        Bug(f"{service}-{switch}", service, family, _as_tuple(checks), _as_tuple(operations), what)
        for switch, family, checks, operations, what in rows
    )


def _as_tuple(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults that one build has; none in the right build."""

    planted: frozenset[str] = frozenset()

    def has(self, switch: str) -> bool:
        """Tell whether a fault is planted in this build."""
        return switch in self.planted


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the proving ground, with all that a user of a fuzzer would tell about it.

    Attributes:
        name: Its name, the first part of the id of its bugs.
        contract: Its OpenAPI document, written by hand.
        mint: How its issuer makes tokens.
        bugs: What can be planted in it.
        create: Makes the application with the faults planted, the clock given and an empty state.
        probe: Method and path of a protected call that a right token makes succeed.
        scheme: The security scheme whose credential is the token.
        keys: For each other scheme the value to send, by identity.
        owner_field: The property that shows whose a resource is; empty where none does.
    """

    name: str
    contract: Mapping[str, Any]
    mint: Mint
    bugs: tuple[Bug, ...]
    create: Callable[[Faults, Callable[[], float]], FastAPI]
    probe: tuple[str, str]
    scheme: str = "bearer"
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owner_field: str = ""

    def build(self, bug: str | None = None, clock: Callable[[], float] = time.time) -> FastAPI:
        """Build the service, right or with one bug, with an empty state.

        Args:
            bug: The id of the bug; None for the right build.
            clock: Gives the time in seconds since the epoch.

        Raises:
            KeyError: The service has no such bug.
        """
        switches = {entry.id: entry.switch for entry in self.bugs}
        planted = frozenset() if bug is None else frozenset({switches[bug]})
        return self.create(Faults(planted), clock)
