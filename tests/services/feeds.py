"""A feed that is read with an API key, and a report that is read with a bearer token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.security import APIKeyHeader

from specwitness.fuzz.users.identity import Tokens
from tests.proving_ground.web import protected_by
from tests.services.app import REFUSALS, assemble
from tests.services.service import PlantedBug, SmallService
from tests.services.users import BEARER, BearerAuth, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.model import Faults

KEY = APIKeyHeader(name="X-Key", auto_error=False, scheme_name="key")
KEYS = {"key-of-ann", "key-of-ben"}


def admit_key(request: Request) -> None:
    """Refuse a request without a known key."""
    if request.headers.get("x-key") not in KEYS:
        raise refuse(request)


def create(faults: Faults) -> FastAPI:
    """Make the app."""

    def admit_token(request: Request) -> None:
        is_key = request.headers.get("x-key") in KEYS
        if not (is_key and faults.has("report-takes-key")):
            BearerAuth().admit(request)

    feed, report = _router(admit_key, KEY), _router(admit_token, BEARER)

    @feed.get("/feed", operation_id="feed")
    async def read_feed() -> list[str]:
        return []

    @report.get("/report", operation_id="report")
    async def read_report() -> list[str]:
        return []

    return assemble(faults, feed, report)


def _router(admit: Callable[[Request], None], scheme: Callable[[Request], object]) -> APIRouter:
    return APIRouter(route_class=protected_by(admit), dependencies=[Depends(scheme)], responses=REFUSALS)


FEEDS = SmallService(
    name="feeds",
    create=create,
    identities=Tokens(
        alice="token-of-ann",
        bob="token-of-ben",
        values={"alice": {"key": "key-of-ann"}, "bob": {"key": "key-of-ben"}},
    ),
    bugs=(
        PlantedBug(
            "report-takes-key", "none", "GET /report", "with a credential of key, which is not taken here"
        ),
    ),
)
