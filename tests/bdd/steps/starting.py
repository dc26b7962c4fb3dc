"""Steps of story 3 on a start that fails: unprotected routes, and contradictory settings."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from pytest_bdd import given, parsers, then, when

from backend.core.errors import ConfigurationError
from tests.support.service import PSEUDONYM_KEY, UNREACHABLE_DATABASE
from tests.support.world import ORIGIN, PREVIOUS_SECRET, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

PATH = "/forgotten"
SECRETS = {
    "a secret": ("BETTER_AUTH_SECRET", SECRET),
    "a previous secret": ("BETTER_AUTH_SECRET_PREVIOUS", PREVIOUS_SECRET),
}


async def unprotected() -> None:
    """A route without authentication."""


async def unprotected_socket(websocket: WebSocket) -> None:
    """A WebSocket route without authentication."""
    await websocket.accept()


def include_route(app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route(PATH, unprotected)
    app.include_router(router)


OPEN_ROUTES: dict[str, Callable[[FastAPI], Any]] = {
    "route": lambda app: app.add_api_route(PATH, unprotected),
    "included route": include_route,
    "hidden route": lambda app: app.add_api_route(PATH, unprotected, include_in_schema=False),
    "WebSocket route": lambda app: app.add_api_websocket_route(PATH, unprotected_socket),
    "mounted folder": lambda app: app.mount(PATH, StaticFiles(directory=".", check_dir=False)),
}


@given(parsers.re(r"a service with an unprotected (?P<route>.+)$"))
def add_open_route(world: World, route: str) -> None:
    world.start()
    assert world.app is not None
    OPEN_ROUTES[route](world.app)


@when("the service is opened")
def open_service(world: World) -> None:
    async def run() -> None:
        assert world.app is not None
        async with world.app.router.lifespan_context(world.app):
            world.notes["opened"] = True

    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(run())
    world.notes["refusal"] = str(caught.value)


@then("it refuses to open")
def check_not_opened(world: World) -> None:
    assert "opened" not in world.notes


@then(parsers.re(r"the message names the (?P<route>.+), its place and the remedy$"))
def check_route_named(world: World, route: str) -> None:
    message = world.notes["refusal"]
    assert PATH in message
    assert ("tests/bdd/steps/starting.py:" in message) == (route != "mounted folder")
    assert "declare CurrentUserId" in message
    assert "003/FR-007" in message


@given(parsers.re(r"a deployment with the settings (?P<settings>.+)$"))
def deploy_with_settings(world: World, settings: str) -> None:
    environ = {
        "BETTER_AUTH_URL": ORIGIN,
        "DATABASE_URL": UNREACHABLE_DATABASE,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
    }
    for part in settings.split(" and "):
        name, value = SECRETS[part] if part in SECRETS else part.split("=", 1)
        environ[name] = value
    if environ["JWT_ALGORITHMS"].lower().startswith("hs"):
        environ["BETTER_AUTH_SECRET"] = SECRET
    if "BETTER_AUTH_SECRET_PREVIOUS" in environ:
        environ["BETTER_AUTH_SECRET_PREVIOUS_UNTIL"] = "2030-01-31T12:00:00Z"
    world.notes["environ"] = environ


@then(parsers.re(r"the message names the setting (?P<setting>\w+) and what is wrong with it$"))
def check_setting_named(world: World, setting: str) -> None:
    message = world.notes["refusal"]
    assert message.startswith(f"{setting}: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in message
    assert PREVIOUS_SECRET not in message
