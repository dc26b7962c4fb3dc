"""The newsroom as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service
from tests.proving_ground.newsroom.bugs import BUGS
from tests.proving_ground.newsroom.identity import MINT
from tests.proving_ground.newsroom.service import create

NEWSROOM = Service(
    name="newsroom",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/trash"),
)
