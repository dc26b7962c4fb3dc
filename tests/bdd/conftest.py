"""The world fixture and the step definitions of all scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("tests.bdd.steps")  # specwitness counts the assertions of the steps

from tests.bdd.steps.account import *
from tests.bdd.steps.browser import *
from tests.bdd.steps.credentials import *
from tests.bdd.steps.dependency import *
from tests.bdd.steps.edge_cases import *
from tests.bdd.steps.isolation import *
from tests.bdd.steps.key_set import *
from tests.bdd.steps.mechanism import *
from tests.bdd.steps.revocation import *
from tests.bdd.steps.row_level_security import *
from tests.bdd.steps.shared import *
from tests.bdd.steps.starting import *
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(empty_database: str) -> Iterator[World]:
    """The state of one scenario, on an empty database."""
    with World(empty_database) as world:
        yield world
