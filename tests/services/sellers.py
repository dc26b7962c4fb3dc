"""Sellers, whose response schema has alternatives: with a fax number or with a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.services.app import assemble, open_router
from tests.services.service import SmallService

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.proving_ground.model import Faults

TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
SELLER = {
    "allOf": [
        {"type": "object", "properties": {"id": {"type": "integer"}}},
        {
            "oneOf": [
                {"type": "object", "properties": {name: TEXT}, "required": [name]}
                for name in ("fax_number", "phone")
            ]
        },
    ]
}
SHOWN = {"content": {"application/json": {"schema": {"type": "array", "items": SELLER}}}}


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router = open_router()

    @router.get("/sellers", response_model=None, responses={200: SHOWN, 422: SHOWN})
    async def list_sellers() -> list[dict[str, Any]]:
        return [{"id": 1, "fax_number": "5"}, {"id": 2, "phone": "7"}]

    return assemble(faults, router)


SELLERS = SmallService(name="sellers", create=create)
