"""The reminders as the catalogue holds it."""

from __future__ import annotations

from tests.proving_ground.contracts import read_contract
from tests.proving_ground.model import Service
from tests.proving_ground.reminders.bugs import BUGS
from tests.proving_ground.reminders.identity import MINT
from tests.proving_ground.reminders.service import create

REMINDERS = Service(
    name="reminders",
    contract=read_contract(__file__),
    mint=MINT,
    bugs=BUGS,
    create=create,
    scheme="token",
    probe=("GET", "/reminders"),
)
