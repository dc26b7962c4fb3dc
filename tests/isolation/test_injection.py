"""SQL and identities in every place of every request: text, refused or without effect, and never more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from backend.testing.issuer import make_subject
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.places import Place, list_places, takes_body
from tests.isolation.scene import Caller, Row, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from backend.testing.issuer import Issuer
    from tests.support.service import Client

# None holds a slash, which would end the part of a path.
INJECTIONS = (
    "' or '1'='1",
    "'; drop table tasks; --",
    "' union select * from tasks --",
    "\\'; select pg_sleep(30); --",
    "%' or user_id like '%",
    "'; select set_config('app.user_id', '{alice}', false); --",
    "'; reset role; set row_security = off; --",
    "{{user_id}}",
    "$1",
    ":user_id",
)
IDENTITIES = ("user_id", "userId", "owner", "owner_id", "sub", "subject", "id", "app.user_id")
HEADERS = (
    "X-User-Id",
    "X-User",
    "X-Forwarded-User",
    "X-Remote-User",
    "Remote-User",
    "X-Auth-Request-User",
    "X-Authenticated-Userid",
    "X-Original-Url",
    "X-Http-Method-Override",
    "Cookie",
)
LOOK_ALIKES: dict[str, Callable[[str], str]] = {
    "other case": str.swapcase,
    "a blank behind": lambda subject: f"{subject} ",
    "a blank before": lambda subject: f" {subject}",
    "a wildcard": lambda subject: f"{subject[:3]}%",
    "a wildcard of one letter": lambda subject: f"{subject[:-1]}_",
    "a letter less": lambda subject: subject[:-1],
    "an accent": lambda subject: f"{subject}\u0301",
    "another script": lambda subject: subject.replace("o", "\u043e").replace("a", "\u0430"),
}
PLACES = list_places()
REFUSED = ("422 request_invalid", ())
TAKE_BODY = [name for name, each in OPERATIONS.items() if takes_body(each)]
TAKE_NONE = [name for name in OPERATIONS if name not in TAKE_BODY]
SIGNED_IN_OR_NOT = [Caller.ANOTHER, Caller.NOBODY]
ROWS = [Row.OWN, Row.OTHERS]


def write(text: str, scene: Scene) -> str:
    return text.format(alice=scene.users[Caller.OWNER].subject)


def play_injected(scene: Scene, place: Place, text: str) -> tuple[object, object]:
    """Put a text in a place of a request of bob's for his own row; give what came of it and what should."""
    operation, expected = OPERATIONS[place.operation], MATRIX[place.operation]
    cell = expected.cells[Caller.ANOTHER, Row.OWN]
    if place.kind == "body":
        body = {**(expected.body or {}), place.name: text}
        seen = scene.play(operation, Caller.ANOTHER, Row.OWN, body=body)
        # What its own text names comes back to the caller, and is no leak.
        return (seen.text, tuple(leak for leak in seen.leaks if leak not in text)), (cell, ())
    scene.plant(Caller.ANOTHER, Row.OWN)
    before = scene.read_state()
    own = scene.name_row(Caller.ANOTHER, Row.OWN)
    injected = {"params": {place.name: text}} if place.kind == "query" else {}
    task_id = quote(text, safe="") if place.kind == "path" else own
    answer = scene.call(operation, Caller.ANOTHER, task_id, body=expected.body, **injected)
    return scene.judge(answer, Caller.ANOTHER, before, body=expected.body).outcome, REFUSED


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_sql_in_a_place_of_the_contract_is_text_or_refused(scene: Scene, place: Place) -> None:
    """A body holds any text, so it is kept as it is; what a path or a query holds has a form."""
    for text in (write(each, scene) for each in INJECTIONS):
        came, should_come = play_injected(scene, place, text)
        assert came == should_come


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("place", [each for each in PLACES if each.kind == "path"], ids=str)
def test_sql_behind_an_id_is_refused(scene: Scene, place: Place) -> None:
    alices = scene.users[Caller.OWNER].task_ids[0]
    for text in (write(each, scene) for each in INJECTIONS):
        came, should_come = play_injected(scene, place, alices + text)
        assert came == should_come


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("value", [{"$ne": None}, [], ["alice"], 1, True, None], ids=str)
@pytest.mark.parametrize("place", [each for each in PLACES if each.kind == "body"], ids=str)
def test_operator_in_a_member_of_a_body_is_refused(scene: Scene, place: Place, value: object) -> None:
    operation = OPERATIONS[place.operation]
    body = {**(MATRIX[place.operation].body or {}), place.name: value}
    assert scene.play(operation, Caller.ANOTHER, Row.OWN, body=body).outcome == REFUSED


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("operation", TAKE_BODY)
def test_identity_in_a_body_is_refused(scene: Scene, operation: str, name: str) -> None:
    body = {**(MATRIX[operation].body or {}), name: scene.users[Caller.OWNER].subject}
    assert scene.play(OPERATIONS[operation], Caller.ANOTHER, Row.OWN, body=body).outcome == REFUSED


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", TAKE_NONE)
@pytest.mark.parametrize("caller", SIGNED_IN_OR_NOT)
def test_identity_in_a_body_that_nobody_asked_for_changes_nothing(
    scene: Scene, caller: Caller, operation: str
) -> None:
    body = dict.fromkeys(IDENTITIES, scene.users[Caller.OWNER].subject)
    assert_unmoved(scene, operation, caller, lambda text: {"body": {**body, "note": text}})


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("caller", SIGNED_IN_OR_NOT)
def test_identity_in_an_unknown_parameter_changes_nothing(
    scene: Scene, caller: Caller, operation: str
) -> None:
    known = {place.name for place in PLACES if place.operation == operation}
    names = [name for name in IDENTITIES if name not in known]
    assert_unmoved(scene, operation, caller, lambda text: {"params": dict.fromkeys(names, text)})


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("caller", SIGNED_IN_OR_NOT)
def test_identity_in_a_header_changes_nothing(scene: Scene, caller: Caller, operation: str) -> None:
    assert_unmoved(scene, operation, caller, lambda text: {"headers": dict.fromkeys(HEADERS, text)})


def assert_unmoved(
    scene: Scene, operation: str, caller: Caller, inject: Callable[[str], dict[str, Any]]
) -> None:
    """Assert that cells of the matrix are the same with alice's id, and with SQL, in a place that is not read."""
    expected = MATRIX[operation]
    for text in (scene.users[Caller.OWNER].subject, write("'; drop table tasks; --", scene)):
        for row in ROWS:
            options = {"body": expected.body, **inject(text)}
            seen = scene.play(OPERATIONS[operation], caller, row, **options)
            assert seen.outcome == (expected.cells[caller, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_second_identity_beside_the_token_is_refused_or_changes_nothing(scene: Scene, operation: str) -> None:
    """A token of alice's in a query or a cookie, where some services look for one."""
    token = scene.headers(Caller.OWNER)["Authorization"].removeprefix(b"Bearer ").decode()
    places = {"params": {"access_token": token, "token": token}, "headers": {"Cookie": f"session={token}"}}
    expected = MATRIX[operation]
    for caller in SIGNED_IN_OR_NOT:
        for row in ROWS:
            seen = scene.play(OPERATIONS[operation], caller, row, body=expected.body, **places)
            assert seen.outcome == (expected.cells[caller, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sql_in_the_subject_of_a_token_is_only_a_name(
    *, client: Client, database: psycopg.Connection[Any], issuer: Issuer, operation: str
) -> None:
    expected = MATRIX[operation]
    for text in INJECTIONS:
        scene = Scene(client, database, issuer, another=text.format(alice="alice"))
        for row in ROWS:
            seen = scene.play(OPERATIONS[operation], Caller.ANOTHER, row, body=expected.body)
            assert seen.outcome == (expected.cells[Caller.ANOTHER, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("look", LOOK_ALIKES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_subject_that_looks_like_another_is_another_user(
    *, client: Client, database: psycopg.Connection[Any], issuer: Issuer, operation: str, look: str
) -> None:
    expected, subject = MATRIX[operation], LOOK_ALIKES[look](make_subject("alice"))
    scene = Scene(client, database, issuer, another=subject)
    for row in ROWS:
        seen = scene.play(OPERATIONS[operation], Caller.ANOTHER, row, body=expected.body)
        assert seen.text == expected.cells[Caller.ANOTHER, row]
        assert [leak for leak in seen.leaks if leak not in subject] == []
