"""Goods that were there before any user, and belong to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path

from tests.proving_ground.web import RefusalError
from tests.services.app import UserId, assemble, protected_router
from tests.services.service import PlantedBug, SmallService
from tests.services.users import BEN

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

STOCK = {11: {"id": 11, "name": "tea"}, 12: {"id": 12, "name": "rice"}}


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router = protected_router()

    @router.get("/goods")
    async def list_goods(user: UserId) -> list[dict[str, Any]]:
        is_hidden = user == BEN and faults.has("goods-of-one-user-read-by-all")
        return [] if is_hidden else list(STOCK.values())

    @router.get("/goods/{id}")
    async def read_good(_: UserId, id: Annotated[int, Path(ge=1, le=2**31)]) -> dict[str, Any]:  # noqa: A002  # its name
        if id not in STOCK:
            raise RefusalError(404, "not found")
        return STOCK[id]

    return assemble(faults, router)


GOODS = SmallService(
    name="goods",
    create=create,
    bugs=(
        PlantedBug(
            "goods-of-one-user-read-by-all", "isolation", "GET /goods/{id}", "as another user answered 200"
        ),
    ),
)
