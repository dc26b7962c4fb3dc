"""The base path of a contract: the path of the URL of its first server (OpenAPI 3.1 §4.8.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


def base_path(document: Mapping[str, Any]) -> str:
    """Return the path of the first server, such as `/api/v2`, without a slash at the end; empty for none.

    Variables are replaced by their defaults. It is empty, too, if a path of the contract already begins
    with it: some contracts write `/api/v2` in both places.
    """
    servers = document.get("servers")
    server = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(server, dict) or not isinstance(server.get("url"), str):
        return ""
    url = server["url"]
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        url = url.replace(
            f"{{{name}}}", str(variable.get("default", "") if isinstance(variable, dict) else "")
        )
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
    path = path if path.startswith("/") or not path else f"/{path}"
    return "" if any(is_below(own, path) for own in document.get("paths") or ()) else path


def is_below(path: str, base: str) -> bool:
    """Return whether a path is a base or below it."""
    return path == base or path.startswith(f"{base}/")


def strip_base(path: str, base: str) -> str:
    """Return a path without the base, as the contract writes it."""
    return (path.removeprefix(base) or "/") if base and is_below(path, base) else path
