"""SQL and user ids in every input of every operation are plain text, rejected or ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from backend.testing.issuer import make_subject
from tests.isolation.inputs import Input, list_inputs, takes_body
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.scene import Caller, Row, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from backend.testing.issuer import Issuer
    from tests.support.service import Client

# None contains a slash, which would end a path segment.
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
    "a trailing space": lambda subject: f"{subject} ",
    "a leading space": lambda subject: f" {subject}",
    "a wildcard": lambda subject: f"{subject[:3]}%",
    "a wildcard for one letter": lambda subject: f"{subject[:-1]}_",
    "one letter less": lambda subject: subject[:-1],
    "an accent": lambda subject: f"{subject}\u0301",
    "another script": lambda subject: subject.replace("o", "\u043e").replace("a", "\u0430"),
}
INPUTS = list_inputs()
REJECTED = ("422 request_invalid", ())
WITH_BODY = [name for name, operation in OPERATIONS.items() if takes_body(operation)]
WITHOUT_BODY = [name for name in OPERATIONS if name not in WITH_BODY]
CALLERS = [Caller.ANOTHER, Caller.NOBODY]
ROWS = [Row.OWN, Row.OTHERS]


def fill_in(text: str, scene: Scene) -> str:
    """Replace `{alice}` by alice's user id."""
    return text.format(alice=scene.users[Caller.OWNER].subject)


def run_injected(scene: Scene, target: Input, text: str) -> tuple[object, object]:
    """Send a text in an input of bob's request for his own row; returns the actual and the expected outcome."""
    operation, expected = OPERATIONS[target.operation], MATRIX[target.operation]
    cell = expected.cells[Caller.ANOTHER, Row.OWN]
    if target.kind == "body":
        body = {**(expected.body or {}), target.name: text}
        seen = scene.run_cell(operation, Caller.ANOTHER, Row.OWN, body=body)
        # The response repeats the text that the caller sent, which is no leak.
        return (seen.text, tuple(leak for leak in seen.leaks if leak not in text)), (cell, ())
    scene.insert_cell_rows(Caller.ANOTHER, Row.OWN)
    before = scene.read_state()
    own = scene.choose_task_id(Caller.ANOTHER, Row.OWN)
    injected = {"params": {target.name: text}} if target.kind == "query" else {}
    task_id = quote(text, safe="") if target.kind == "path" else own
    response = scene.call(operation, Caller.ANOTHER, task_id, body=expected.body, **injected)
    return scene.observe(response, Caller.ANOTHER, before, body=expected.body).outcome, REJECTED


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("target", INPUTS, ids=str)
def test_sql_is_plain_text_in_a_body_and_rejected_elsewhere(scene: Scene, target: Input) -> None:
    for text in (fill_in(injection, scene) for injection in INJECTIONS):
        actual, expected = run_injected(scene, target, text)
        assert actual == expected


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("target", [found for found in INPUTS if found.kind == "path"], ids=str)
def test_sql_after_an_id_is_rejected(scene: Scene, target: Input) -> None:
    task_id = scene.users[Caller.OWNER].task_ids[0]
    for text in (fill_in(injection, scene) for injection in INJECTIONS):
        actual, expected = run_injected(scene, target, task_id + text)
        assert actual == expected


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("value", [{"$ne": None}, [], ["alice"], 1, True, None], ids=str)
@pytest.mark.parametrize("target", [found for found in INPUTS if found.kind == "body"], ids=str)
def test_value_of_another_type_in_a_body_is_rejected(scene: Scene, target: Input, value: object) -> None:
    operation = OPERATIONS[target.operation]
    body = {**(MATRIX[target.operation].body or {}), target.name: value}
    assert scene.run_cell(operation, Caller.ANOTHER, Row.OWN, body=body).outcome == REJECTED


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("operation", WITH_BODY)
def test_user_id_in_a_body_is_rejected(scene: Scene, operation: str, name: str) -> None:
    body = {**(MATRIX[operation].body or {}), name: scene.users[Caller.OWNER].subject}
    assert scene.run_cell(OPERATIONS[operation], Caller.ANOTHER, Row.OWN, body=body).outcome == REJECTED


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", WITHOUT_BODY)
@pytest.mark.parametrize("caller", CALLERS)
def test_user_id_in_an_unexpected_body_is_ignored(scene: Scene, caller: Caller, operation: str) -> None:
    body = dict.fromkeys(IDENTITIES, scene.users[Caller.OWNER].subject)
    assert_ignored(scene, operation, caller, lambda text: {"body": {**body, "note": text}})


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("caller", CALLERS)
def test_user_id_in_an_unknown_parameter_is_ignored(scene: Scene, caller: Caller, operation: str) -> None:
    known = {found.name for found in INPUTS if found.operation == operation}
    names = [name for name in IDENTITIES if name not in known]
    assert_ignored(scene, operation, caller, lambda text: {"params": dict.fromkeys(names, text)})


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("caller", CALLERS)
def test_user_id_in_a_header_is_ignored(scene: Scene, caller: Caller, operation: str) -> None:
    assert_ignored(scene, operation, caller, lambda text: {"headers": dict.fromkeys(HEADERS, text)})


def assert_ignored(
    scene: Scene, operation: str, caller: Caller, inject: Callable[[str], dict[str, Any]]
) -> None:
    """Inject alice's user id, then SQL, and assert the same outcomes as without them."""
    expected = MATRIX[operation]
    for text in (scene.users[Caller.OWNER].subject, fill_in("'; drop table tasks; --", scene)):
        for row in ROWS:
            options = {"body": expected.body, **inject(text)}
            observed = scene.run_cell(OPERATIONS[operation], caller, row, **options)
            assert observed.outcome == (expected.cells[caller, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_alices_token_in_the_query_or_a_cookie_is_ignored(scene: Scene, operation: str) -> None:
    token = scene.headers(Caller.OWNER)["Authorization"].removeprefix(b"Bearer ").decode()
    injected = {"params": {"access_token": token, "token": token}, "headers": {"Cookie": f"session={token}"}}
    expected = MATRIX[operation]
    for caller in CALLERS:
        for row in ROWS:
            observed = scene.run_cell(OPERATIONS[operation], caller, row, body=expected.body, **injected)
            assert observed.outcome == (expected.cells[caller, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sql_in_the_subject_of_a_token_is_a_plain_user_id(
    *, client: Client, database: psycopg.Connection[Any], issuer: Issuer, operation: str
) -> None:
    expected = MATRIX[operation]
    for text in INJECTIONS:
        scene = Scene(client, database, issuer, another=text.format(alice="alice"))
        for row in ROWS:
            observed = scene.run_cell(OPERATIONS[operation], Caller.ANOTHER, row, body=expected.body)
            assert observed.outcome == (expected.cells[Caller.ANOTHER, row], ())


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("look", LOOK_ALIKES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_subject_similar_to_alices_is_a_different_user(
    *, client: Client, database: psycopg.Connection[Any], issuer: Issuer, operation: str, look: str
) -> None:
    expected, subject = MATRIX[operation], LOOK_ALIKES[look](make_subject("alice"))
    scene = Scene(client, database, issuer, another=subject)
    for row in ROWS:
        observed = scene.run_cell(OPERATIONS[operation], Caller.ANOTHER, row, body=expected.body)
        assert observed.text == expected.cells[Caller.ANOTHER, row]
        assert [leak for leak in observed.leaks if leak not in subject] == []
