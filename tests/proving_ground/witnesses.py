"""Finds the witness of a bug: the function that tells whether a build shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proving_ground.files import witnesses as files
from tests.proving_ground.orders import witnesses as orders
from tests.proving_ground.teams import witnesses as teams
from tests.proving_ground.token_witnesses import DOOR_WITNESSES, FORGERIES, is_let_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.model import Bug
    from tests.proving_ground.visitor import Visitor

WITNESSES = {"orders": orders.WITNESSES, "teams": teams.WITNESSES, "files": files.WITNESSES}
TOURS = {"orders": orders.tour, "teams": teams.tour, "files": files.tour}


def find_witness(bug: Bug) -> Callable[[Visitor], bool]:
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
