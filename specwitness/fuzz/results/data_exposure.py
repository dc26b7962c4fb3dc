"""Data exposure: secrets and personal data in a response that the contract does not document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.purpose import noun_for
from specwitness.fuzz.api.schema import Schema, resolve
from specwitness.fuzz.api.words import MOMENTS, PERSONAL, SECRETS, USERS
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Response

_DEEPEST = 8


def find_data_exposure(response: Response, endpoint: Endpoint) -> Iterator[str]:
    """Find undocumented members of a 2xx that hold a secret, such as `passwordHash`.

    Personal data, such as `email`, counts too if the operation shows other users. A documented secret
    counts if it is `writeOnly`: no response may contain it (OpenAPI 3.0.3, Schema Object).

    Returns:
        The names of the members.
    """
    documented = endpoint.response_for(response.status) if response.succeeded else None
    content = (documented or {}).get("content", {})
    schema = next((media.get("schema") for name, media in content.items() if "json" in name), None)
    body = response.json()
    if schema is None or body is None:
        return
    yield from dict.fromkeys(_walk(body, schema, endpoint, _DEEPEST))


def _walk(value: Any, schema: Schema, endpoint: Endpoint, depth: int) -> Iterator[str]:
    if depth == 0 or _is_one_of_several(schema, endpoint):
        return
    schema = resolve(schema, endpoint.document)
    if isinstance(value, list):
        for child in value:
            yield from _walk(child, schema.get("items", {}), endpoint, depth - 1)
    if not isinstance(value, dict):
        return
    documented = schema.get("properties", {})
    is_open = not documented or "additionalProperties" in schema or "patternProperties" in schema
    for name, item in value.items():
        if name in documented:
            is_write_only = resolve(documented[name], endpoint.document).get("writeOnly") is True
            if is_write_only and _is_given(item) and _is_secret(name):
                yield name
            yield from _walk(item, documented[name], endpoint, depth - 1)
        elif not is_open and _is_given(item) and _is_private(name, endpoint):
            yield name


def _is_one_of_several(schema: Schema, endpoint: Endpoint) -> bool:
    """Tell whether a schema has alternatives: then a member may belong to one that was not compared."""
    found = dereference(schema, endpoint.document)
    if not isinstance(found, dict):
        return False
    if "if" in found or any(_is_one_of_several(part, endpoint) for part in found.get("allOf", ())):
        return True
    parts = [*found.get("anyOf", ()), *found.get("oneOf", ())]
    return len([part for part in parts if resolve(part, endpoint.document).get("type") != "null"]) > 1


def _is_given(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _is_private(name: str, endpoint: Endpoint) -> bool:
    return _is_secret(name) or (_shows_others(endpoint) and PERSONAL.occurs_in(name))


def _is_secret(name: str) -> bool:
    """Tell whether a member holds a secret: `passwordHash` does, `password_changed_on` does not."""
    return SECRETS.occurs_in(name) and not MOMENTS.ends(name)


def _shows_others(endpoint: Endpoint) -> bool:
    """Tell whether an operation shows users other than the caller."""
    shapes = endpoint.collections
    is_of_user = bool(shapes) and noun_for(endpoint.path_names[-1], shapes[-1]) in USERS
    # A sign-up shows the new user their own data.
    is_public = endpoint.is_safe and not endpoint.is_protected
    return is_of_user or is_public or bool(endpoint.is_shared)
