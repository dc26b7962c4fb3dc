"""What the ledger takes and holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

from pydantic import Field

from tests.proving_ground.web import Body, RefusalError, Text, Whole

if TYPE_CHECKING:
    from tests.proving_ground.door import Caller

NAMESPACE = UUID("5b6ab7f7-0bb5-4f5c-8d56-3c8a0cf0a1d2")
OPENING_BALANCE = 100
AccountId = Annotated[str, Field(pattern="^acc_[0-9a-f]{12}$")]


class Form(Body):
    label: Text


class RichForm(Form):
    """An account with the member that only transfers change: the fault of mass assignment."""

    balance: Annotated[Whole, Field(ge=0)] = OPENING_BALANCE


class Order(Body):
    source_account_id: AccountId
    target_account_id: AccountId
    amount: Annotated[Whole, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    owner: str
    number: int
    label: str
    balance: int

    def show(self) -> dict[str, Any]:
        return {"id": self.id, "number": self.number, "label": self.label, "balance": self.balance}


@dataclass(slots=True)
class Store:
    """The stored accounts and transfers; an account's number counts the accounts of its owner."""

    accounts: dict[str, Account] = field(default_factory=dict)
    transfers: list[Order] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    made: int = 0

    def make_id(self, seed: int) -> str:
        return f"acc_{uuid5(NAMESPACE, str(seed)).hex[:12]}"

    def open(self, owner: str, label: str, balance: int, seed: int) -> Account:
        self.made += 1
        self.numbers[owner] = self.numbers.get(owner, 0) + 1
        account = Account(self.make_id(seed), owner, self.numbers[owner], label, balance)
        self.accounts[account.id] = account
        return account

    def find(self, account_id: str, owner: str, *, of_anyone: bool = False) -> Account:
        account = self.accounts.get(account_id)
        if account is None or not (account.owner == owner or of_anyone):
            raise RefusalError(404, "no such account")
        return account

    def of(self, caller: Caller) -> list[Account]:
        return [value for value in self.accounts.values() if value.owner == caller.subject]

    def moves_of(self, accounts: list[Account]) -> list[Order]:
        ids = {entry.id for entry in accounts}
        return [entry for entry in self.transfers if {entry.source_account_id, entry.target_account_id} & ids]
