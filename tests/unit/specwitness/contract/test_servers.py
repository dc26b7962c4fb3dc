"""The base path of a contract: the routes and the schema of the app have it in every path."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from specwitness.contract import App, list_routes, place_app
from specwitness.contract.inspection import inspect_app
from specwitness.openapi import base_path
from tests.services.contract import make_contract

NOTES = {"get": {"operationId": "listNotes", "summary": "List Notes"}}


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (None, ""),
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "/api/v2"}, {"url": "/other"}], "/api/v2"),
        ([{"url": "https://api.example/api/v2/"}], "/api/v2"),
        ([{"url": "api"}], "/api"),
        ([{"url": "https://{host}/{version}", "variables": {"version": {"default": "v3"}}}], "/v3"),
        ([{"url": "https://[broken"}], ""),
        ([{"url": 5}], ""),
        (["no server"], ""),
    ],
)
def test_base_is_the_path_of_the_first_server(servers: Any, expected: str) -> None:
    assert base_path({"servers": servers, "paths": {"/notes": {}}}) == expected


def test_base_is_ignored_if_paths_begin_with_it() -> None:
    document = {"servers": [{"url": "/api"}], "paths": {"/api/notes": {}, "/health": {}}}
    assert base_path(document) == ""


def make_app(*paths: str) -> App:
    app = FastAPI(openapi_url=None)
    for path in paths:

        @app.get(path, operation_id="listNotes" if path.endswith("notes") else None)
        def list_notes() -> None:
            pass

    return App(generated=app.openapi(), routes=list_routes(app))


def find_codes(*paths: str) -> list[str]:
    contract = make_contract({"/notes": NOTES}, servers=[{"url": "/api/v2"}])
    return sorted(
        {judgement.code for judgement in inspect_app(contract, place_app(make_app(*paths), contract))}
    )


def test_app_below_the_base_path_is_compared() -> None:
    plain = sorted(
        {judgement.code for judgement in inspect_app(make_contract({"/notes": NOTES}), make_app("/notes"))}
    )
    assert find_codes("/api/v2/notes") == plain
    assert "missing-route" not in plain
    # A gateway removes the base path.
    assert find_codes("/notes") == plain


def test_missing_and_undocumented_routes_below_the_base_path_are_found() -> None:
    assert "missing-route" in find_codes("/api/v2/others")
    assert "undocumented-route" in find_codes("/api/v2/notes", "/api/v2/others")
