"""Documents under names that belong to the first user who takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, Path

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Text, UserId, assemble, protected_router
from tests.services.service import SmallService

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

Name = Annotated[str, Path(min_length=1, max_length=60)]


class TextForm(Form):
    text: Text


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router, owners = protected_router(), dict[str, str]()

    def require_free(user: UserId, doc_name: Name) -> None:
        if owners.get(doc_name, user) != user:
            raise RefusalError(409, "the name is taken")

    # The name is looked at before the body.
    @router.put("/docs/{doc_name}", dependencies=[Depends(require_free)])
    async def write_doc(user: UserId, doc_name: Name, form: TextForm) -> dict[str, str]:
        owners[doc_name] = user
        return {"text": form.text}

    return assemble(faults, router)


DOCUMENTS = SmallService(name="documents", create=create)
