"""The path below which a service serves the paths of its contract.

A contract with `servers: [{url: /v2}]` may be served at `/v2/books`, or, behind a gateway that takes the
prefix off, at `/books`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from specwitness.fuzz.http.client import Client, OutOfTimeError
from specwitness.fuzz.http.message import Request, fill
from specwitness.fuzz.http.throttling import ThrottledError
from specwitness.openapi import base_path

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Surface

_UNKNOWN_PATH = "/none-of-yours-9f3"
_MOST_PROBES = 5


def find_base(surface: Surface, client: Client, base_url: str | None) -> str:
    """Find the path below which the contract's paths are served, by a few GET requests.

    Args:
        surface: The contract; no request is sent where its first server has no path.
        client: The way to the service.
        base_url: The service's base URL, which may hold the path already; None for an app in this process.

    Returns:
        Such as `/v2`; empty where the paths are served as they stand in the contract.
    """
    base = base_path(surface.document)
    if not base or urlsplit(base_url or "").path.rstrip("/").endswith(base):
        return ""
    # A protected path responds with 401 whatever objects are stored: `GET /books/1` may be a 404.
    # A path without GET responds with 405.
    known = sorted(
        surface.endpoints, key=lambda endpoint: (not endpoint.is_protected, endpoint.method != "GET")
    )
    paths = list(dict.fromkeys(fill(endpoint.path, ("1",) * len(endpoint.path_names)) for endpoint in known))
    for prefix in (base, ""):
        try:
            if _is_served(client, prefix, paths[:_MOST_PROBES]):
                return prefix
        except ThrottledError:
            return prefix
        except OutOfTimeError:
            return base
    return "" if paths else base


def _is_served(client: Client, prefix: str, paths: list[str]) -> bool:
    """Tell whether a path of the contract gets another status than a path that cannot exist."""
    unknown = client.send(Request("GET", f"{prefix}{_UNKNOWN_PATH}", is_whole=True)).status
    statuses = (client.send(Request("GET", prefix + path, is_whole=True)).status for path in paths)
    return any(status not in {0, HTTPStatus.NOT_FOUND, unknown} for status in statuses)
