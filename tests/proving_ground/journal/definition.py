"""The journal as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.journal.bugs import BUGS
from tests.proving_ground.journal.identity import MINT
from tests.proving_ground.journal.service import create
from tests.proving_ground.model import Service

JOURNAL = Service(
    name="journal",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    scheme="login",
    owner_field="author",
    probe=("GET", "/entries/export"),
)
