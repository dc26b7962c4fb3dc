"""Things whose body has a member of any schema: JSON Schema allows more shapes than most contracts have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.users.identity import Tokens
from tests.proving_ground.model import Faults
from tests.services.app import Form, Text, UserId, assemble, protected_router
from tests.services.contract import describe_app, read_document
from tests.services.service import SmallService

if TYPE_CHECKING:
    from fastapi import FastAPI

    from specwitness.openapi import Contract

REFERENCE = {"$ref": "#/components/schemas/Self"}
SELF = {"type": "object", "required": ["self"], "properties": {"self": REFERENCE}}


class TextForm(Form):
    text: Text


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    router = protected_router()

    @router.post("/things")
    async def make_thing(_: UserId, form: TextForm) -> dict[str, str]:
        return {"text": form.text}

    return assemble(faults, router)


def _read(member: object) -> Contract:
    document = describe_app(create(Faults()))
    schemas = document["components"]["schemas"]
    schemas["Self"] = SELF
    schemas["TextForm"]["properties"]["more"] = member
    schemas["TextForm"]["required"].append("more")
    return read_document(document)


def make_things(member: object) -> SmallService:
    """Make the service whose contract has a member `more` of a schema; its users' ids are numbers."""
    subjects: Any = {"alice": 1, "bob": 2}
    identities = Tokens(alice="token-of-ann", bob="token-of-ben", subjects=subjects)
    return SmallService(name="things", create=create, read=partial(_read, member), identities=identities)
