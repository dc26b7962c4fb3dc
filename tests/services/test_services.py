"""The small services are what their tables say: contracts hold, and no bug is left out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from specwitness.fuzz.checks.registry import named_checks
from tests.services import outages
from tests.services.catalogue import PLANTED, SERVICES
from tests.services.findings import attack, contract_of, list_findings, surface_of
from tests.services.notebook import NOTEBOOK
from tests.services.outages import make_outage_contract, plant
from tests.services.service import SmallService

every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@every_service
def test_contract_is_valid(service: SmallService) -> None:
    validate(contract_of(service).document)


def test_contract_of_outages_is_valid() -> None:
    validate(make_outage_contract().document)


@every_service
def test_switches_of_a_service_are_unique(service: SmallService) -> None:
    assert [
        switch for switch, count in Counter(bug.switch for bug in service.bugs).items() if count > 1
    ] == []


@every_service
def test_bugs_name_a_check_and_an_operation_of_the_contract(service: SmallService) -> None:
    operations = {endpoint.operation.name for endpoint in surface_of(service).endpoints}
    assert {bug.operation for bug in service.bugs} <= operations
    assert {check for bug in service.bugs for check in (bug.check, *bug.needs)} <= set(named_checks())


def test_every_switch_that_a_service_asks_for_is_planted() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    asked = set(re.findall(r'faults\.has\(\s*"([^"]+)"', code))
    assert asked == {bug.switch for _, bug in PLANTED} | outages.SWITCHES


def test_unknown_bug_is_not_built() -> None:
    with pytest.raises(KeyError, match="no-such-bug"):
        NOTEBOOK.build("no-such-bug")
    with pytest.raises(KeyError, match="no-such-fault"):
        plant("no-such-fault")


def test_run_is_shared_by_the_tests_that_look_at_it() -> None:
    assert attack(NOTEBOOK, only=("caching",)) is attack(NOTEBOOK, only=("caching",))


def test_finding_has_check_operation_and_text() -> None:
    (finding,) = list_findings(attack(NOTEBOOK, "csv-of-all", only=("disclosure",)))
    assert finding.check == "disclosure"
    assert finding.operation == "GET /api/{user_id}/export"
    assert "shows another user" in finding.text


def test_run_that_does_not_reach_every_operation_proves_nothing() -> None:
    unreachable = SmallService(
        name="notebook", create=NOTEBOOK.create, bugs=NOTEBOOK.bugs, unreached=frozenset({"listNotes"})
    )
    with pytest.raises(AssertionError, match="notebook: answered no user"):
        attack(unreachable, only=("caching",))
