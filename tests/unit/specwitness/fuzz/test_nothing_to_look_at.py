"""A check that has nothing to look at is skipped with the reason, and its requirement is silent."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, HTTPException, Request

from specwitness.config import FuzzConfig
from specwitness.fuzz.checks.registry import named_checks
from specwitness.fuzz.session.situation import Situation
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Identity
from specwitness.fuzz.verdicts import Verdicts
from specwitness.model import Location, Outcome, Requirement, RequirementKind, Verdict
from specwitness.trace import judge
from tests.services.contract import make_surface
from tests.services.users import TOKENS, read_token, refuse
from tests.support.attacks import attack_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.engine import Engine
    from specwitness.model import Witness

KEY = "T/FR-001"
USERS = dict(zip(("alice", "bob"), TOKENS, strict=True))
TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
# As many seats as the baseline requests take: none is left for the checks.
SEATS = 2
OUTAGE = "an outage"


@dataclass(frozen=True, slots=True)
class BearerUsers:
    """So many users, who have a bearer token and nothing for any other scheme."""

    count: int

    def identify(self, name: str, client: object = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        known = dict(list(USERS.items())[: self.count])
        return Identity(name, values={"bearer": known[name]}) if name in known else None


def caller_of(request: Request) -> str:
    user = TOKENS.get(read_token(request) or "")
    if user is None:
        refusal = refuse(request)
        raise HTTPException(refusal.status, headers=refusal.headers)
    return user


async def read_text(request: Request, name: str = "text") -> None:
    try:
        text = (await request.json())[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not isinstance(text, str) or not 0 < len(text) <= TEXT["maxLength"]:  # type: ignore[operator]  # a number
        raise HTTPException(422)


def serve_what_is_alike(app: FastAPI) -> None:
    """Serve what every user gets alike, and what no later call shows."""

    @app.get("/weather")
    async def read_weather(request: Request) -> dict[str, str]:
        caller_of(request)
        return {"sky": "blue"}

    @app.get("/books")
    async def list_books(request: Request) -> list[dict[str, int]]:
        caller_of(request)
        return [{"id": 1}, {"id": 2}]

    @app.get("/books/{book_id}")
    async def read_book(book_id: int, request: Request) -> dict[str, int]:
        caller_of(request)
        if book_id not in {1, 2}:
            raise HTTPException(404)
        return {"id": book_id}

    @app.post("/letters", status_code=204)
    async def send_letter(request: Request) -> None:
        caller_of(request)
        await read_text(request)

    @app.post("/parcels", status_code=204)
    async def send_parcel(request: Request) -> None:
        caller_of(request)
        await read_text(request)
        await read_text(request, "note")


def serve_without_readers(app: FastAPI) -> None:
    """Serve notes that can be made and deleted, and never read."""
    owners: dict[int, str] = {}

    @app.post("/notes", status_code=201)
    async def make_note(request: Request) -> dict[str, int]:
        caller = caller_of(request)
        await read_text(request)
        owners[len(owners) + 1] = caller
        return {"id": len(owners)}

    @app.delete("/notes/{note_id}", status_code=204)
    async def delete_note(note_id: int, request: Request) -> None:
        caller = caller_of(request)
        if owners.get(note_id) != caller:
            raise HTTPException(404)
        owners[note_id] = ""


def serve_few_objects(app: FastAPI) -> None:
    """Serve seats of which a user gets two, ever."""
    owners: dict[int, str] = {}

    @app.post("/seats", status_code=201)
    async def take_seat(request: Request) -> dict[str, int]:
        caller = caller_of(request)
        taken = sum(owner.removeprefix("left by ") == caller for owner in owners.values())
        if taken >= SEATS:
            raise HTTPException(409)
        owners[len(owners) + 1] = caller
        return {"id": len(owners)}

    @app.delete("/seats/{seat_id}", status_code=204)
    async def leave_seat(seat_id: int, request: Request) -> None:
        caller = caller_of(request)
        if owners.get(seat_id) != caller:
            raise HTTPException(404)
        owners[seat_id] = f"left by {caller}"


def serve_no_objects(app: FastAPI) -> None:
    """Serve stars of which there are none, and which no call makes."""

    @app.get("/stars/{star_id}")
    async def read_star(star_id: int, request: Request) -> None:  # noqa: ARG001  # the path's
        caller_of(request)
        raise HTTPException(404)

    @app.get("/admin/stars/{star_id}")
    async def read_star_as_admin(star_id: int, request: Request) -> None:  # noqa: ARG001  # the path's
        caller_of(request)
        raise HTTPException(403)


def serve_broken_for_others(app: FastAPI) -> None:
    """Serve drafts whose reading breaks for everybody but their owner."""
    owners: dict[int, str] = {}

    @app.post("/drafts", status_code=201)
    async def make_draft(request: Request) -> dict[str, int]:
        owners[len(owners) + 1] = caller_of(request)
        return {"id": len(owners)}

    @app.get("/drafts/{draft_id}")
    async def read_draft(draft_id: int, request: Request) -> dict[str, int]:
        if owners.get(draft_id) != caller_of(request):
            raise HTTPException(503)
        return {"id": draft_id}


def serve_for_keys(app: FastAPI) -> None:
    """Serve what the contract protects by a key that nobody has."""

    @app.get("/keyed")
    async def read_keyed() -> dict[str, str]:
        return {"sky": "blue"}


def serve_every_method(app: FastAPI) -> None:
    """Serve a path whose five methods are all documented."""

    @app.api_route("/switch", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def use_switch(request: Request) -> dict[str, str]:
        caller_of(request)
        return {"light": "on"}


def serve_only_weather(app: FastAPI) -> None:
    """Serve one list that nobody can change."""

    @app.get("/weather")
    async def read_weather(request: Request) -> list[dict[str, str]]:
        caller_of(request)
        return []


def body_of(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def path_of(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}]


def operation(name: str, *, more: dict[str, Any] | None = None, **statuses: str) -> dict[str, Any]:
    texts = {
        "401": "No",
        "404": "No",
        "422": "No",
        **{key.strip("_"): text for key, text in statuses.items()},
    }
    responses = {status: {"description": text} for status, text in texts.items()}
    return {"operationId": name, "x-requirements": [KEY], "responses": responses, **(more or {})}


READ_ONLY = {"type": "integer", "readOnly": True}
Paths = dict[str, Any]
SERVICES: dict[str, tuple[Callable[[FastAPI], None], Callable[[], Paths]]] = {
    "alike": (
        serve_what_is_alike,
        lambda: {
            "/weather": {"get": operation("readWeather", _200="ok")},
            "/books": {"get": operation("listBooks", _200="ok")},
            "/books/{book_id}": {"parameters": path_of("book_id"), "get": operation("readBook", _200="ok")},
            "/letters": {"post": operation("sendLetter", more=body_of(text=TEXT), _204="ok")},
            "/parcels": {
                "post": operation("sendParcel", more=body_of(text=TEXT, note=TEXT, id=READ_ONLY), _204="ok")
            },
        },
    ),
    "without readers": (
        serve_without_readers,
        lambda: {
            "/notes": {"post": operation("makeNote", more=body_of(text=TEXT), _201="ok")},
            "/notes/{note_id}": {
                "parameters": path_of("note_id"),
                "delete": operation("deleteNote", _204="ok"),
            },
        },
    ),
    "few objects": (
        serve_few_objects,
        lambda: {
            "/seats": {"post": operation("takeSeat", _201="ok", _409="no more")},
            "/seats/{seat_id}": {
                "parameters": path_of("seat_id"),
                "delete": operation("leaveSeat", _204="ok", _503="out"),
            },
        },
    ),
    "no objects": (
        serve_no_objects,
        lambda: {
            "/stars/{star_id}": {"parameters": path_of("star_id"), "get": operation("readStar", _200="ok")},
            "/admin/stars/{star_id}": {
                "parameters": path_of("star_id"),
                "get": operation("readStarAsAdmin", _200="ok", _403="no"),
            },
        },
    ),
    "broken for others": (
        serve_broken_for_others,
        lambda: {
            "/drafts": {"post": operation("makeDraft", _201="ok")},
            "/drafts/{draft_id}": {
                "parameters": path_of("draft_id"),
                "get": operation("readDraft", _200="ok", _503="out"),
            },
        },
    ),
    "for keys": (
        serve_for_keys,
        lambda: {"/keyed": {"get": operation("readKeyed", more={"security": [{"key": []}]}, _200="ok")}},
    ),
    "every method": (
        serve_every_method,
        lambda: {
            "/switch": {
                method: operation(f"{method}Switch", _200="ok")
                for method in ("get", "post", "put", "patch", "delete")
            }
        },
    ),
    "only weather": (
        serve_only_weather,
        lambda: {"/weather": {"get": operation("readWeather", _200="ok")}},
    ),
}


@dataclass(frozen=True, slots=True)
class Blind:
    """An operation on which a check has nothing to look at, and what the reason says of it."""

    check: str
    service: str
    operation: str
    reason: str


CASES = (
    Blind("isolation", "broken for others", "readDraft", "503, which is no refusal"),
    Blind("existence", "broken for others", "readDraft", "503, which is no refusal"),
    Blind("conformance", "no objects", "readStar", "needs a stored object"),
    Blind("none", "no objects", "readStar", "never answered 2xx"),
    Blind("forged", "no objects", "readStar", "never answered 2xx"),
    Blind("expired", "alike", "readWeather", "no mint"),
    Blind("expired", "for keys", "readKeyed", "no credential for its security schemes"),
    Blind("claims", "for keys", "readKeyed", "no credential for its security schemes"),
    Blind("claims", "few objects", "leaveSeat", "needs a stored object"),
    Blind("isolation", "alike", "readBook", "no object of her own"),
    Blind("isolation", "few objects", "leaveSeat", "no object of her own"),
    Blind("isolation", "alike", "sendLetter", "no operation shows"),
    Blind("existence", "alike", "readBook", "no object of her own"),
    Blind("existence", "only weather", "readWeather", "no call creates an object"),
    Blind("disclosure", "alike", "readWeather", "shows the owner nothing"),
    Blind("assignment", "alike", "sendParcel", "no object that would show a member"),
    Blind("deletion", "without readers", "deleteNote", "no operation shows or uses the object"),
    Blind("deletion", "few objects", "leaveSeat", "no object of the run's own"),
    Blind("side_effect", "alike", "sendParcel", "no operation shows the owner"),
    Blind("robustness", "few objects", "leaveSeat", "needs a stored object"),
    Blind("race", "alike", "readWeather", "both users get the same response"),
    Blind("privilege", "no objects", "readStarAsAdmin", "needs a stored object"),
    Blind("shadow", "every method", "deleteSwitch", "no method of its path is left"),
    Blind("situation", "few objects", "leaveSeat", "needs a stored object"),
)


def test_every_check_has_a_case() -> None:
    # A response that is private is always there to be looked at, where one is: see the test below.
    assert {case.check for case in CASES} == set(named_checks()) - {"caching"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}-{case.operation}")
def test_check_with_nothing_to_look_at_is_skipped_with_the_reason(case: Blind) -> None:
    witness = find_witness(case.service, case.operation, case.check)
    assert witness is not None, "the report has no line for it"
    assert witness.outcome is Outcome.SKIPPED
    assert witness.detail
    assert " " in witness.detail
    assert case.reason in witness.detail


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}-{case.operation}")
def test_requirement_of_a_check_with_nothing_to_look_at_is_silent(case: Blind) -> None:
    witness = find_witness(case.service, case.operation, case.check)
    assert decide([witness] if witness else []) is Verdict.SILENT


def test_response_that_no_cache_keeps_gives_no_evidence_on_caching() -> None:
    assert find_witness("alike", "sendLetter", "caching") is None
    assert decide([]) is Verdict.SILENT


def test_check_that_looked_at_something_is_evidence() -> None:
    witness = find_witness("alike", "readWeather", "none")
    assert witness is not None
    assert witness.requirements == (KEY,)
    assert decide([witness]) is Verdict.UNFALSIFIED


@pytest.mark.parametrize(
    ("service", "operation_id", "check"),
    [
        ("alike", "readBook", "isolation"),
        ("alike", "readBook", "existence"),
        ("alike", "readWeather", "disclosure"),
    ],
)
def test_run_with_one_user_says_that_another_is_missing(service: str, operation_id: str, check: str) -> None:
    witness = find_witness(service, operation_id, check, users=1)
    assert witness is not None
    assert (witness.outcome, witness.detail) == (Outcome.SKIPPED, "there is no second user to try it as")


def find_witness(service: str, operation_id: str, check: str, *, users: int = 2) -> Witness | None:
    """Give the witness of an operation and a check; None where the report has no line for it."""
    engine = run(service, users)
    endpoint = next(known for known in engine.surface.endpoints if known.id == operation_id)
    verdicts = Verdicts(
        engine.context.results, engine.settings, situations={OUTAGE: (503,)}, has_mint=False, is_whole=True
    )
    return next((witness for witness in verdicts.testify(endpoint) if witness.id.endswith(f":{check}")), None)


@cache
def run(service: str, users: int) -> Engine:
    serve, make_paths = SERVICES[service]
    inner = FastAPI(openapi_url=None)
    serve(inner)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        # An app that lists no routes: what it serves beside its contract has to be guessed.
        await inner(scope, receive, send)

    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }
    surface = make_surface(make_paths(), components={"securitySchemes": schemes}, security=[{"bearer": []}])
    outage = Situation(name=OUTAGE, statuses=(503,), enter=lambda _: nullcontext(), recovery=0.0)
    target = Target(
        app=app, identities=BearerUsers(users), situations=(outage,) if service == "few objects" else ()
    )
    return attack_target(surface, target, FuzzConfig(strict=True))


def decide(witnesses: list[Witness]) -> Verdict:
    """Decide the verdict of a requirement that all its witnesses name."""
    requirement = Requirement(
        key=KEY,
        kind=RequirementKind.FUNCTIONAL,
        text="Users see their own data alone.",
        location=Location(file="spec.md", line=1),
        last_line=1,
    )
    return judge(requirement, witnesses, is_drifted=False)
