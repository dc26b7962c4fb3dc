"""Finds the witness of a bug: the function that tells whether a build shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.proving_ground.cinema import witnesses as cinema
from tests.proving_ground.clinic import witnesses as clinic
from tests.proving_ground.files import witnesses as files
from tests.proving_ground.journal import witnesses as journal
from tests.proving_ground.ledger import witnesses as ledger
from tests.proving_ground.newsroom import witnesses as newsroom
from tests.proving_ground.orders import witnesses as orders
from tests.proving_ground.reminders import witnesses as reminders
from tests.proving_ground.teams import witnesses as teams
from tests.proving_ground.token_witnesses import DOOR_WITNESSES, FORGERIES, is_let_in
from tests.proving_ground.vault import witnesses as vault
from tests.proving_ground.visitor import Visitor

if TYPE_CHECKING:
    from tests.proving_ground.model import Bug

Witness = Callable[[Visitor], bool]
MODULES: dict[str, Any] = {
    "orders": orders,
    "teams": teams,
    "files": files,
    "ledger": ledger,
    "journal": journal,
    "reminders": reminders,
    "newsroom": newsroom,
    "cinema": cinema,
    "clinic": clinic,
    "vault": vault,
}
WITNESSES: dict[str, dict[str, Witness]] = {name: module.WITNESSES for name, module in MODULES.items()}
TOURS: dict[str, Callable[[Visitor], None]] = {name: module.tour for name, module in MODULES.items()}


def find_witness(bug: Bug) -> Witness:
    """Find the witness of a bug.

    Raises:
        KeyError: It has none.
    """
    own = WITNESSES[bug.service]
    if bug.switch in own:
        return own[bug.switch]
    if bug.switch in FORGERIES:
        return partial(is_let_in, switch=bug.switch)
    return DOOR_WITNESSES[bug.switch]
