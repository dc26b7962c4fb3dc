"""Our checks in a plain Schemathesis run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import schemathesis
from schemathesis.python.asgi import shutdown_lifespans

from specwitness.config import FuzzConfig
from specwitness.fuzz.bridge.hooks import _BEARER, _attack, _judge, another_user, bearer_attacks
from specwitness.fuzz.bridge.settings import configure
from specwitness.fuzz.http.client import Client
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.http.network import HttpTransport
from specwitness.fuzz.tokens.attack import Material
from specwitness.openapi import bundle, read_contract
from tests.proving_ground.notes.service import VALID, Fault
from tests.proving_ground.notes.target import open_target

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACT = bundle(read_contract(Path("tests/proving_ground/notes/openapi.yaml"), Path()))
OWN = {"Authorization": f"Bearer {VALID}"}


@pytest.fixture(autouse=True)
def _lifespans_end() -> Iterator[None]:
    yield
    shutdown_lifespans()


def call(*faults: Fault, method: str = "GET") -> None:
    """Make a note, and call it with both checks."""
    with open_target(*faults) as target:
        schema = schemathesis.openapi.from_dict(CONTRACT, config=configure(FuzzConfig()))
        schema.app = target.app
        made = schema["/notes"]["POST"].Case(body={"text": "a"}, media_type="application/json")
        note = made.call(headers=OWN).json()
        operation = schema["/notes/{note_id}"][method]
        case = operation.Case(path_parameters={"note_id": note["id"]})
        case.call_and_validate(headers=OWN, checks=[bearer_attacks, another_user])


def test_right_service_passes_both_checks() -> None:
    call()


def test_operation_without_authentication_is_found() -> None:
    with pytest.raises(BaseException, match="with no credentials: expected 401, came 404"):
        call(Fault.OPEN_DELETE, method="DELETE")


def test_access_by_another_user_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # The notes belong to nobody: whom the service knows is let in.
    monkeypatch.setenv("SPECWITNESS_TOKEN_BOB", VALID)
    with pytest.raises(BaseException, match="another user was answered 200"):
        call()


def test_service_on_another_machine_is_only_read(capsys: pytest.CaptureFixture[str]) -> None:
    client = Client(HttpTransport("http://api.example"))
    _judge(_attack(Request("DELETE", "/notes/1"), Material(_BEARER, VALID, "alice"), client))
    assert client.sent == 0
    assert (
        "a service on another machine is only read without SPECWITNESS_ALLOW_WRITES=1"
        in capsys.readouterr().err
    )
