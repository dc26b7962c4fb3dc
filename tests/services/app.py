"""Apps of the small services: protected routes, forms, refusals, and a store whose records have owners."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from tests.proving_ground.web import RefusalError, answer_problem, make_app, protected_by
from tests.services.users import BEARER, BearerAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fastapi import FastAPI
    from fastapi.routing import APIRoute

    from tests.proving_ground.model import Faults

REFUSALS: dict[int | str, dict[str, Any]] = {status: {"description": "No"} for status in (401, 404, 409, 422)}
BY_TOKEN = BearerAuth()
Text = Annotated[str, Field(min_length=1, max_length=60)]


class Form(BaseModel):
    """A body whose unknown members are ignored, as most services have it."""

    model_config = ConfigDict(extra="ignore", strict=True)


def _name_operation(route: APIRoute) -> str:
    first, *others = route.name.split("_")
    return first + "".join(map(str.capitalize, others))


def _read_user(request: Request) -> str:
    user: str = request.state.caller
    return user


UserId = Annotated[str, Depends(_read_user)]


def open_router() -> APIRouter:
    """Make a router of routes that anybody may call."""
    return APIRouter(responses=REFUSALS, generate_unique_id_function=_name_operation)


def protected_router(
    admit: Callable[[Request], object] = BY_TOKEN.admit, *alternatives: Callable[..., object]
) -> APIRouter:
    """Make a router of routes that find their user, by `admit`, before anything else.

    Args:
        admit: Gives the user's id.
        alternatives: The security schemes that may be used in place of the bearer token.
    """
    schemes: tuple[Callable[..., object], ...] = (BEARER, *alternatives)
    return APIRouter(
        route_class=protected_by(admit),
        dependencies=[Depends(scheme) for scheme in schemes],
        responses=REFUSALS,
        generate_unique_id_function=_name_operation,
    )


def assemble(faults: Faults, *routers: APIRouter) -> FastAPI:
    """Make the app of routers; what does not fit is refused with a 422 in the form of RFC 9457."""
    app = make_app(answer_problem, faults)
    for router in routers:
        app.include_router(router)
    return app


class Meeting:
    """Lets calls that come at the same time overlap: a call waits until another one is there.

    The race check makes several rounds, of which one has to bring two calls within the longest time.

    Args:
        longest: Seconds that a call without another one waits.
    """

    def __init__(self, longest: float = 0.1) -> None:
        self._longest = longest
        self._waiting: anyio.Event | None = None

    async def wait(self) -> None:
        """Wait until another call waits here too, or for the longest time."""
        if self._waiting is not None:
            self._waiting.set()
            return
        self._waiting = anyio.Event()
        with anyio.move_on_after(self._longest):
            await self._waiting.wait()
        self._waiting = None


@dataclass(slots=True)
class Store:
    """Records by id, whose member `owner` is a user's id.

    Attributes:
        prefix: What ids begin with; without one, they are numbers.
    """

    prefix: str = ""
    records: dict[Any, dict[str, Any]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(100_001))

    def next_id(self) -> Any:
        """Give an id that no record has."""
        number = next(self.numbers)
        return f"{self.prefix}{number}" if self.prefix else number

    def add(self, owner: str, **members: Any) -> dict[str, Any]:
        """Keep a new record."""
        key = self.next_id()
        self.records[key] = {"id": key, "owner": owner, **members}
        return self.records[key]

    def find(self, key: Any, owner: str, *, of_anyone: bool = False) -> dict[str, Any]:
        """Give a record of a user, or of anyone.

        Raises:
            RefusalError: There is none.
        """
        record = self.records.get(key)
        if record is None or not (of_anyone or record["owner"] == owner):
            raise RefusalError(404, "not found")
        return record

    def of(self, owner: str, *, of_anyone: bool = False) -> list[dict[str, Any]]:
        """Give all records of a user, or of anyone."""
        return [record for record in self.records.values() if of_anyone or record["owner"] == owner]


def show(record: dict[str, Any]) -> dict[str, Any]:
    """Give a record as its owner sees it."""
    return {name: value for name, value in record.items() if name != "owner"}


def show_all(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give records as their owner sees them."""
    return [show(record) for record in records]
