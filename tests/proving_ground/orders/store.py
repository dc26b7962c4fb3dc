"""What the orders service takes and holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from tests.proving_ground.web import (
    Body,
    RefusalError,
    Text,
    Uuid,
    Whole,
)

if TYPE_CHECKING:
    from tests.proving_ground.door import Caller

NAMESPACE = UUID("7d1f1c1e-4c2b-4b5a-9a60-0d2f6c1b8e11")
Note = Annotated[str, Field(max_length=80, pattern=r"^[^\u0000]*$")]


class Draft(Body):
    title: Text
    note: Note = ""


class Change(Body):
    title: Text = ""
    note: Note = ""

    @model_validator(mode="after")
    def require_something(self) -> Change:
        if not self.model_fields_set:
            raise ValueError("nothing changes")
        return self


class MassChange(Change):
    """A change that takes members of the stored order too: the fault of mass assignment."""

    owner: Text = ""
    state: Annotated[str, Field(pattern="^(open|paid)$")] = "open"


class ItemDraft(Body):
    sku: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$")]
    quantity: Annotated[Whole, Field(ge=1, le=999)]


class Chosen(Body):
    ids: Annotated[list[Uuid], Field(min_length=1, max_length=50)]


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    order: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    owner: str
    title: str
    note: str
    state: str = "open"


@dataclass(slots=True)
class Store:
    """The stored orders and items, in the order in which they came."""

    orders: dict[str, Order] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    deleted: dict[str, Order] = field(default_factory=dict)
    made: int = 0

    def make_id(self) -> str:
        self.made += 1
        return str(uuid5(NAMESPACE, str(self.made)))

    def find(self, order_id: str, caller: Caller, *, of_anyone: bool = False) -> Order:
        order = self.orders.get(order_id)
        if order is None or not (order.owner == caller.subject or of_anyone):
            raise RefusalError(404, "no such order")
        return order

    def of(self, caller: Caller, *, of_anyone: bool = False) -> list[Order]:
        return [value for value in self.orders.values() if of_anyone or value.owner == caller.subject]

    def delete(self, order: Order) -> None:
        self.deleted[order.id] = self.orders.pop(order.id)
        self.items = {key: item for key, item in self.items.items() if item.order != order.id}
