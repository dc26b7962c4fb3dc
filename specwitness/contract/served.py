"""Compares the document that the app serves, such as /openapi.json, with the contract."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.contract.comparison import find_differences, find_undocumented
from specwitness.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.model import Finding
    from specwitness.openapi import Contract

_REMEDY = "serve the contract at this path, or fix [tool.specwitness.contract] served"


def compare_served(contract: Contract, served: dict[str, Any], path: str) -> tuple[Finding, ...]:
    """Find the differences between the contract and the document that the app serves."""
    return tuple(_compare(contract, served, path))


def _compare(contract: Contract, served: dict[str, Any], path: str) -> Iterator[Finding]:
    for finding in (*find_differences(contract, served), *find_undocumented(contract, served)):
        message = f"{path} does not serve the contract: {finding.message}"
        yield finding.model_copy(update={"code": "served-contract", "message": message, "remedy": _REMEDY})


def read_document(status: int, body: bytes, path: str) -> dict[str, Any]:
    """Read the OpenAPI document in the response of an app.

    Args:
        status: The status of the response.
        body: The content of the response.
        path: The path that was requested, for the message.

    Raises:
        TargetError: The response is not an OpenAPI document in JSON with status 200.
    """
    try:
        document = json.loads(body) if status == HTTPStatus.OK else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise TargetError(
            f"the response is {status}, without an OpenAPI document in JSON", where=path, remedy=_REMEDY
        )
    return document
