"""A ledger: ids in bodies, counts and cursors, balances that calls at the same time change."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.ledger.identity import MINT
from tests.proving_ground.ledger.store import (
    OPENING_BALANCE,
    Account,
    AccountId,
    Form,
    Order,
    RichForm,
    Store,
)
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    JsonObject,
    RefusalError,
    Whole,
    answer_problem,
    let_others_run,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

Limit = Annotated[Whole, Query(ge=1, le=100)]
TOP_NUMBER = 1_000_000


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    door = Door("ledger", Verifier(MINT, faults, clock), faults)

    def admit(request: Request) -> Caller:
        app.state.caller = door.admit(request)
        return app.state.caller  # type: ignore[no-any-return]  # a state holds anything

    app = make_app(answer_problem, faults)
    protected = protected_by(admit, reads_form=faults.has("form-token"))
    app.include_router(_list_routes(store, faults, protected))
    app.include_router(_account_routes(store, faults, protected))
    app.include_router(_transfer_routes(store, faults, protected))
    app.state.snapshot = lambda: (dict(store.accounts), list(store.transfers))
    return app


def _list_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)

    @router.get("/accounts")
    async def list_accounts(caller: CurrentCaller, limit: Limit = 10, after: Whole = 0) -> dict[str, Any]:
        if not 0 <= after <= TOP_NUMBER and not faults.has("after-overflow-crash"):
            raise RefusalError(422, "no such page")
        last = array("q", [after])[0]
        shown = list(store.accounts.values()) if faults.has("list-all") else store.of(caller)
        following = [entry for entry in shown if entry.number > last]
        page, is_last = following[:limit], len(following) <= limit
        if faults.has("page-of-all"):
            # The fault: the page is cut from everybody's accounts, and filtered then.
            everyone = list(store.accounts.values())[last:][:limit]
            page = [entry for entry in everyone if entry.owner == caller.subject]
        total = len(store.accounts) if faults.has("total-of-all") else len(shown)
        following_number = page[-1].number if page and not is_last else None
        return {"accounts": [entry.show() for entry in page], "total": total, "next": following_number}

    @router.get("/summary")
    async def summarize(caller: CurrentCaller) -> dict[str, int]:
        mine = store.of(caller)
        moves = store.transfers if faults.has("summary-of-all") else store.moves_of(mine)
        balance = sum(entry.balance for entry in mine)
        return {"accounts": len(mine), "transfers": len(moves), "balance": balance}

    @router.get("/labels")
    async def list_labels(caller: CurrentCaller) -> list[str]:
        labels = [entry.label for entry in store.of(caller)]
        if faults.has("labels-by-use"):
            uses = Counter(value.label for value in store.accounts.values())
            labels.sort(key=lambda label: -uses[label])
        return labels

    return router


def _account_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/accounts", route_class=protected)

    @router.post("")
    async def open_account(request: Request, body: JsonObject, caller: CurrentCaller) -> Response:
        form = read_body(RichForm if faults.has("opening-balance") else Form, body)
        _require_free_label(store, form.label, caller, faults)
        owner, seed = caller.subject, store.made
        if faults.has("caller-shared"):
            # The fault: who calls is kept where the next call writes too.
            await let_others_run()
            owner = request.app.state.caller.subject
        if faults.has("id-from-count"):
            # The fault: the next id is read, and others read it too before it is taken.
            await let_others_run()
        else:
            seed = store.made
        account = store.open(owner, form.label, getattr(form, "balance", OPENING_BALANCE), seed)
        return JSONResponse(account.show(), 201, {"Location": f"/accounts/{account.id}"})

    @router.get("/{account_id}")
    async def read_account(account_id: AccountId, caller: CurrentCaller) -> dict[str, Any]:
        return store.find(account_id, caller.subject).show()

    @router.put("/{account_id}")
    async def rename_account(account_id: AccountId, form: Form, caller: CurrentCaller) -> dict[str, Any]:
        account = store.find(account_id, caller.subject, of_anyone=faults.has("rename-any"))
        if form.label != account.label:
            _require_free_label(store, form.label, caller, faults)
        store.accounts[account_id] = replace(account, label=form.label)
        return store.accounts[account_id].show()

    @router.delete("/{account_id}", status_code=204)
    async def close_account(account_id: AccountId, caller: CurrentCaller) -> None:
        store.find(account_id, caller.subject)
        del store.accounts[account_id]

    return router


def _require_free_label(store: Store, label: str, caller: Caller, faults: Faults) -> None:
    is_shared = faults.has("label-taken-anywhere")
    rivals = store.accounts.values() if is_shared else store.of(caller)
    if any(entry.label == label for entry in rivals):
        raise RefusalError(409, "the label is taken")


def _transfer_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/transfers", route_class=protected)

    @router.get("")
    async def list_transfers(account_id: Annotated[AccountId, Query()], caller: CurrentCaller) -> list[Order]:
        return store.moves_of([store.find(account_id, caller.subject, of_anyone=faults.has("transfers-any"))])

    @router.post("", status_code=201)
    async def transfer(order: Order, caller: CurrentCaller) -> Order:
        source = store.find(order.source_account_id, caller.subject, of_anyone=faults.has("source-any"))
        store.find(order.target_account_id, caller.subject, of_anyone=faults.has("target-any"))
        if source.balance < order.amount:
            raise RefusalError(409, "the source has less than that")
        if faults.has("double-spend"):
            # The fault: the balance was compared, and others spend it before it is written.
            await let_others_run()
        _move(store, source, order)
        return order

    return router


def _move(store: Store, source: Account, order: Order) -> None:
    store.accounts[source.id] = replace(source, balance=source.balance - order.amount)
    target = store.accounts[order.target_account_id]
    store.accounts[target.id] = replace(target, balance=target.balance + order.amount)
    store.transfers.append(order)
