"""Accounts: one that two users share, one that is closed later, and one that begins with a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Text, UserId, assemble, open_router, protected_router
from tests.services.service import SmallService
from tests.services.users import ANN, BEN

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

Name = Annotated[str, Path(min_length=1, max_length=60)]


class TextForm(Form):
    text: Text


def create_shared_account(faults: Faults) -> FastAPI:
    """Make the app in which ann and ben have one account, with a slug and an address of its own."""
    router = protected_router()

    @router.get("/me")
    async def read_me(user: UserId) -> dict[str, Any]:
        return {"id": user, "slug": "acme", "account": {"email": "all@acme.example"}}

    @router.get("/accounts/{slug}")
    async def read_account(_: UserId, slug: Name) -> dict[str, str]:
        if slug != "acme":
            raise RefusalError(404, "not found")
        return {"slug": slug, "plan": "small"}

    return assemble(faults, router)


def create_closed_later(faults: Faults) -> FastAPI:
    """Make the app that answers 202 to the end of an account, which may be read until then."""
    router, texts = protected_router(), dict.fromkeys((ANN, BEN), "nothing")

    @router.get("/me")
    async def read_me(user: UserId) -> dict[str, str]:
        return {"id": user, "text": texts[user]}

    @router.put("/me")
    async def write_me(user: UserId, form: TextForm) -> dict[str, str]:
        texts[user] = form.text
        return {"id": user, "text": texts[user]}

    @router.delete("/me", status_code=202)
    async def close_account(user: UserId) -> dict[str, str]:
        return {"id": user}

    return assemble(faults, router)


def create_sign_up(faults: Faults) -> FastAPI:
    """Make the app whose sign-up sends a mail; `app.state.deleted` lists the accounts that were deleted."""
    anybody, router = open_router(), protected_router()
    app = assemble(faults)
    app.state.deleted = deleted = list[str]()

    def require_own(user: str, user_id: str) -> None:
        if user != user_id or user in deleted:
            raise RefusalError(404, "not found")

    @anybody.post("/users", status_code=202)
    async def sign_up(form: TextForm) -> dict[str, str]:  # noqa: ARG001  # it is only validated
        return {"detail": "a mail is under way"}

    @router.get("/users/{user_id}")
    async def read_user(user: UserId, user_id: Name) -> dict[str, str]:
        require_own(user, user_id)
        return {"id": user}

    @router.delete("/users/{user_id}", status_code=204)
    async def drop_user(user: UserId, user_id: Name) -> None:
        require_own(user, user_id)
        deleted.append(user)

    app.include_router(anybody)
    app.include_router(router)
    return app


# Both users show the slug, so that it is neither's own: the run has no account to read.
SHARED_ACCOUNT = SmallService(
    name="shared-account", create=create_shared_account, unreached=frozenset({"readAccount"})
)
CLOSED_LATER = SmallService(name="account-closed-later", create=create_closed_later)
# The run deletes no account of its own users.
SIGN_UP = SmallService(name="sign-up", create=create_sign_up, unreached=frozenset({"dropUser"}))
