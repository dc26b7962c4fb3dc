"""Small collections that differ in their names alone: objects that only their owner sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from fastapi import APIRouter

from tests.proving_ground.door import CurrentCaller  # noqa: TC001  # FastAPI reads it when a route is made
from tests.proving_ground.web import Body, RefusalError, Text, Uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

NAMESPACE = UUID("5a3d0c52-8a0e-4f43-9d0f-4f7f7c1c6f0b")


class TitleForm(Body):
    title: Text


@dataclass(slots=True)
class Entry:
    """A stored object: its collection, its owner, and the members that it shows beside its id."""

    id: str
    collection: str
    owner: str
    members: dict[str, Any]

    def show(self) -> dict[str, Any]:
        return {"id": self.id, **self.members}


@dataclass(slots=True)
class Shelf:
    """The stored objects of all collections of a service, and those that were deleted."""

    entries: dict[str, Entry] = field(default_factory=dict)
    deleted: dict[str, Entry] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, collection: str, owner: str, members: dict[str, Any]) -> Entry:
        number = next(self.numbers)
        entry = Entry(str(uuid5(NAMESPACE, f"{collection} {number}")), collection, owner, members)
        self.entries[entry.id] = entry
        return entry

    def find(
        self,
        collection: str,
        entry_id: str,
        caller: Caller,
        *,
        of_anyone: bool = False,
        with_deleted: bool = False,
    ) -> Entry:
        """Find an object of the caller's.

        Raises:
            RefusalError: There is none.
        """
        known = {**self.deleted, **self.entries} if with_deleted else self.entries
        entry = known.get(entry_id)
        is_there = entry is not None and entry.collection == collection
        if entry is None or not is_there or not (of_anyone or entry.owner == caller.subject):
            raise RefusalError(404, "not found")
        return entry

    def of(self, collection: str, caller: Caller, *, with_deleted: bool = False) -> list[Entry]:
        known = {**self.entries, **self.deleted} if with_deleted else self.entries
        return [
            entry
            for entry in known.values()
            if entry.collection == collection and entry.owner == caller.subject
        ]

    def delete(self, entry: Entry) -> None:
        self.deleted[entry.id] = self.entries.pop(entry.id)

    def snapshot(self) -> object:
        return repr((self.entries, self.deleted))


def route_collection(
    shelf: Shelf, name: str, faults: Faults, protected: type[APIRoute], **shown: Any
) -> APIRouter:
    """Route `POST /name`, `GET /name/{id}` and `DELETE /name/{id}`; objects show the members `shown` too."""
    router = APIRouter(prefix=f"/{name}", route_class=protected)

    @router.post("", status_code=201)
    async def create(form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.add(name, caller.subject, {"title": form.title, **shown}).show()

    @router.get("/{entry_id}")
    async def read(entry_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        with_deleted = faults.has(f"{name}-read-after-delete")
        return shelf.find(name, entry_id, caller, with_deleted=with_deleted).show()

    @router.delete("/{entry_id}", status_code=204)
    async def delete(entry_id: Uuid, caller: CurrentCaller) -> None:
        shelf.delete(shelf.find(name, entry_id, caller))

    return router


def route_list(shelf: Shelf, name: str, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    """Route `GET /name`: the objects of the caller."""
    router = APIRouter(prefix=f"/{name}", route_class=protected)

    @router.get("")
    async def show(caller: CurrentCaller) -> dict[str, Any]:
        found = shelf.of(name, caller, with_deleted=faults.has(f"{name}-listed-after-delete"))
        return {"items": [entry.show() for entry in found]}

    return router
