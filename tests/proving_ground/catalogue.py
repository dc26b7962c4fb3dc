"""All services of the proving ground, and all bugs that can be planted in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proving_ground.cinema.definition import CINEMA
from tests.proving_ground.clinic.definition import CLINIC
from tests.proving_ground.files.definition import FILES
from tests.proving_ground.journal.definition import JOURNAL
from tests.proving_ground.ledger.definition import LEDGER
from tests.proving_ground.newsroom.definition import NEWSROOM
from tests.proving_ground.orders.definition import ORDERS
from tests.proving_ground.reminders.definition import REMINDERS
from tests.proving_ground.teams.definition import TEAMS
from tests.proving_ground.vault.definition import VAULT

if TYPE_CHECKING:
    from tests.proving_ground.model import Bug, Service

# The number of requests that the right builds of a group take is measured by group.
GROUPS: dict[str, tuple[Service, ...]] = {
    "core": (ORDERS, TEAMS, FILES, LEDGER, JOURNAL, REMINDERS),
    # Small collections whose names, verbs and members an English word list may read wrongly.
    "vocabulary": (NEWSROOM, CINEMA, CLINIC, VAULT),
}
SERVICES: tuple[Service, ...] = tuple(service for group in GROUPS.values() for service in group)
BUGS: tuple[Bug, ...] = tuple(bug for service in SERVICES for bug in service.bugs)


def find_service(name: str) -> Service:
    """Find a service by its name.

    Raises:
        KeyError: There is none.
    """
    return {service.name: service for service in SERVICES}[name]
