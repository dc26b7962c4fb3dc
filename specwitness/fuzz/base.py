"""Where the paths of a contract are served: below the path of its server, or a gateway takes that off."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from specwitness.fuzz.client import OutOfTimeError
from specwitness.fuzz.patience import ThrottledError
from specwitness.fuzz.things import fill
from specwitness.fuzz.wire import Request
from specwitness.openapi import base_path

if TYPE_CHECKING:
    from specwitness.fuzz.client import Client
    from specwitness.fuzz.surface import Surface

_NOTHING = frozenset({0, 404})
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
    readers = [each for each in surface.endpoints if each.method == "GET"][:_MOST_PROBES]
    for place in (base, ""):
        for each in readers:
            path = place + fill(each.path, ("1",) * len(each.path_names))
            try:
                answer = client.send(Request("GET", path, is_whole=True))
            except ThrottledError:
                return place
            except OutOfTimeError:
                return base
            if answer.status not in _NOTHING:
                return place
    return "" if readers else base
