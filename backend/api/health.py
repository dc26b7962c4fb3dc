"""Liveness and readiness of the service (003/FR-017)."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from backend.core.database.sessions import get_database
from backend.core.errors import UnavailableError
from backend.core.http.problem import REQUEST_INVALID, RETRY_HEADER
from backend.core.http.routing import AuthenticateFirstRoute
from backend.core.identity.authenticator import get_authenticator

router = APIRouter(tags=["health"], route_class=AuthenticateFirstRoute)


class Health(BaseModel):
    """The state of the service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    live: Annotated[Literal[True], Field(description="The process serves")]
    # A factory: a default would appear in the schema. The member is absent if it was not requested.
    ready: bool = Field(
        default_factory=bool,
        description="The database answers and keys are known; absent where only liveness was asked for",
    )


RESPONSES: dict[int | str, dict[str, Any]] = {
    HTTPStatus.OK: {"description": "Alive and, unless only liveness was asked for, ready"},
    **REQUEST_INVALID,
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "description": "Alive but not ready, since the database does not answer or no keys are known",
        "headers": {"Retry-After": RETRY_HEADER},
        "model": Health,
    },
}
Probe = Annotated[
    Literal["live", "ready"],
    Query(description="`live` asks whether the process serves; `ready`, whether it can do its work."),
]


@router.get("/health", operation_id="getHealth", responses=RESPONSES, response_model_exclude_unset=True)
async def get_health(request: Request, response: Response, probe: Probe = "ready") -> Health:
    """Return whether the process is alive and, unless only that was requested, ready."""
    if probe == "live":
        # A liveness probe must not wait for the database.
        return Health(live=True)
    has_keys = get_authenticator(request).keys.current() is not None
    is_ready = await get_database(request).is_ready() and has_keys
    if not is_ready:
        response.status_code = UnavailableError.status
        response.headers["Retry-After"] = UnavailableError().headers["Retry-After"]
    return Health(live=True, ready=is_ready)
