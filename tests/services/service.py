"""What a small service is, and which bugs can be planted in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tests.proving_ground.model import Faults
from tests.services.users import ANN_AND_BEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from specwitness.fuzz.users.identity import IdentityProvider
    from specwitness.openapi import Contract


class PlantedBug(NamedTuple):
    """One bug that can be planted in a small service, and the finding that it has to bring.

    Attributes:
        switch: What the service asks for: `faults.has("search-of-all")`.
        check: The check that finds it.
        operation: Where: `GET /notes`.
        words: A part of what the finding says after the operation.
        needs: The checks that have to run too, where one of them makes the finding: a `POST` of
            administrators without authentication is called by `privilege` and reported as `none`.
    """

    switch: str
    check: str
    operation: str
    words: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallService:
    """A service of a few lines, right or with one bug.

    Attributes:
        name: Its name.
        create: Makes the app with bugs planted and an empty state.
        bugs: What can be planted.
        read: Reads the contract; None for the one that the right app generates.
        identities: Who its users are, and how they come by their credentials.
        unreached: The operations that answer no user with 2xx.
    """

    name: str
    create: Callable[[Faults], FastAPI]
    bugs: tuple[PlantedBug, ...] = ()
    read: Callable[[], Contract] | None = None
    identities: IdentityProvider = field(default=ANN_AND_BEN)
    unreached: frozenset[str] = frozenset()

    def build(self, *switches: str) -> FastAPI:
        """Build the app with an empty state.

        Raises:
            KeyError: It has no such bug.
        """
        if unknown := set(switches) - {bug.switch for bug in self.bugs}:
            raise KeyError(f"{self.name} has no bug {unknown}")
        return self.create(Faults(frozenset(switches)))
