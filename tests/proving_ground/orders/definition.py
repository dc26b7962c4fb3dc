"""The orders service as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service
from tests.proving_ground.orders.bugs import BUGS
from tests.proving_ground.orders.identity import MINT
from tests.proving_ground.orders.service import create

ORDERS = Service(
    name="orders",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/orders"),
    owner_field="owner",
)
