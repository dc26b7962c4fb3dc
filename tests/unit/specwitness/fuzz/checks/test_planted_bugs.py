"""Each bug that is planted in a small service is found by its check on its operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.catalogue import PLANTED
from tests.services.findings import assert_found

if TYPE_CHECKING:
    from tests.services.service import PlantedBug, SmallService


@pytest.mark.parametrize(
    ("service", "bug"),
    PLANTED,
    ids=[f"{bug.check}-{service.name}-{bug.switch}" for service, bug in PLANTED],
)
def test_planted_bug_is_found_by_its_check_on_its_operation(service: SmallService, bug: PlantedBug) -> None:
    assert_found(service, bug)
