"""The files service as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.files.bugs import BUGS
from tests.proving_ground.files.identity import KEYS, MINT
from tests.proving_ground.files.service import create
from tests.proving_ground.model import Service

FILES = Service(
    name="files",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    probe=("GET", "/files"),
    keys=KEYS,
)
