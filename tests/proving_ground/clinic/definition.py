"""The clinic as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.clinic.bugs import BUGS
from tests.proving_ground.clinic.identity import MINT
from tests.proving_ground.clinic.service import create
from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service

CLINIC = Service(
    name="clinic",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/operators"),
)
