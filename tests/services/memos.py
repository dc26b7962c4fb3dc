"""Memos: with a search that repeats its query, or with an archive and a count of all calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Store, Text, UserId, assemble, protected_router, show, show_all
from tests.services.service import SmallService
from tests.services.users import ANN, BEN

if TYPE_CHECKING:
    from fastapi import APIRouter

    from tests.proving_ground.model import Faults

MemoId = Annotated[int, Path(ge=1)]


class TextForm(Form):
    text: Text


def _add_form(router: APIRouter, memos: Store) -> None:
    @router.post("/notes")
    async def make_note(user: UserId, form: TextForm) -> dict[str, Any]:
        return show(memos.add(user, text=form.text, archived=False))


def create_searched(faults: Faults) -> FastAPI:
    """Make the app whose search repeats what was searched for."""
    router, memos = protected_router(), Store()
    _add_form(router, memos)

    @router.get("/notes")
    async def list_notes(user: UserId, q: Annotated[str, Query(max_length=60)] = "") -> dict[str, Any]:
        return {"q": q, "items": show_all(memo for memo in memos.of(user) if q in memo["text"])}

    return assemble(faults, router)


def create_archived(faults: Faults) -> FastAPI:
    """Make the app that lists what is archived, and counts refused calls too."""
    router, memos, calls = protected_router(), Store(), dict.fromkeys((ANN, BEN), 0)
    _add_form(router, memos)

    @router.get("/notes")
    async def list_notes(user: UserId) -> list[dict[str, Any]]:
        return show_all(memos.of(user))

    @router.post("/notes/{note_id}/archive")
    async def archive_note(user: UserId, note_id: MemoId) -> dict[str, Any]:
        calls[user] += 1
        memo = memos.find(note_id, user)
        if memo["archived"]:
            raise RefusalError(409, "archived before")
        memo["archived"] = True
        return show(memo)

    @router.get("/usage")
    async def read_usage(user: UserId) -> dict[str, int]:
        return {"calls": calls[user]}

    return assemble(faults, router)


SEARCHED_MEMOS = SmallService(name="memos-with-search", create=create_searched)
ARCHIVED_MEMOS = SmallService(name="memos-with-archive", create=create_archived)
