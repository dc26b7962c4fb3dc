"""Each of our checks on services of the proving ground: silent on the right build, red on planted bugs."""

from __future__ import annotations

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.results.results import CHECKS
from tests.proving_ground.catalogue import SERVICES
from tests.support.attacks import attack, complaints

SEEDS = (1, 2)
BUGS = {
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
PAIRS = [(check, bug) for check, bugs in BUGS.items() for bug in bugs]


def test_every_check_is_held_to_two_bugs() -> None:
    # States that a target brings about have planted faults of their own: test_situation.py.
    assert {check for check, bugs in BUGS.items() if len(bugs) > 1} == set(CHECKS) - {"situation"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("service", [each.name for each in SERVICES])
def test_right_service_is_not_blamed(service: str, seed: int) -> None:
    assert complaints(attack(service, None, FuzzConfig(seed=seed, strict=True))) == {}


@pytest.mark.parametrize(("check", "bug"), PAIRS)
def test_planted_bug_is_found_by_its_check(check: str, bug: str) -> None:
    found = complaints(attack(bug.partition("-")[0], bug, FuzzConfig(strict=True)))
    assert check in found


def test_equal_runs_send_as_many_requests_and_reach_the_same() -> None:
    one, other = (attack("teams", None, FuzzConfig()) for _ in range(2))
    assert one.client.sent == other.client.sent
    assert list(one.trial.succeeded) == list(other.trial.succeeded)


def test_shards_together_are_the_whole_and_each_only_a_part() -> None:
    whole = attack("teams", None, FuzzConfig(only=("caching",))).wanted()
    parts = [
        attack("teams", None, FuzzConfig(only=("caching",), shard=(each, 3))).wanted() for each in (1, 2, 3)
    ]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_spent_budget_is_told_for_what_was_not_reached() -> None:
    engine = attack("teams", None, FuzzConfig(seconds=1e-6))
    gaps = engine.trial.ledger.gaps
    assert gaps["readTeam", "isolation"] == "the time budget was spent before it was reached"
