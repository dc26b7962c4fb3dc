"""Contracts of the small services: written by hand in a few lines, or generated from the app."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from specwitness.fuzz.api.endpoint import read_surface
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from specwitness.fuzz.api.endpoint import Surface
    from specwitness.openapi import Contract

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})


def describe_app(app: FastAPI) -> dict[str, Any]:
    """Generate the OpenAPI document of an app."""
    return get_openapi(title="T", version="1", routes=app.routes)


def read_document(document: Mapping[str, Any]) -> Contract:
    """Read an OpenAPI document as the harness reads it from a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return read_contract(path, Path(folder))


def make_contract(paths: dict[str, Any], **members: Any) -> Contract:
    """Make a contract of paths; operations without responses answer 200.

    Args:
        paths: The `paths` of the OpenAPI document; it is completed in place.
        members: Further members of the document, such as `components`.
    """
    for item in paths.values():
        for method in _METHODS & item.keys():
            item[method].setdefault("responses", {"200": {"description": "Done"}})
    return read_document(
        {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **members}
    )


def make_surface(paths: dict[str, Any], **members: Any) -> Surface:
    """Make the surface of a contract; operations without responses answer 200."""
    return read_surface(make_contract(paths, **members))
