"""Contracts without the operations that may not be called."""

from __future__ import annotations

from typing import Any

from specwitness.fuzz.bridge.narrowing import narrow

LINKS = {
    "Read": {"operationId": "read"},
    "Drop": {"operationId": "drop"},
    "Local": {"operationRef": "#/paths/~1notes~1{id}/get"},
    "Lost": {"operationRef": "#/paths/~1notes~1{id}/delete"},
    "Elsewhere": {"operationRef": "https://elsewhere.example/openapi.json#/paths/~1a/get"},
}
ANSWERS = {"200": {"description": "there"}}
DOCUMENT: dict[str, Any] = {
    "servers": [{"url": "https://elsewhere.example/v1"}],
    "paths": {
        "/notes": {
            "servers": [{"url": "https://elsewhere.example"}],
            "post": {
                "operationId": "make",
                "servers": [{"url": "https://elsewhere.example"}],
                "responses": {"201": {"$ref": "#/components/responses/Made"}},
            },
        },
        "/notes/{id}": {
            "get": {"operationId": "read", "responses": ANSWERS},
            "delete": {"operationId": "drop", "responses": ANSWERS},
        },
    },
    "components": {"responses": {"Made": {"description": "made", "links": LINKS}}},
}


def test_excluded_operation_is_removed_with_the_links_to_it() -> None:
    narrowed = narrow(DOCUMENT, {("/notes/{id}", "delete")})
    assert set(narrowed["paths"]["/notes/{id}"]) == {"get"}
    assert set(narrowed["paths"]["/notes"]["post"]["responses"]["201"]["links"]) == {"Read", "Local"}


def test_all_servers_are_replaced_by_the_root() -> None:
    narrowed = narrow(DOCUMENT, set())
    assert narrowed["servers"] == [{"url": "/"}]
    assert "elsewhere.example/v1" not in str(narrowed)
    assert "servers" not in narrowed["paths"]["/notes"] | narrowed["paths"]["/notes"]["post"]
