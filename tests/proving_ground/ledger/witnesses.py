"""Shows each bug of the ledger: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "acc_000000000000"


def open_account(visitor: Visitor, label: str = "savings", who: str = "alice") -> str:
    opened = visitor.call("POST", "/accounts", who, json={"label": label})
    assert opened.status_code == 201
    return str(opened.json()["id"])


def transfer(visitor: Visitor, source: str, target: str, who: str = "alice", *, amount: int = 30) -> int:
    order = {"source_account_id": source, "target_account_id": target, "amount": amount}
    return visitor.call("POST", "/transfers", who, json=order).status_code


def _read(visitor: Visitor, path: str, who: str = "bob") -> Any:
    return visitor.call("GET", path, who).json()


def _transfers_any(visitor: Visitor) -> bool:
    path = f"/transfers?account_id={open_account(visitor)}"
    return visitor.call("GET", path, "bob").status_code != 404


def _rename_any(visitor: Visitor) -> bool:
    path = f"/accounts/{open_account(visitor)}"
    return visitor.call("PUT", path, "bob", json={"label": "Bob's"}).status_code != 404


def _source_any(visitor: Visitor) -> bool:
    source, target = open_account(visitor), open_account(visitor, "loot", "bob")
    return transfer(visitor, source, target, "bob") != 404


def _target_any(visitor: Visitor) -> bool:
    target, source = open_account(visitor), open_account(visitor, "purse", "bob")
    return transfer(visitor, source, target, "bob") != 404


def _list_all(visitor: Visitor) -> bool:
    open_account(visitor)
    return bool(_read(visitor, "/accounts")["accounts"])


def _opening_balance(visitor: Visitor) -> bool:
    sent = visitor.call("POST", "/accounts", json={"label": "rich", "balance": 9_000})
    return sent.status_code != 422


def _label_taken_anywhere(visitor: Visitor) -> bool:
    open_account(visitor)
    return visitor.call("POST", "/accounts", "bob", json={"label": "savings"}).status_code != 201


def _labels_by_use(visitor: Visitor) -> bool:
    for label in ("one", "two"):
        open_account(visitor, label, "bob")
    before = _read(visitor, "/labels")
    open_account(visitor, "two")
    return bool(_read(visitor, "/labels") != before)


def _total_of_all(visitor: Visitor) -> bool:
    open_account(visitor)
    return bool(_read(visitor, "/accounts")["total"])


def _page_of_all(visitor: Visitor) -> bool:
    open_account(visitor)
    open_account(visitor, "purse", "bob")
    return len(_read(visitor, "/accounts?limit=1")["accounts"]) != 1


def _summary_of_all(visitor: Visitor) -> bool:
    assert transfer(visitor, open_account(visitor), open_account(visitor, "purse")) == 201
    return bool(_read(visitor, "/summary")["transfers"])


def _after_overflow_crash(visitor: Visitor) -> bool:
    return visitor.call("GET", f"/accounts?after={2**63}").status_code != 422


def _errors_echo_input(visitor: Visitor) -> bool:
    headers = {"Content-Type": "application/json"}
    sent = visitor.call("PUT", f"/accounts/{ABSENT}", content=b'{"label": NaN}', headers=headers)
    return sent.status_code != 422


def _caller_shared(visitor: Visitor) -> bool:
    opening = {"json": {"label": "mine"}}
    visitor.race(*(("POST", "/accounts", who, dict(opening)) for who in ("alice", "bob")))
    return [_read(visitor, "/accounts", who)["total"] for who in ("alice", "bob")] != [1, 1]


def _id_from_count(visitor: Visitor) -> bool:
    opened = visitor.race(
        *(("POST", "/accounts", who, {"json": {"label": "mine"}}) for who in ("alice", "bob"))
    )
    return len({entry.json()["id"] for entry in opened}) == 1


def _double_spend(visitor: Visitor) -> bool:
    source, target = open_account(visitor), open_account(visitor, "purse")
    order = {"source_account_id": source, "target_account_id": target, "amount": 80}
    spent = visitor.race(*(("POST", "/transfers", "alice", {"json": order}) for _ in range(2)))
    return sorted(entry.status_code for entry in spent) != [201, 409]


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "transfers-any": _transfers_any,
    "rename-any": _rename_any,
    "source-any": _source_any,
    "target-any": _target_any,
    "list-all": _list_all,
    "opening-balance": _opening_balance,
    "label-taken-anywhere": _label_taken_anywhere,
    "labels-by-use": _labels_by_use,
    "total-of-all": _total_of_all,
    "page-of-all": _page_of_all,
    "summary-of-all": _summary_of_all,
    "after-overflow-crash": _after_overflow_crash,
    "errors-echo-input": _errors_echo_input,
    "caller-shared": _caller_shared,
    "id-from-count": _id_from_count,
    "double-spend": _double_spend,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    first, second = open_account(visitor), open_account(visitor, "purse")
    assert transfer(visitor, first, second) == 201
    assert transfer(visitor, second, second) == 201
    assert transfer(visitor, first, second, amount=71) == 409
    assert _read(visitor, "/summary", "alice") == {"accounts": 2, "transfers": 2, "balance": 200}
    assert len(_read(visitor, f"/transfers?account_id={first}", "alice")) == 1
    assert _read(visitor, "/accounts?limit=1", "alice")["next"] == 1
    assert _read(visitor, "/accounts?after=1", "alice")["accounts"][0]["label"] == "purse"
    for path in (f"/accounts/{first}", f"/accounts/{ABSENT}", "/accounts/x", "/transfers"):
        visitor.call("GET", path)
    for label in ("purse", "vault"):
        visitor.call("PUT", f"/accounts/{first}", json={"label": label})
    for path in ("/accounts", "/transfers"):
        visitor.call("POST", path, json={})
    visitor.call("POST", "/accounts", json={"label": "vault"})
    for account in (first, first, "x"):
        visitor.call("DELETE", f"/accounts/{account}")
