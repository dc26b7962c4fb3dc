"""Steps of story 7: export and erasure of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bdd import given, parsers, then, when

from backend.testing.issuer import make_subject

if TYPE_CHECKING:
    import psycopg

    from tests.support.world import World

DRAFT = {"title": "Brought back"}


@then(parsers.parse('the export names its format and holds "{title}" and nothing of "{other}"'))
def check_export(world: World, title: str, other: str) -> None:
    export = world.response.json()
    assert export["format"] == "tasks-export/1"
    assert [task["title"] for task in export["tasks"]] == [title]
    assert make_subject(other) not in world.response.text
    assert world.tasks[other]["title"] not in world.response.text


@given(parsers.parse('"{name}" had her account erased'))
def erase(world: World, name: str) -> None:
    assert world.send_as(name, "DELETE /api/account").status_code == 204


@then(parsers.parse('nothing of "{name}" is stored'))
def check_nothing_stored(world: World, name: str, database: psycopg.Connection[Any]) -> None:
    assert world.responses
    found = database.execute("select count(*) from tasks where user_id = %s", [make_subject(name)]).fetchone()
    assert found == (0,)


@when(parsers.re(r'"(?P<name>\w+)" sends (?P<request>[A-Z]+ \S+) with a token that is still good$'))
def send_still_good(world: World, name: str, request: str) -> None:
    path = request.replace("{task_id}", world.tasks[name]["id"])
    has_body = path.startswith("PUT") or path == "POST /api/tasks"
    world.send_as(name, path, json=DRAFT if has_body else None)


@when(parsers.parse('"{name}" exports and erases her account'))
def export_and_erase(world: World, name: str) -> None:
    assert world.send_as(name, "GET /api/account/export").status_code == 200
    erase(world, name)


@then("the audit lists both under one pseudonym and nothing that identifies her")
def check_audit(world: World, database: psycopg.Connection[Any]) -> None:
    assert len(world.responses) == 2
    rows = database.execute("select actor, action, outcome from audit order by id").fetchall()
    assert [row[1:] for row in rows] == [("export", "begun"), ("export", "done"), ("erase", "done")]
    assert len({row[0] for row in rows}) == 1
    assert make_subject("alice") not in str(rows)
