"""`specwitness fuzz` on a service that is not written in Python: Node, with its standard library alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.fuzzed_repository import fuzz, write_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE = shutil.which("node")
SECRET = "a secret of at least thirty-two characters"
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node here")


def answer(schema: dict[str, Any] | None, **headers: dict[str, Any]) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {"description": "said", **content, **({"headers": headers} if headers else {})}


PROBLEM = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
TEXT = {"type": "string", "minLength": 1, "maxLength": 80}
ID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
NOTE = {
    "type": "object",
    "required": ["id", "owner", "text"],
    "properties": {"id": ID, "owner": {"type": "string"}, "text": TEXT},
}
DRAFT = {"type": "object", "required": ["text"], "properties": {"text": TEXT}, "additionalProperties": False}
LIST = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": NOTE}}}
REFUSALS = {status: answer(PROBLEM) for status in ("401", "404", "422")}
ONE = [{"name": "note_id", "in": "path", "required": True, "schema": ID}]
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/notes": {
            "get": {"operationId": "listNotes", "responses": {"200": answer(LIST), "401": answer(PROBLEM)}},
            "post": {
                "operationId": "createNote",
                "requestBody": {"required": True, "content": {"application/json": {"schema": DRAFT}}},
                "responses": {"201": answer(NOTE), **REFUSALS},
            },
        },
        "/notes/{note_id}": {
            "parameters": ONE,
            "get": {"operationId": "getNote", "responses": {"200": answer(NOTE), **REFUSALS}},
            "delete": {"operationId": "deleteNote", "responses": {"204": answer(None), **REFUSALS}},
        },
    },
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}
MINT = 'mint = { secret = "env:SECRET", subjects = ["alice", "bob"] }'
LOGIN = 'login = { path = "/login", bodies = { alice = { name = "alice" }, bob = { name = "bob" } } }'
SHAPES = pytest.mark.parametrize("identities", [MINT, LOGIN], ids=["mint", "login"])


@contextmanager
def serving(*bugs: str) -> Iterator[str]:
    """Serve while the context lasts; give the URL."""
    script = Path(__file__).parents[1] / "support" / "notes.mjs"
    words = [str(NODE), str(script), *bugs]
    with subprocess.Popen(words, env={"SECRET": SECRET}, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def failures(root: Path, url: str) -> set[str]:
    done = fuzz(root, "--base-url", url, SECRET=SECRET)
    report = json.loads((root / "build/fuzz/fuzz.json").read_text())
    found = {
        witness["id"].removeprefix("fuzz:")
        for witness in report["witnesses"]
        if witness["outcome"] == "failed"
    }
    assert done.returncode == bool(found), done.stdout
    return found


@SHAPES
def test_right_service_is_kept(tmp_path: Path, identities: str) -> None:
    write_repository(tmp_path, CONTRACT, identities, "strict = false")
    with serving() as url:
        assert failures(tmp_path, url) == set()


@SHAPES
def test_planted_bugs_are_found(tmp_path: Path, identities: str) -> None:
    write_repository(tmp_path, CONTRACT, identities, "strict = false")
    with serving("alg-none", "read-any", "delete-any") as url:
        found = failures(tmp_path, url)
    operations = ("listNotes", "createNote", "getNote", "deleteNote")
    assert found == {f"{operation}:forged" for operation in operations} | {
        "getNote:isolation",
        "deleteNote:isolation",
    }
