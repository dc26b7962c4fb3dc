"""Notes with reactions and exports, whose paths end in one of a few values; snippets under chosen names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Path, Response
from pydantic import BaseModel

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Store, Text, UserId, assemble, protected_router
from tests.services.service import PlantedBug, SmallService

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

NoteId = Annotated[int, Path(ge=1)]
Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,60}$")]
Kind = Literal["favorite", "dislike"]
Format = Literal["json", "csv"]


class TextForm(Form):
    text: Text


class Note(BaseModel):
    id: int
    text: str


class Folder(BaseModel):
    slug: str


class Refusal(BaseModel):
    title: str


@dataclass
class Collection:
    """The notes, the folders, and the snippets by owner and name."""

    faults: Faults
    notes: Store = field(default_factory=Store)
    folders: Store = field(default_factory=lambda: Store("folder-"))
    snippets: dict[object, dict[str, Any]] = field(default_factory=dict)

    def snippet_key(self, user: str, slug: str) -> object:
        """Give the key of a snippet; the fault leaves the user out."""
        return slug if self.faults.has("names-of-all-users") else (user, slug)

    def find_snippet(self, user: str, slug: str) -> dict[str, Any]:
        """Give a snippet of a user."""
        snippet = self.snippets.get(self.snippet_key(user, slug))
        if snippet is None or snippet["owner"] != user:
            raise RefusalError(404, "not found")
        return snippet


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    collection = Collection(faults)
    router = protected_router()
    for add in (_add_notes, _add_reactions, _add_exports, _add_folders):
        add(router, collection, faults)
    _add_snippets(router, collection)
    return assemble(faults, router)


def _add_notes(router: APIRouter, collection: Collection, faults: Faults) -> None:
    @router.post("/notes")
    async def make_note(user: UserId, form: TextForm) -> dict[str, Any]:
        note = collection.notes.add(user, text=form.text, kinds=set())
        return {"id": note["id"], "text": note["text"]}

    # The contract gives HEAD the bodies of GET, as generators do; none is sent.
    @router.head("/notes/{note_id}", responses={401: {"model": Refusal}}, response_model=Note)
    async def look_at_note(user: UserId, note_id: NoteId) -> Response:
        collection.notes.find(note_id, user, of_anyone=faults.has("head-any"))
        return Response(media_type="application/json")

    @router.get("/notes/{note_id}")
    async def read_note(user: UserId, note_id: NoteId) -> dict[str, Any]:
        return {"id": note_id, "text": collection.notes.find(note_id, user)["text"]}


def _add_reactions(router: APIRouter, collection: Collection, faults: Faults) -> None:
    @router.put("/notes/{note_id}/reactions/{kind}")
    async def react(user: UserId, note_id: NoteId, kind: Kind) -> dict[str, str]:
        collection.notes.find(note_id, user, of_anyone=faults.has("react-to-any"))["kinds"].add(kind)
        return {"kind": kind}

    @router.delete("/notes/{note_id}/reactions/{kind}", status_code=204)
    async def take_back(user: UserId, note_id: NoteId, kind: Kind) -> None:
        note = collection.notes.find(note_id, user)
        if kind not in note["kinds"]:
            raise RefusalError(404, "not found")
        note["kinds"].remove(kind)


def _add_exports(router: APIRouter, collection: Collection, faults: Faults) -> None:
    @router.get("/notes/{note_id}/export/{form}")
    async def export_note(user: UserId, note_id: NoteId, form: Format) -> list[str]:
        is_open = form == "csv" and faults.has("csv-of-any-note")
        return [collection.notes.find(note_id, user, of_anyone=is_open)["text"]]

    @router.get("/export/{form}")
    async def export_all(user: UserId, form: Format) -> list[str]:
        is_open = form == "csv" and faults.has("csv-of-all-notes")
        return [note["text"] for note in collection.notes.of(user, of_anyone=is_open)]


def _add_folders(router: APIRouter, collection: Collection, _: Faults) -> None:
    @router.post("/folders")
    async def open_folder(user: UserId, form: TextForm) -> Folder:
        return Folder(slug=collection.folders.add(user, text=form.text)["id"])

    @router.get("/folders/{slug}")
    async def read_folder(user: UserId, slug: Slug) -> dict[str, str]:
        return {"text": collection.folders.find(slug, user)["text"]}


def _add_snippets(router: APIRouter, collection: Collection) -> None:
    @router.get("/snippets")
    async def list_snippets(user: UserId) -> list[dict[str, Any]]:
        return [snippet for snippet in collection.snippets.values() if snippet["owner"] == user]

    @router.get("/snippets/{slug}")
    async def read_snippet(user: UserId, slug: Slug) -> dict[str, Any]:
        return collection.find_snippet(user, slug)

    @router.put("/snippets/{slug}")
    async def write_snippet(user: UserId, slug: Slug, form: TextForm) -> dict[str, Any]:
        snippet = {"slug": slug, "owner": user, "text": form.text}
        collection.snippets[collection.snippet_key(user, slug)] = snippet
        return snippet

    @router.delete("/snippets/{slug}", status_code=204)
    async def drop_snippet(user: UserId, slug: Slug) -> None:
        collection.find_snippet(user, slug)
        del collection.snippets[collection.snippet_key(user, slug)]


SNIPPETS = SmallService(
    name="snippets",
    create=create,
    bugs=(
        PlantedBug("head-any", "isolation", "HEAD /notes/{note_id}", "as another user answered 200"),
        PlantedBug(
            "react-to-any",
            "isolation",
            "PUT /notes/{note_id}/reactions/{kind}",
            "as another user answered 200",
        ),
        PlantedBug(
            "csv-of-any-note",
            "isolation",
            "GET /notes/{note_id}/export/{form}",
            "with form=csv, answered 200",
        ),
        PlantedBug(
            "csv-of-all-notes", "disclosure", "GET /export/{form}", "shows another user a text of theirs"
        ),
        PlantedBug(
            "names-of-all-users",
            "isolation",
            "PUT /snippets/{slug}",
            "as another user answered 200, and then",
        ),
    ),
)
