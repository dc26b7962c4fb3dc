"""The caller's identity as a dependency: `CurrentUserId` is all that an endpoint declares."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, FastAPI

from backend.core.errors import InsufficientScopeError, ServiceError
from backend.core.http.problem import answer_service_error
from backend.core.identity.authenticator import Authenticator
from backend.core.identity.bearer import CallerBearer, UserIdBearer
from backend.core.identity.deny_list import DenyList, MemoryDenyList
from backend.core.identity.verified_tokens import TokenMemory
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
    """Let an application's routes depend on the caller, and refuse strangers with a problem body.

    A sub-application that is mounted is an application of its own, and needs its own call. A source
    that fetches keys is kept fresh by `keys.running()`, for the application's lifespan.

    Args:
        app: The application.
        keys: Where the keys come from that tokens are held against.
        clock: Tells the time in seconds since the epoch.
        tokens_remembered: How many verified tokens are remembered at most.
        deny_list: Whose tokens are taken back; by default a list of this process, empty at first.
    """
    denied = MemoryDenyList(clock) if deny_list is None else deny_list
    app.exception_handlers.setdefault(ServiceError, answer_service_error)
    app.state.authenticator = Authenticator(keys, TokenMemory(tokens_remembered), denied, clock)


# One object each and no chain of dependencies: FastAPI resolves every link of a chain on every request.
get_principal = CallerBearer()
"""Get the caller with all that the token says of them."""
CurrentPrincipal = Annotated[Principal, Depends(get_principal)]

get_current_user_id = UserIdBearer()
"""Get the caller's user id: the `sub` claim of a verified token (003/FR-004, 003/FR-005)."""
CurrentUserId = Annotated[str, Depends(get_current_user_id)]


def require_scopes(*scopes: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Make a dependency that also asks for scopes, as in `Depends(require_scopes("tasks:write"))`.

    Args:
        scopes: What the token's `scope` claim must name, each of them.

    Returns:
        A dependency that gives the principal, or raises `InsufficientScopeError` (003/FR-029).
    """

    async def get_granted_principal(principal: CurrentPrincipal) -> Principal:
        if not principal.scopes.issuperset(scopes):
            raise InsufficientScopeError(scopes)
        return principal

    return get_granted_principal
