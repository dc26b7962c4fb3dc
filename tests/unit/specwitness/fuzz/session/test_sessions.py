"""Sessions that end during a run, users without access, and what an administrator is tried with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specwitness.config import FuzzConfig
from specwitness.errors import TargetError
from specwitness.fuzz.report.summary import list_unreached, result_of
from specwitness.fuzz.session.logins import LostError
from specwitness.fuzz.target import Target
from specwitness.fuzz.users.identity import Tokens
from specwitness.model import Outcome
from tests.services.desk import DESK
from tests.services.findings import attack, contract_of, run_whole, surface_of
from tests.support.attacks import attack_target

if TYPE_CHECKING:
    from specwitness.fuzz.engine import Engine


def run_with_tokens(alice: str | None = None, bob: str | None = None) -> Engine:
    """Run on the desk with tokens that are not renewed; a user without one gets a session."""
    app = DESK.build()
    tokens = Tokens(
        alice=alice or app.state.desk.open_session("ann"), bob=bob or app.state.desk.open_session("ben")
    )
    return attack_target(surface_of(DESK), Target(app=app, identities=tokens), FuzzConfig())


def test_administrator_calls_nothing_that_may_delete_data_of_others() -> None:
    engine = attack(DESK)
    assert "adminListTickets" in engine.context.by_admin
    assert engine.target.app.state.desk.resets == 0


def test_user_logs_in_again_after_the_session_ended() -> None:
    engine = attack(DESK)
    assert set(engine.context.succeeded) >= {"refresh", "logOut", "closeAccount"}
    assert engine.broken_off is None


def test_run_ends_with_the_reason_when_access_ends_for_good() -> None:
    engine = run_with_tokens()
    assert isinstance(engine.broken_off, LostError)
    assert str(engine.broken_off).startswith("Target.identities: POST /session/refresh ended alice's access")
    assert engine.context.results.gaps["logOut", "none"] == "a user's access was lost before it was reached"


def test_operation_that_ends_access_is_called_after_all_others() -> None:
    reached = list(run_with_tokens().context.succeeded)
    assert {"download", "listTickets", "makeTicket"} <= set(reached[: reached.index("refresh")])


def test_second_user_who_is_refused_everywhere_makes_the_run_invalid() -> None:
    with pytest.raises(TargetError, match="bob's valid token is refused: GET /me answered 401 to him"):
        run_with_tokens(bob="a session of last year")


def test_one_user_under_two_names_makes_the_run_invalid() -> None:
    app = DESK.build()
    token = app.state.desk.open_session("ann")
    with pytest.raises(TargetError, match="alice and bob have the same token"):
        attack_target(
            surface_of(DESK), Target(app=app, identities=Tokens(alice=token, bob=token)), FuzzConfig()
        )


@pytest.mark.parametrize("is_reset", [False, True], ids=["without reset", "with reset"])
def test_whole_run_goes_on_after_sessions_and_accounts_ended(*, is_reset: bool) -> None:
    app = DESK.build()
    reset = app.state.desk.begin_anew if is_reset else None
    found = run_whole(contract_of(DESK), Target(app=app, identities=DESK.identities, reset=reset))
    failed = {witness.id: witness.detail for witness in found.witnesses if witness.outcome is Outcome.FAILED}
    assert {name for name in failed if not name.endswith(":conformance")} == set()
    assert not any("unsupported_method" in (detail or "") for detail in failed.values())
    assert result_of(found) == ("broken" if failed else "kept")
    assert list_unreached(found) == ["logIn", "adminReset"]
