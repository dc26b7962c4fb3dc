"""The teams service as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service
from tests.proving_ground.teams.bugs import BUGS
from tests.proving_ground.teams.identity import MINT
from tests.proving_ground.teams.service import create

TEAMS = Service(
    name="teams",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/teams"),
    scheme="oauth",
    owner_field="owner_id",
)
