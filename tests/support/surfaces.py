"""Contracts in a few lines, as the checks of the fuzz run see them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import read_surface
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Surface
    from specwitness.openapi import Contract

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})


def make_surface(paths: dict[str, Any], **more: Any) -> Surface:
    """Make the surface of a contract; operations without responses answer 200."""
    return read_surface(make_contract(paths, **more))


def make_contract(paths: dict[str, Any], **more: Any) -> Contract:
    """Make a contract; operations without responses answer 200."""
    for item in paths.values():
        for method in _METHODS & item.keys():
            item[method].setdefault("responses", {"200": {"description": "Done"}})
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return read_contract(path, Path(folder))
