"""The caller, as the token identifies them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.core.dependencies import CurrentUserId
from backend.core.http.problem import describe_refused_access, describe_response
from backend.core.http.routing import AuthenticateFirstRoute

router = APIRouter(
    prefix="/api/me",
    tags=["me"],
    route_class=AuthenticateFirstRoute,
    responses=describe_refused_access(),
)


class Me(BaseModel):
    """The caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Annotated[str, Field(min_length=1, max_length=255, description="The subject of the token")]


@router.get("", operation_id="getMe", responses=describe_response(HTTPStatus.OK, description="The caller"))
async def get_me(user_id: CurrentUserId) -> Me:
    """Return the caller's user id."""
    return Me(user_id=user_id)
