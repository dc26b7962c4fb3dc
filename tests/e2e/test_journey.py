"""Two users in two browsers: tasks, signing out, export and account deletion, through front end and service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect
from psycopg import sql

from tests.support.better_auth import SERVICE_ROLES, TABLES, find_privileges
from tests.support.service import connect
from tests.support.visitor import read_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.both_sides import BothSides
    from tests.support.visitor import Visitor

INSERT_VERIFICATION = (
    'insert into auth.verification (id, identifier, value, "expiresAt")'
    " values (%s, %s, %s, now() + interval '1 day')"
)


def call(sides: BothSides, method: str, path: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"title": "Brought back"} if method == "POST" else None
    return httpx.request(method, f"{sides.api}{path}", headers=headers, json=body)


def find_tables_with(sides: BothSides, *words: str) -> list[str]:
    """List the tables of Better Auth that have a row with one of these words."""
    found = []
    with connect(sides.database_url) as database:
        for table in TABLES:
            name = sql.Identifier("auth", table)
            if database.execute("select to_regclass(%s)", [f'auth."{table}"']).fetchone() == (None,):
                continue
            rows = database.execute(sql.SQL("select row_to_json(t)::text from {} t").format(name)).fetchall()
            found += [table for (row,) in rows if any(word in row for word in words)]
    return found


@pytest.mark.requirement("003/FR-009", "003/FR-019", "003/FR-050", "003/FR-052")
def test_users_see_and_change_only_their_own_tasks(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice, bob = let_visit(sides, "Alice"), let_visit(sides, "Bob")
    alice.sign_up()
    bob.sign_up()
    alice.add("Buy milk")
    alice.add("Water the plants")
    bob.add("Call home")
    assert sorted(alice.read_tasks()) == ["Buy milk", "Water the plants"]
    assert bob.read_tasks() == ["Call home"]

    alice.task("Buy milk").check()
    expect(alice.task("Buy milk")).to_be_checked()
    alice.press("Edit Water the plants")
    alice.label("Title").fill("Water the garden")
    alice.press("Save")
    expect(alice.task("Water the garden")).to_be_visible()
    alice.press("Delete Buy milk")
    expect(alice.task("Buy milk")).to_have_count(0)
    assert alice.read_tasks() == ["Water the garden"]
    assert bob.read_tasks() == ["Call home"]


@pytest.mark.requirement("003/FR-002", "003/FR-006", "003/FR-052")
def test_token_with_a_part_of_another_users_token_is_rejected(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice, bob = let_visit(sides, "Alice"), let_visit(sides, "Bob")
    for visitor, title in ((alice, "Buy milk"), (bob, "Call home")):
        visitor.sign_up()
        visitor.add(title)
    own, other = alice.tokens[-1], bob.tokens[-1]
    head, claims, signature = own.split(".")
    altered = {
        "claims": f"{head}.{other.split('.')[1]}.{signature}",
        "signature": f"{head}.{claims}.{other.split('.')[2]}",
        "header": f"{other.split('.')[0][:-2]}.{claims}.{signature}",
    }
    assert call(sides, "GET", "/api/me", own).json() == {"user_id": read_part(own, 1)["sub"]}
    for token in altered.values():
        response = call(sides, "GET", "/api/me", token)
        assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


@pytest.mark.requirement("003/FR-033", "003/FR-052")
def test_session_cookie_of_better_auth_is_rejected_as_a_token(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(sides, "Alice")
    alice.sign_up()
    cookies = [cookie for cookie in alice.context.cookies() if "session" in cookie.get("name", "")]
    assert cookies
    for cookie in cookies:
        for value in (cookie.get("value", ""), cookie.get("value", "").partition(".")[0]):
            response = call(sides, "GET", "/api/me", value)
            assert (response.status_code, response.json()["code"]) == (401, "token_invalid")


@pytest.mark.requirement("003/FR-052")
def test_user_who_signed_out_has_to_sign_in_again(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice = let_visit(sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    alice.press("Sign out")
    expect(alice.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert not alice.context.request.get(f"{sides.origin}/api/auth/token").ok
    alice.open("/tasks")
    expect(alice.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    alice.sign_in()
    alice.await_page("Tasks")
    assert alice.read_tasks() == ["Buy milk"]


@pytest.mark.requirement("003/FR-052")
@pytest.mark.parametrize(
    ("action", "notice"),
    [
        ("sign out", "You are signed out."),
        ("delete account", "Your account and all its data have been deleted."),
    ],
)
def test_leaving_in_one_tab_signs_out_all_tabs(
    any_sides: BothSides, let_visit: Callable[..., Visitor], action: str, notice: str
) -> None:
    alice = let_visit(any_sides, "Alice")
    alice.sign_up()
    alice.add("Buy milk")
    other = alice.open_tab("/tasks")
    expect(other.get_by_role("checkbox", name="Buy milk", exact=True)).to_be_visible()
    if action == "delete account":
        alice.delete_account()
    else:
        alice.press("Sign out")
    # The other tab follows without any input.
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert urlsplit(other.url).path == "/sign-in"
    expect(alice.page.get_by_text(notice, exact=True)).to_be_visible()


@pytest.mark.requirement("003/FR-010", "003/FR-052")
def test_export_is_a_json_file_with_the_users_own_tasks(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice, bob = let_visit(sides, "Alice"), let_visit(sides, "Bob")
    for visitor, title in ((alice, "Buy milk"), (bob, "Call home")):
        visitor.sign_up()
        visitor.add(title)
    alice.open("/account")
    with alice.page.expect_download() as download:
        alice.press("Export my data")
    data = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert download.value.suggested_filename.endswith(".json")
    assert data["format"] == "tasks-export/1"
    assert data["user_id"] == read_part(alice.tokens[-1], 1)["sub"]
    assert [task["title"] for task in data["tasks"]] == ["Buy milk"]


@pytest.mark.requirement("003/FR-011", "003/FR-052")
def test_deleted_account_is_gone_on_both_sides_and_an_old_token_cannot_restore_it(
    sides: BothSides, let_visit: Callable[..., Visitor]
) -> None:
    alice, bob = let_visit(sides, "Alice"), let_visit(sides, "Bob")
    for visitor, title in ((alice, "Buy milk"), (bob, "Call home")):
        visitor.sign_up()
        visitor.add(title)
    token = alice.tokens[-1]
    subject = read_part(token, 1)["sub"]
    with connect(sides.database_url) as database:
        # A pending password reset, which has no foreign key to the user.
        database.execute(INSERT_VERIFICATION, [alice.name, f"reset-password:{alice.name}", subject])
    assert set(find_tables_with(sides, alice.email, subject)) >= {
        *("user", "session", "account", "verification")
    }

    alice.delete_account()
    expect(alice.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    assert find_tables_with(sides, alice.email, subject) == []
    assert call(sides, "POST", "/api/tasks", token).status_code == 410
    with connect(sides.database_url) as database:
        rows = database.execute("select count(*) from tasks where user_id = %s", [subject]).fetchone()
    assert rows == (0,)
    alice.sign_in()
    assert alice.alert() == "Wrong e-mail or password."
    assert bob.read_tasks() == ["Call home"]


@pytest.mark.requirement("003/FR-051")
def test_service_has_no_access_to_the_tables_of_better_auth(sides: BothSides) -> None:
    with connect(sides.database_url) as database:
        rows = database.execute("select tablename from pg_tables where schemaname = 'auth'").fetchall()
        assert {row[0] for row in rows} >= {"user", "session", "account", "verification"}
        assert find_privileges(database, SERVICE_ROLES, "auth") == []
        assert find_privileges(database, ("auth_service",), "public") == []
