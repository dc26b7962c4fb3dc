"""Where the paths of a contract are served: below the path of its server, or a gateway takes that off."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from specwitness.fuzz.http.client import Client, OutOfTimeError
from specwitness.fuzz.http.message import Request, fill
from specwitness.fuzz.http.throttling import ThrottledError
from specwitness.openapi import base_path

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Surface

_NOT_FOUND = 404
_NOWHERE = "/none-of-yours-9f3"
_MOST_PROBES = 5


def find_base(surface: Surface, client: Client, base_url: str | None) -> str:
    """Find out below which path the contract's paths are; empty where they are as they stand there.

    Args:
        surface: The contract; where it names no path of a server, nothing is asked.
        client: The way to the service.
        base_url: Where the service is, if it is no app: it may hold the path already.
    """
    base = base_path(surface.document)
    if not base or urlsplit(base_url or "").path.rstrip("/").endswith(base):
        return ""
    # A path that is there answers GET too, if only with 405; protected ones do not depend on an object.
    known = sorted(surface.endpoints, key=lambda each: (not each.is_protected, each.method != "GET"))
    paths = list(dict.fromkeys(fill(each.path, ("1",) * len(each.path_names)) for each in known))
    for place in (base, ""):
        try:
            if _is_served(client, place, paths[:_MOST_PROBES]):
                return place
        except ThrottledError:
            return place
        except OutOfTimeError:
            return base
    return "" if paths else base


def _is_served(client: Client, place: str, paths: list[str]) -> bool:
    """Tell whether a path is answered otherwise than one that cannot be there."""
    nothing = client.send(Request("GET", f"{place}{_NOWHERE}", is_whole=True)).status
    answers = (client.send(Request("GET", place + path, is_whole=True)).status for path in paths)
    return any(status not in {0, _NOT_FOUND, nothing} for status in answers)
