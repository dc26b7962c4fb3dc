"""Callbacks, webhooks, links and OpenID providers are compared with the generated schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specwitness.contract import compare
from specwitness.contract.comparison import find_differences
from specwitness.contract.links import read_links
from specwitness.contract.sides import Side
from specwitness.model import Outcome
from tests.support.sample_contract import CREATE, DOCUMENT, GONE, LINK, LOST, PAID, SCHEMES, change, read

if TYPE_CHECKING:
    from pathlib import Path

CALLBACK = "POST /orders callback paid {$request.body#/note} POST"


def find_texts(tmp_path: Path, edits: dict[str, Any], ours: dict[str, Any] | None = None) -> list[str]:
    """List the differences between the contract and an app that generates it with edits."""
    contract = read(change(ours or {}), tmp_path)
    return [finding.message for finding in find_differences(contract, change(edits))]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({}, []),
        ({f"{CREATE}/callbacks": GONE}, [f"{CALLBACK}: only in the contract"]),
        (
            {f"{PAID}/parameters": GONE},
            [f"{CALLBACK} header x-signature: this parameter is only in the contract"],
        ),
        (
            {f"{PAID}/requestBody/required": False},
            [f"{CALLBACK} body: contract says required true, the app says false"],
        ),
        (
            {f"{PAID}/security": []},
            [f"{CALLBACK}: contract says security http bearer, the app says no credentials"],
        ),
        ({"/webhooks": GONE}, ["webhook orderLost POST: only in the contract"]),
        (
            {f"{LOST}/responses/410": GONE},
            ["webhook orderLost POST 410: this response is only in the contract"],
        ),
        ({LINK: GONE}, ["POST /orders 201 link order: only in the contract"]),
        (
            {f"{LINK}/operationId": "getHealth"},
            ["POST /orders 201 link order: contract says operation GET /orders/{}, the app says GET /health"],
        ),
    ],
)
def test_calls_and_links_are_compared(tmp_path: Path, edits: dict[str, Any], expected: list[str]) -> None:
    assert find_texts(tmp_path, edits) == expected


def test_calls_and_links_only_in_the_app_are_reported(tmp_path: Path) -> None:
    without = {f"{CREATE}/callbacks": GONE, LINK: GONE, "/webhooks": GONE}
    assert find_texts(tmp_path, {}, without) == [
        "POST /orders 201 link order: only in the app",
        f"{CALLBACK}: only in the app",
        "webhook orderLost POST: only in the app",
    ]


def test_openid_provider_is_compared(tmp_path: Path) -> None:
    ours, theirs = (
        {f"{SCHEMES}/token": {"type": "openIdConnect", "openIdConnectUrl": f"https://{name}.example/"}}
        for name in ("here", "elsewhere")
    )
    texts = find_texts(tmp_path, theirs, ours)
    assert texts[0] == (
        "GET /orders: contract says security openIdConnect https://here.example/, "
        "the app says openIdConnect https://elsewhere.example/"
    )


def test_webhooks_have_their_own_witness(tmp_path: Path) -> None:
    contract = read(DOCUMENT, tmp_path)
    *_, right = compare(contract, DOCUMENT)
    *_, wrong = compare(contract, change({f"{LOST}/responses/410": GONE}))
    assert (right.id, right.outcome) == ("contract:webhooks", Outcome.PASSED)
    assert (wrong.outcome, wrong.counts) == (Outcome.FAILED, {"differences": 1})


def test_link_by_reference_and_by_operation_id_are_equal() -> None:
    links = {
        "by id": {"operationId": "getOrder"},
        "by pointer": {"operationRef": "#/paths/~1orders~1{order_id}/get"},
        "elsewhere": {"operationRef": "https://shop.example/openapi.yaml#/paths/~1a/get"},
        "to nowhere": {"operationId": "noSuch", "server": {"url": "https://shop.example"}},
        "x-note": "no link",
    }
    found = read_links(Side(DOCUMENT), {"links": links})
    assert {name: (link.operation, link.server) for name, link in found.items()} == {
        "by id": ("GET /orders/{}", ""),
        "by pointer": ("GET /orders/{}", ""),
        "elsewhere": ("https://shop.example/openapi.yaml#/paths/~1a/get", ""),
        "to nowhere": ("noSuch", "https://shop.example"),
    }
