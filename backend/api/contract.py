"""The hand-written contract, served in place of the schema that FastAPI generates."""

from __future__ import annotations

import json
from functools import lru_cache
from http import HTTPMethod
from pathlib import Path
from typing import Any

import yaml
from fastapi import APIRouter
from starlette.responses import Response

from backend.core.errors import ConfigurationError
from backend.core.http.routing import AuthenticateFirstRoute

CONTRACT = Path(__file__).resolve().parents[2] / "contracts" / "openapi.yaml"

router = APIRouter(route_class=AuthenticateFirstRoute, include_in_schema=False)


@lru_cache(maxsize=1)
def read_contract() -> bytes:
    """Read contracts/openapi.yaml as one JSON document, with the referenced schema files in it.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    try:
        document = _resolve(yaml.safe_load(CONTRACT.read_text(encoding="utf-8")))
    except OSError as error:
        place = "contracts/openapi.yaml"
        raise ConfigurationError([(place, "cannot be read: copy contracts/ beside backend/")]) from error
    return json.dumps(document, separators=(",", ":")).encode()


def read_methods() -> tuple[str, ...]:
    """Return the HTTP methods of the contract in upper case, sorted."""
    found = {method.upper() for path in json.loads(read_contract())["paths"].values() for method in path}
    return tuple(sorted(found & set(HTTPMethod)))


@router.get("/openapi.json", operation_id="getContract")
async def get_contract() -> Response:
    """Return the contract."""
    return Response(read_contract(), media_type="application/json")


def _resolve(value: Any) -> Any:
    """Replace references to other files by their content."""
    if isinstance(value, list):
        return [_resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        schema = json.loads((CONTRACT.parent / reference).read_text(encoding="utf-8"))
        return {name: member for name, member in schema.items() if name != "$schema"}
    return {name: _resolve(member) for name, member in value.items()}
