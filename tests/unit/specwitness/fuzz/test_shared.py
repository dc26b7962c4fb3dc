"""What all users share is not taken for somebody's own: a shop whose goods were there before."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from specwitness.config import FuzzConfig
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from tests.support.attacks import attack_target, complaints
from tests.support.surfaces import make_surface

GOODS = [{"id": each, "name": name} for each, name in ((11, "tea"), (12, "rice"))]
REFUSALS = {str(status): {"description": "No"} for status in (401, 404, 422)}
ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 2**31},
}
PATHS: dict[str, Any] = {
    "/goods": {"get": {"operationId": "listGoods"}},
    "/goods/{id}": {"parameters": [ID], "get": {"operationId": "readGood"}},
}


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def admit(credentials: Credentials) -> str:
    if credentials is None or credentials.credentials not in {"a-token", "b-token"}:
        raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return credentials.credentials


Caller = Annotated[str, Depends(admit)]


def make_shop(*, is_hidden: bool = False) -> FastAPI:
    """Make the shop; where goods are hidden, bob sees none of them in the list, and reads them all the same."""
    app = FastAPI(openapi_url=None)

    @app.get("/goods")
    def list_goods(caller: Caller) -> list[dict[str, Any]]:
        return [] if is_hidden and caller == "b-token" else GOODS

    @app.get("/goods/{good_id}", dependencies=[Depends(admit)])
    def read_good(good_id: int) -> dict[str, Any]:
        found = next((each for each in GOODS if each["id"] == good_id), None)
        if found is None:
            raise HTTPException(404)
        return found

    return app


def complain(app: FastAPI) -> dict[str, list[str]]:
    for item in PATHS.values():
        item["get"]["responses"] = {"200": {"description": "Goods"}, **REFUSALS}
    schemes = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
    surface = make_surface(PATHS, components=schemes, security=[{"bearer": []}])
    target = Target(app=app, identities=Tokens(alice="a-token", bob="b-token"))
    engine = attack_target(surface, target, FuzzConfig(only=("isolation",)))
    assert list(engine.trial.succeeded) == ["listGoods", "readGood"]
    return complaints(engine)


def test_goods_that_everybody_sees_are_nobodys() -> None:
    assert complain(make_shop()) == {}


def test_goods_that_only_one_sees_are_theirs() -> None:
    assert list(complain(make_shop(is_hidden=True))) == ["isolation"]
