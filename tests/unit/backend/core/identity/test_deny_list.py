"""The deny-lists in memory and in PostgreSQL behave alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from backend.core.database.transactions import Database
from backend.core.errors import UnavailableError
from backend.core.identity.deny_list import GRACE_SECONDS, MemoryDenyList
from backend.core.tokens.claims import Principal
from backend.models.revocation import StoredDenyList
from tests.support.service import NOON, UNREACHABLE_DATABASE, Clock, make_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

    from backend.core.config import Settings
    from backend.core.identity.deny_list import DenyList

ISSUER = "https://auth.example.org"
HOUR = 3600


def caller(subject: str = "alice", session: str | None = "s1", issuer: str = ISSUER) -> Principal:
    return Principal(subject, issuer, session, NOON + HOUR)


@pytest.fixture(params=["memory", "postgresql"])
def run(request: pytest.FixtureRequest, settings: Settings, clock: Clock) -> Callable[[Any], None]:
    """Returns a function that runs a test on the deny-list of the parameter."""

    def run_on(test: Callable[[DenyList], Awaitable[None]]) -> None:
        async def opened() -> None:
            if request.param == "memory":
                await test(MemoryDenyList(clock))
                return
            database = Database(settings)
            try:
                await test(StoredDenyList(database, clock))
            finally:
                await database.close()

        asyncio.run(opened())

    return run_on


@pytest.mark.requirement("003/FR-031")
def test_denied_session_counts_for_its_issuer_only(run: Callable[[Any], None]) -> None:
    async def check(deny_list: DenyList) -> None:
        await deny_list.deny_session(ISSUER, "s1", NOON + HOUR)
        assert await deny_list.is_denied(caller())
        assert await deny_list.is_denied(caller("bob"))
        for other in (caller(session="s2"), caller(session=None), caller(issuer="https://elsewhere.example")):
            assert not await deny_list.is_denied(other)
        # A session and a subject of one name are two things.
        assert not await deny_list.is_denied(caller("s1", "s9"))

    run(check)


@pytest.mark.requirement("003/FR-031")
def test_denied_subject_counts_in_every_session(run: Callable[[Any], None]) -> None:
    async def check(deny_list: DenyList) -> None:
        await deny_list.deny_subject(ISSUER, "alice", NOON + HOUR)
        for denied in (caller(), caller(session="s2"), caller(session=None)):
            assert await deny_list.is_denied(denied)
        assert not await deny_list.is_denied(caller("bob"))
        assert not await deny_list.is_denied(caller("bob", "alice"))

    run(check)


@pytest.mark.requirement("003/FR-031")
def test_denial_of_a_session_lasts_until_its_last_token_has_ended(
    run: Callable[[Any], None], clock: Clock
) -> None:
    async def check(deny_list: DenyList) -> None:
        await deny_list.deny_session(ISSUER, "s1", NOON + HOUR)
        await deny_list.deny_session(ISSUER, "s1", NOON + 60)  # a shorter one takes nothing back
        for seconds, is_denied in ((-1, True), (0, False)):
            clock.now = NOON + HOUR + GRACE_SECONDS + seconds
            assert await deny_list.is_denied(caller()) == is_denied
        if isinstance(deny_list, MemoryDenyList):  # of the other the job removes what has ended
            await deny_list.deny_session(ISSUER, "s2", NOON + 2 * HOUR)
            clock.now = NOON
            assert not await deny_list.is_denied(caller())  # forgotten for good

    run(check)


@pytest.mark.requirement("003/FR-031")
def test_denial_of_a_subject_ends(run: Callable[[Any], None], clock: Clock) -> None:
    async def check(deny_list: DenyList) -> None:
        await deny_list.deny_subject(ISSUER, "alice", NOON + HOUR)
        for seconds, is_denied in ((-1, True), (0, False)):
            clock.now = NOON + HOUR + GRACE_SECONDS + seconds
            assert await deny_list.is_denied(caller()) == is_denied

    run(check)


@pytest.mark.requirement("003/FR-031")
def test_stored_denials_are_shared_by_workers(
    settings: Settings, clock: Clock, database: psycopg.Connection[Any]
) -> None:
    async def check() -> None:
        workers = [Database(settings), Database(settings)]
        try:
            first, second = (StoredDenyList(worker, clock) for worker in workers)
            await first.deny_session(ISSUER, "s1", NOON + HOUR)
            assert await second.is_denied(caller())
        finally:
            for worker in workers:
                await worker.close()

    asyncio.run(check())
    rows = database.execute("select issuer, kind, value from revocations").fetchall()
    assert rows == [(ISSUER, "session", "s1")]


@pytest.mark.requirement("003/FR-018", "003/FR-031")
def test_requests_are_refused_while_the_deny_list_is_unavailable(secret: str, clock: Clock) -> None:
    async def check() -> None:
        database = Database(make_settings(secret, UNREACHABLE_DATABASE))
        with pytest.raises(UnavailableError):
            await StoredDenyList(database, clock).is_denied(caller())
        await database.close()

    asyncio.run(check())


@pytest.mark.requirement("003/FR-031")
@pytest.mark.parametrize("until", [1.7e12, 2.0**62, float("inf")])
def test_denial_beyond_the_year_9999_is_stored(run: Callable[[Any], None], until: float) -> None:
    async def check(deny_list: DenyList) -> None:
        await deny_list.deny_session(ISSUER, "s1", until)
        assert await deny_list.is_denied(caller())

    run(check)


@pytest.mark.requirement("003/FR-031")
def test_denial_with_nan_as_its_end_is_refused(run: Callable[[Any], None]) -> None:
    async def check(deny_list: DenyList) -> None:
        with pytest.raises(ValueError, match="no number"):
            await deny_list.deny_session(ISSUER, "s1", float("nan"))

    run(check)
