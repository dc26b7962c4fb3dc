from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.proving_ground.contracts import find_misfits
from tests.proving_ground.orders.definition import ORDERS
from tests.proving_ground.reminders.definition import REMINDERS

PAGE: dict[str, Any] = {"items": [], "next": None}
PRIVATE = {"Cache-Control": "private, no-store"}


def answer(status: int, path: str = "/orders", method: str = "GET", **options: Any) -> httpx.Response:
    request = httpx.Request(method, f"http://proving-ground.test{path}")
    return httpx.Response(status, request=request, **options)


def test_answer_that_fits_has_no_misfits() -> None:
    assert find_misfits(ORDERS.contract, answer(200, json=PAGE, headers=PRIVATE)) == []


def test_path_outside_the_contract_has_no_misfits() -> None:
    assert find_misfits(ORDERS.contract, answer(404, "/elsewhere")) == []


@pytest.mark.parametrize(
    ("response", "misfit"),
    [
        (answer(409), "GET /orders: 409 is not documented"),
        (answer(200, json=PAGE), "GET /orders 200: the header Cache-Control is missing"),
        (
            answer(200, json=PAGE, headers={"Cache-Control": "public"}),
            "GET /orders 200: $: 'private, no-store' was expected",
        ),
        (
            answer(200, json={"items": []}, headers=PRIVATE),
            "GET /orders 200: $: 'next' is a required property",
        ),
        (
            answer(200, text="", headers=PRIVATE),
            "GET /orders 200: the content type 'text/plain' is not documented",
        ),
        (
            answer(204, "/orders/1", "DELETE", text="gone"),
            "DELETE /orders/{order_id} 204: a body came, and none is documented",
        ),
    ],
)
def test_misfit_is_told(response: httpx.Response, misfit: str) -> None:
    assert find_misfits(ORDERS.contract, response) == [misfit]


@pytest.mark.parametrize(("due", "fits"), [(None, True), (7, True), ("7", False)])
def test_nullable_of_the_older_contract_takes_null(due: object, *, fits: bool) -> None:
    body = {"id": 1, "text": "Call Zoe", "due": due, "tag": None, "done": False}
    assert (find_misfits(REMINDERS.contract, answer(200, "/reminders/1", json=body)) == []) is fits
