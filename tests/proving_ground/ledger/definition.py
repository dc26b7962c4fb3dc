"""The ledger as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.ledger.bugs import BUGS
from tests.proving_ground.ledger.identity import MINT
from tests.proving_ground.ledger.service import create
from tests.proving_ground.model import Service

LEDGER = Service(
    name="ledger",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/accounts"),
)
