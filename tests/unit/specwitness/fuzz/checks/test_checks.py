"""Our checks on the proving ground: nothing is found in right builds, a planted bug by its check."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.checks.registry import named_checks
from tests.proving_ground.catalogue import BUGS as ALL_BUGS
from tests.proving_ground.catalogue import GROUPS, SERVICES
from tests.proving_ground.findings import Finding, is_found
from tests.proving_ground.model import Family
from tests.support.attacks import attack, findings_of

if TYPE_CHECKING:
    from tests.proving_ground.model import Bug

SEEDS = (1, 2)
# Two planted bugs for each check; which check has to find a bug, and on which operation, says its row.
BUGS = (
    "orders-alg-confusion",
    "orders-alg-none",
    "orders-aud-ignored",
    "orders-crit-ignored",
    "orders-exp-ignored",
    "teams-exp-as-text",
    "files-key-in-query",
    "teams-any-scheme",
    "files-delete-any",
    "orders-read-any",
    "files-tag-on-404",
    "orders-foreign-403",
    "orders-search-any",
    "teams-list-all",
    "teams-profile-role",
    "orders-patch-owner",
    "orders-patch-before-check",
    "teams-delete-before-check",
    "orders-read-after-delete",
    "journal-update-after-delete",
    "files-lost-update",
    "ledger-double-spend",
    "ledger-caller-shared",
    "ledger-id-from-count",
    "teams-admin-by-header",
    "teams-admin-list-open",
    "orders-cached",
    "teams-cached",
    "orders-search-pattern-crash",
    "orders-cursor-unchecked-crash",
    "orders-shadow-dump",
    "teams-shadow-handover",
    "teams-members-conflict",
    "files-gone-410",
)
PLANTED = [bug for bug in ALL_BUGS if bug.id in BUGS]
# Collections, verbs, parameters and members that an English word list may not know, or know wrongly.
NAMED = [bug for service in GROUPS["vocabulary"] for bug in service.bugs]


def test_every_check_has_to_find_two_bugs() -> None:
    bugs_of = Counter(check for bug in PLANTED for check in bug.checks)
    # The bugs of situations are planted in a service of their own: test_situations.py.
    assert {check for check, bugs in bugs_of.items() if bugs > 1} == set(named_checks()) - {"situation"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_right_service_has_no_finding(service: str, seed: int) -> None:
    assert findings_of(attack(service, None, FuzzConfig(seed=seed, strict=True))) == frozenset()


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.id)
def test_planted_bug_is_found_by_its_check_on_its_operation(bug: Bug) -> None:
    findings = find_in(bug.service, bug.id) - find_in(bug.service)
    assert is_found(bug, findings), sorted(findings, key=str)


@pytest.mark.parametrize("bug", NAMED, ids=lambda bug: bug.id)
def test_bug_behind_an_uncommon_name_is_found(bug: Bug) -> None:
    # Whether a call that names no object changes another user's is seen only when all checks run.
    only = () if bug.family is Family.BOLA_BULK else bug.checks
    findings = find_in(bug.service, bug.id, only) - find_in(bug.service, None, only)
    assert is_found(bug, findings), sorted(findings, key=str)


@cache
def find_in(service: str, bug: str | None = None, only: tuple[str, ...] = ()) -> frozenset[Finding]:
    """Give the findings of all checks, or of some, on a right build or on one with a bug."""
    return findings_of(attack(service, bug, FuzzConfig(strict=True, only=only)))


def test_equal_runs_send_as_many_requests_and_reach_the_same() -> None:
    one, other = (attack("teams", None, FuzzConfig()) for _ in range(2))
    assert one.client.sent == other.client.sent
    assert list(one.context.succeeded) == list(other.context.succeeded)


def test_shards_together_are_the_whole_and_overlap_nowhere() -> None:
    whole = attack("teams", None, FuzzConfig(only=("caching",))).wanted()
    parts = [
        attack("teams", None, FuzzConfig(only=("caching",), shard=(index, 3))).wanted() for index in (1, 2, 3)
    ]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_operation_that_the_time_budget_does_not_reach_has_the_reason() -> None:
    engine = attack("teams", None, FuzzConfig(seconds=1e-6))
    gaps = engine.context.results.gaps
    assert gaps["readTeam", "isolation"] == "the time budget was spent before it was reached"
