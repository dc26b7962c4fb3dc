"""Faults that show in one part of a call alone: an option, a list, a header, an item, a link, a second time."""

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from tests.support.attacks import attack_target, complaints
from tests.support.orders_shop import make_paths, make_shop
from tests.support.surfaces import make_surface

SUBJECTS = {"alice": "alice-1", "bob": "bob-22"}
CHECKS = ("isolation", "disclosure", "existence", "assignment", "deletion", "race", "side_effect")


def complain(fault: str | None, quota: int = 0) -> dict[str, list[str]]:
    schemes = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
    surface = make_surface(make_paths(), components=schemes, security=[{"bearer": []}])
    identities = Tokens(alice="a-token", bob="b-token", subjects=SUBJECTS)
    engine = attack_target(
        surface, Target(app=make_shop(fault, quota), identities=identities), FuzzConfig(only=CHECKS)
    )
    assert {each.id for each in surface.endpoints} == set(engine.trial.succeeded)
    return {check: texts for check, texts in complaints(engine).items() if check in CHECKS}


def test_right_shop_is_not_blamed() -> None:
    assert complain(None) == {}


@pytest.mark.parametrize("quota", range(4, 40, 3))
def test_user_who_may_make_no_more_is_told_nothing_of_another(quota: int) -> None:
    assert complain(None, quota) == {}


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("expand", "isolation", "with expand=items, answered 200"),
        ("bulk", "isolation", "POST /orders/cancel as another user answered 200, and then"),
        ("header", "isolation", "GET /orders/{order_id} as another user, with headers and parameters that"),
        ("query", "isolation", "PUT /settings called by another user with headers and parameters that"),
        ("item", "isolation", "under an own parent, answered 200"),
        ("price", "assignment", "takes `price` in `items`"),
        ("listed", "deletion", "shows an object that was deleted"),
        ("link", "deletion", "still shows an object that was deleted"),
        (
            "state",
            "existence",
            "POST /orders/{order_id}/pay tells the state of another's object: 409, not 404",
        ),
        ("redeem", "race", "succeeds several times when called at once"),
    ],
)
def test_fault_in_one_part_of_a_call_is_found(fault: str, check: str, text: str) -> None:
    found = complain(fault)
    assert any(text in each for each in found.get(check, [])), found
