"""The vault as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service
from tests.proving_ground.vault.bugs import BUGS
from tests.proving_ground.vault.identity import MINT
from tests.proving_ground.vault.service import create

VAULT = Service(
    name="vault",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/basket"),
)
