"""A list under any path, which all users may read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.services.app import UserId, assemble, protected_router
from tests.services.service import SmallService

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.proving_ground.model import Faults


def create(faults: Faults, path: str, roles: tuple[str, ...]) -> FastAPI:
    """Make the app; the contract names the roles, if there are any, and a 403 that never comes."""
    router = protected_router()
    extra = {"x-roles": list(roles)} if roles else None

    @router.get(path, openapi_extra=extra, responses={403: {"description": "No"}})
    async def read_all(_: UserId) -> list[str]:
        return []

    return assemble(faults, router)


def make_list(path: str, *roles: str) -> SmallService:
    """Make the service of a path, whose contract names the roles that may read it."""
    return SmallService(name=path.strip("/"), create=partial(create, path=path, roles=roles))
