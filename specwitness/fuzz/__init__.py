"""Fuzzing by contract: the names with which a repository describes its service to the harness.

The names are imported when they are used: `specwitness.fuzz` alone loads neither Schemathesis nor an app.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.replay import replay
    from specwitness.fuzz.session.situation import Situation
    from specwitness.fuzz.target import Target
    from specwitness.fuzz.users.identity import Identity, Mint, Tokens
    from specwitness.fuzz.users.login import Login

_MODULES = {
    "Identity": "users.identity",
    "Login": "users.login",
    "Mint": "users.identity",
    "Request": "http.message",
    "Situation": "session.situation",
    "Target": "target",
    "Tokens": "users.identity",
    "replay": "replay",
}

__all__ = ["Identity", "Login", "Mint", "Request", "Situation", "Target", "Tokens", "replay"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
