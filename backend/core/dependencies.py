"""The caller's identity as a dependency: `CurrentUserId` is all that an endpoint declares."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, FastAPI

from backend.core.errors import InsufficientScopeError, ServiceError
from backend.core.http.problem import respond_to_service_error
from backend.core.identity.authenticator import Authenticator
from backend.core.identity.bearer import CallerBearer, UserIdBearer
from backend.core.identity.deny_list import DenyList, MemoryDenyList
from backend.core.identity.verified_tokens import TokenCache
from backend.core.key_sources.source import KeySource
from backend.core.tokens.claims import Principal


def install_authenticator(
    app: FastAPI,
    keys: KeySource,
    clock: Callable[[], float] = time.time,
    *,
    tokens_remembered: int = 10_000,
    deny_list: DenyList | None = None,
) -> None:
    """Set up an application for `CurrentUserId` and `CurrentPrincipal`, with problem bodies for refusals.

    A mounted sub-application needs a call of its own. Open `keys.running()` in the lifespan of the
    application, so that a source that fetches keys refreshes them.

    Args:
        app: The application.
        keys: The source of the verification keys; see `backend.core.key_sources.source.build_key_source`.
        clock: Returns the time in seconds since the epoch.
        tokens_remembered: The largest number of verified tokens in the cache.
        deny_list: The revoked sessions and subjects; by default an empty list of this process.
    """
    denied = MemoryDenyList(clock) if deny_list is None else deny_list
    app.exception_handlers.setdefault(ServiceError, respond_to_service_error)
    app.state.authenticator = Authenticator(keys, TokenCache(tokens_remembered), denied, clock)


# Two objects without sub-dependencies: FastAPI resolves every dependency of a chain on every request.
get_principal = CallerBearer()
"""Return the caller: user id, issuer, session, end of the token, scopes."""
CurrentPrincipal = Annotated[Principal, Depends(get_principal)]

get_current_user_id = UserIdBearer()
"""Return the caller's user id: the claim `sub` of a verified token (003/FR-004, 003/FR-005)."""
CurrentUserId = Annotated[str, Depends(get_current_user_id)]


def require_scopes(*scopes: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Make a dependency that also requires scopes: `Depends(require_scopes("tasks:write"))`.

    Args:
        scopes: The scopes that the claim `scope` must contain, all of them.

    Returns:
        A dependency that returns the caller, or raises `InsufficientScopeError` (003/FR-029).
    """

    async def get_granted_principal(principal: CurrentPrincipal) -> Principal:
        if not principal.scopes.issuperset(scopes):
            raise InsufficientScopeError(scopes)
        return principal

    return get_granted_principal
