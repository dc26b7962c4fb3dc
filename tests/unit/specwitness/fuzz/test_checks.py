"""Our checks on the proving ground: nothing is found in right builds, a planted bug by its check."""

from __future__ import annotations

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.results.results import CHECKS
from tests.proving_ground.catalogue import BUGS, SERVICES
from tests.proving_ground.model import EVERY, Bug, Family
from tests.services.findings import Finding, list_findings
from tests.support.attacks import attack

SEEDS = (1, 2)
BUGS_OF = {
    "forged": ("orders-alg-confusion", "orders-alg-none"),
    "claims": ("orders-aud-ignored", "orders-crit-ignored"),
    "expired": ("orders-exp-ignored", "teams-exp-as-text"),
    "none": ("files-key-in-query", "teams-any-scheme"),
    "isolation": ("files-delete-any", "orders-read-any"),
    "existence": ("files-tag-on-404", "orders-foreign-403"),
    "disclosure": ("orders-search-any", "teams-list-all"),
    "assignment": ("teams-profile-role", "orders-patch-owner"),
    "side_effect": ("orders-patch-before-check", "teams-delete-before-check"),
    "deletion": ("orders-read-after-delete", "journal-update-after-delete"),
    "race": ("files-lost-update", "ledger-double-spend", "ledger-caller-shared", "ledger-id-from-count"),
    "privilege": ("teams-admin-by-header", "teams-admin-list-open"),
    "caching": ("orders-cached", "teams-cached"),
    "robustness": ("orders-search-pattern-crash", "orders-cursor-unchecked-crash"),
    "shadow": ("orders-shadow-dump", "teams-shadow-handover"),
    "conformance": ("teams-members-conflict", "files-gone-410"),
}
BY_ID = {bug.id: bug for bug in BUGS}
PAIRS = [(check, bug) for check, bugs in BUGS_OF.items() for bug in bugs]


def is_of(finding: Finding, bug: Bug) -> bool:
    """Tell whether a finding is on the operation of a bug; a hidden route is named in the words."""
    if bug.family is Family.SHADOW_ROUTE:
        return f"beside it {bug.operation} answers" in finding.words
    return bug.operation in {EVERY, finding.operation}


def test_every_check_finds_at_least_two_planted_bugs() -> None:
    # The bugs of situations are planted in a service of their own: test_situations.py.
    assert {check for check, bugs in BUGS_OF.items() if len(bugs) > 1} == set(CHECKS) - {"situation"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_right_service_has_no_findings(service: str, seed: int) -> None:
    assert list_findings(attack(service, None, FuzzConfig(seed=seed, strict=True))) == []


@pytest.mark.parametrize(("check", "bug"), PAIRS)
def test_planted_bug_is_found_by_its_check_on_its_operation(check: str, bug: str) -> None:
    findings = list_findings(attack(bug.partition("-")[0], bug, FuzzConfig(strict=True)))
    assert [finding for finding in findings if finding.check == check and is_of(finding, BY_ID[bug])], (
        findings
    )


def test_equal_runs_send_as_many_requests_and_reach_the_same() -> None:
    one, other = (attack("teams", None, FuzzConfig()) for _ in range(2))
    assert one.client.sent == other.client.sent
    assert list(one.trial.succeeded) == list(other.trial.succeeded)


def test_shards_share_out_all_operations_and_none_twice() -> None:
    whole = attack("teams", None, FuzzConfig(only=("caching",))).wanted()
    parts = [
        attack("teams", None, FuzzConfig(only=("caching",), shard=(number, 3))).wanted()
        for number in (1, 2, 3)
    ]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_spent_time_budget_is_reported_for_each_check_that_was_not_reached() -> None:
    engine = attack("teams", None, FuzzConfig(seconds=1e-6))
    gaps = engine.trial.ledger.gaps
    assert gaps["readTeam", "isolation"] == "the time budget was spent before it was reached"
