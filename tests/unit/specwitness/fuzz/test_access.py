"""What only some users may call, sessions that end on the way, files: reached, and tried like all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.report.summary import list_unreached, result_of
from specwitness.fuzz.run import run_fuzz
from specwitness.fuzz.session.logins import LostError
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from specwitness.fuzz.users.login import Login
from specwitness.model import Outcome
from tests.support.attacks import attack_target, complaints
from tests.support.desk import PASSWORDS, make_desk, make_paths
from tests.support.surfaces import make_contract

if TYPE_CHECKING:
    from fastapi import FastAPI

    from specwitness.fuzz.engine import Engine
    from specwitness.fuzz.users.identity import IdentityProvider

NAMES = {"alice": "ann", "bob": "ben", "admin": "root"}
BODIES = {who: {"name": name, "password": PASSWORDS[name]} for who, name in NAMES.items()}
CONTRACT = make_contract(
    make_paths(),
    components={"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    security=[{"bearer": []}],
)
SURFACE = read_surface(CONTRACT)
ENDS = {"refresh", "logOut", "closeAccount"}


def log_in(*names: str) -> Login:
    return Login("/session", {name: BODIES[name] for name in names or BODIES}, token="/token")


def run(
    fault: str | None = None, identities: IdentityProvider | None = None, app: FastAPI | None = None
) -> Engine:
    target = Target(app=app or make_desk(fault), identities=identities or log_in())
    return attack_target(SURFACE, target, FuzzConfig())


def blamed(engine: Engine) -> dict[str, list[str]]:
    return {check: texts for check, texts in complaints(engine).items() if check != "conformance"}


def test_right_desk_is_reached_everywhere_and_not_blamed() -> None:
    engine = run()
    assert blamed(engine) == {}
    assert set(engine.trial.succeeded) | set(engine.trial.by_admin) == {
        each.id for each in SURFACE.endpoints if each.id not in {"adminReset", "logIn"}
    }


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("list", "disclosure", "GET /tickets shows another user"),
        ("download", "isolation", "GET /files/{file_id} as another user answered 200"),
        ("name", "robustness", "GET /files/{file_id} answered 500"),
        ("admin", "none", "GET /admin/tickets with no credentials: expected 401, came 200"),
        ("open", "none", "POST /admin/reset with no credentials: expected 401, came 200"),
        ("late", "privilege", "POST /admin/reset answered 409 to a user without the right"),
        ("cookie", "privilege", "GET /admin/tickets answered 200 to headers that claim the right"),
        ("old", "shadow", "beside it GET /old/files/{file_id} answers 200"),
        (
            "log out",
            "expired",
            "POST /session/logout ends the session, and GET /me with its credentials answers 200",
        ),
        ("header", "isolation", "with headers and parameters that name the owner"),
    ],
)
def test_fault_is_found_behind_forms_roles_and_sessions(fault: str, check: str, text: str) -> None:
    found = blamed(run(fault))
    assert any(text in each for each in found.get(check, [])), found


def test_admin_calls_nothing_that_could_take_away_what_others_have() -> None:
    app = make_desk()
    run(app=app)
    assert app.state.desk.resets == 0


def test_ended_session_is_followed_by_another() -> None:
    engine = run()
    assert set(engine.trial.succeeded) >= ENDS
    assert engine.broken_off is None


def test_access_that_ends_for_good_ends_the_run_and_is_told() -> None:
    app = make_desk()
    tokens = Tokens(
        alice=app.state.desk.open("ann")["token"],
        bob=app.state.desk.open("ben")["token"],
    )
    engine = run(identities=tokens, app=app)
    assert isinstance(engine.broken_off, LostError)
    assert str(engine.broken_off).startswith("Target.identities: POST /session/refresh ended alice's access")
    # All else comes before what ends it.
    assert {each.id for each in SURFACE.endpoints if each.id in engine.trial.succeeded} >= {
        "download",
        "listTickets",
        "makeTicket",
        "refresh",
    }
    assert engine.trial.ledger.gaps["logOut", "none"] == "a user's access was lost before it was reached"


def test_second_user_who_is_refused_everywhere_proves_nothing() -> None:
    app = make_desk()
    tokens = Tokens(alice=app.state.desk.open("ann")["token"], bob="a session of last year")
    with pytest.raises(TargetError, match="bob's valid token is refused: GET /me answered 401 to him"):
        run(identities=tokens, app=app)


def test_one_user_under_two_names_is_refused() -> None:
    app = make_desk()
    token = app.state.desk.open("ann")["token"]
    with pytest.raises(TargetError, match="alice and bob have the same token"):
        run(identities=Tokens(alice=token, bob=token), app=app)


@pytest.mark.parametrize("is_renewed", [False, True])
def test_whole_run_outlives_sessions_and_accounts(
    monkeypatch: pytest.MonkeyPatch, *, is_renewed: bool
) -> None:
    # pytest would explain each assertion inside Schemathesis that holds: five times the time.
    monkeypatch.setattr("_pytest.assertion.util._assertion_pass", None)
    app = make_desk()

    def reset() -> None:
        app.state.desk.closed.clear()
        app.state.desk.sessions.clear()

    target = Target(app=app, identities=log_in(), reset=reset if is_renewed else None)
    found = run_fuzz(CONTRACT, target, FuzzConfig(), lambda _: None)
    failed = {each.id: each.detail for each in found.witnesses if each.outcome is Outcome.FAILED}
    assert {each for each in failed if not each.endswith(":conformance")} == set()
    assert not any("unsupported_method" in (each or "") for each in failed.values())
    assert result_of(found) == ("broken" if failed else "kept")
    assert list_unreached(found) == ["logIn", "adminReset"]
