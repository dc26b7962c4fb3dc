"""Faults behind a path that names the caller, in lists of ids, on later pages, in options, and by found keys."""

import pytest

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from tests.support.attacks import attack_target, complaints
from tests.support.notebook import COMPONENTS, make_notebook, make_paths
from tests.support.surfaces import make_surface

SURFACE = make_surface(make_paths(), components=COMPONENTS, security=[{"bearer": []}])
SUBJECTS = {"alice": "usr-ann", "bob": "usr-ben"}
TOKENS = Tokens(alice="token-of-ann", bob="token-of-ben", subjects=SUBJECTS)


def complain(fault: str | None) -> dict[str, list[str]]:
    engine = attack_target(SURFACE, Target(app=make_notebook(fault), identities=TOKENS), FuzzConfig())
    assert {each.id for each in SURFACE.endpoints} == set(engine.trial.succeeded)
    return complaints(engine)


def test_right_notebook_is_not_blamed() -> None:
    assert complain(None) == {}


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("tag", "disclosure", "GET /api/{user_id}/notes shows another user"),
        ("search", "disclosure", "GET /api/{user_id}/notes shows another user"),
        ("cursor", "disclosure", "shows another user a text of theirs on a later page"),
        ("csv", "disclosure", "GET /api/{user_id}/export shows another user"),
        ("total", "existence", "changes with what another user makes"),
        ("bulk", "isolation", "POST /api/{user_id}/bulk/delete as another user answered 200, and then"),
        ("bulk told", "existence", "tells another's id as ids from one that is not there"),
        ("index", "deletion", "GET /api/{user_id}/notes shows an object that was deleted"),
        ("version", "existence", "tells another's id in another version: 412, not 404"),
        ("comments", "deletion", "GET /api/{user_id}/notes/{note_id}/comments answered 200"),
        ("key", "deletion", "DELETE /keys/{key_id} succeeds, and GET /count takes the key as before"),
        ("by key", "isolation", "GET /notes/{note_id} as another user, by key, shows"),
    ],
)
def test_fault_is_found(fault: str, check: str, text: str) -> None:
    found = complain(fault)
    assert any(text in each for each in found.get(check, [])), found
