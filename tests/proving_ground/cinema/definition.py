"""The cinema as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.cinema.bugs import BUGS
from tests.proving_ground.cinema.identity import MINT
from tests.proving_ground.cinema.service import create
from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service

CINEMA = Service(
    name="cinema",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/movies"),
)
