"""Opens the notes service for the harness, right or with planted faults."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from specwitness.fuzz.target import Credential, Target
from tests.proving_ground.notes.service import EXPIRED, FORGED, VALID, Fault, Store, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHORIZATIONS = {
    Credential.VALID: f"Bearer {VALID}",
    Credential.FORGED: f"Bearer {FORGED}",
    Credential.EXPIRED: f"Bearer {EXPIRED}",
    Credential.NONE: None,
}


@contextmanager
def open_target(*faults: Fault) -> Iterator[Target]:
    store = Store()
    app = create_app(store, frozenset(faults))
    yield Target(
        app=app,
        authorization=AUTHORIZATIONS.get,
        generated_schema=app.openapi(),
        reset=store.clear,
        state=store.snapshot,
        environment={"service": "notes"},
    )
