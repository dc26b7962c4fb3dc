"""The choice of PostgreSQL, with fake servers."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from devtools.errors import ContainerError, EngineMissingError, PostgresError
from devtools.postgres import ServerStarters, provide_postgres
from tests.support.signals import dispositions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IN_CONTAINER = "postgresql+psycopg://postgres:x@127.0.0.1:32768/postgres"
EMBEDDED = "postgresql+psycopg://postgres@:5432/postgres?host=/tmp/pg-x"


@dataclass
class World:
    """Fake server starters; record the servers that were started and that still run."""

    engine: str = ""
    container: str = ""
    connection: str = ""
    started: list[object] = field(default_factory=list)
    running: int = 0

    def probe_engine(self, _environ: Mapping[str, str]) -> None:
        if self.engine:
            raise EngineMissingError(self.engine)

    @contextmanager
    def run_container(self, environ: Mapping[str, str]) -> Iterator[str]:
        if self.container:
            raise ContainerError(self.container)
        yield from self._run(environ.get("POSTGRES_IMAGE"), IN_CONTAINER)

    @contextmanager
    def run_embedded(self, directory: Path | None) -> Iterator[str]:
        yield from self._run(directory, EMBEDDED)

    def _run(self, what: object, url: str) -> Iterator[str]:
        self.started.append(what)
        self.running += 1
        try:
            yield url
        finally:
            self.running -= 1

    def read_version(self, _url: str) -> str:
        if self.connection:
            raise psycopg.OperationalError(self.connection)
        return "18.4"

    @property
    def starters(self) -> ServerStarters:
        return ServerStarters(self.probe_engine, self.run_container, self.run_embedded, self.read_version)


def test_container_is_chosen_if_an_engine_responds() -> None:
    world = World()
    with provide_postgres({}, starters=world.starters) as server:
        assert (server.kind, server.url) == ("testcontainers", IN_CONTAINER)
        assert server.origin == "PostgreSQL: testcontainers, image postgres:18, server 18.4"
        assert world.running == 1
    assert world.running == 0


def test_image_is_configurable() -> None:
    world = World()
    with provide_postgres({"POSTGRES_IMAGE": "mine:1"}, starters=world.starters) as server:
        assert server.origin == "PostgreSQL: testcontainers, image mine:1, server 18.4"
    assert world.started == ["mine:1"]


def test_embedded_server_is_chosen_without_an_engine() -> None:
    world = World(engine="unix:///var/run/docker.sock: no such file")
    with provide_postgres({}, starters=world.starters) as server:
        assert (server.kind, server.url) == ("embedded", EMBEDDED)
        assert server.origin == "PostgreSQL: embedded, server 18.4"
    assert (world.started, world.running) == ([None], 0)


def test_line_for_the_embedded_server_has_the_reason() -> None:
    world = World(container="no such host")
    with provide_postgres({}, starters=world.starters) as server:
        assert server.kind == "embedded"
        assert server.origin == (
            "PostgreSQL: embedded, server 18.4, since no server starts from the image postgres:18: no such host"
        )


def test_database_url_has_priority() -> None:
    world = World()
    with provide_postgres(
        {"DATABASE_URL": "postgresql://u:hunter2@db.example/app"}, starters=world.starters
    ) as server:
        assert (server.kind, server.url) == ("database-url", "postgresql+psycopg://u:hunter2@db.example/app")
        assert server.origin == "PostgreSQL: DATABASE_URL, host db.example, server 18.4"
    assert world.started == []


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_scheme_of_postgresql_gets_the_driver_psycopg(scheme: str) -> None:
    with provide_postgres({"DATABASE_URL": f"{scheme}://u@h:6432/d"}, starters=World().starters) as server:
        assert server.url == "postgresql+psycopg://u@h:6432/d"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "hunter2", "postgresql://u:hunter2@h:port/d"])
def test_url_of_another_database_is_refused_without_its_text(url: str) -> None:
    with (
        pytest.raises(PostgresError, match="DATABASE_URL is no URL of PostgreSQL") as caught,
        provide_postgres({"DATABASE_URL": url}, starters=World().starters),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_unreachable_database_url_is_named_without_the_password() -> None:
    world = World(connection="connection refused\nis it running?")
    with (
        pytest.raises(
            PostgresError, match=r"at db\.example .*\(connection refused is it running\?\)"
        ) as caught,
        provide_postgres({"DATABASE_URL": "postgresql://u:hunter2@db.example/app"}, starters=world.starters),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_folder_for_data_chooses_the_embedded_server(tmp_path: Path) -> None:
    world = World()
    with provide_postgres({}, directory=tmp_path, starters=world.starters) as server:
        assert server.kind == "embedded"
    assert world.started == [tmp_path]


@pytest.mark.parametrize(
    ("world", "asked", "why"),
    [
        (World(engine="no such file"), {}, r"no container engine responds \(no such file\)"),
        (World(container="no such host"), {}, "no server starts from the image postgres:18: no such host"),
        (World(), {"DATABASE_URL": "postgresql://u@h/d"}, "DATABASE_URL is set"),
        (World(), {"directory": "kept"}, "the data must be kept in kept"),
    ],
)
@pytest.mark.parametrize("required", ["1", "true"])
def test_required_container_makes_every_other_choice_an_error(
    required: str, world: World, asked: dict[str, str], why: str
) -> None:
    environ = {**asked, "REQUIRE_TESTCONTAINERS": required}
    directory = Path(asked["directory"]) if "directory" in asked else None
    with (
        pytest.raises(PostgresError, match=f"REQUIRE_TESTCONTAINERS is set, but {why}: "),
        provide_postgres(environ, directory=directory, starters=world.starters),
    ):
        pass
    assert world.started == []


@pytest.mark.parametrize("required", ["", "0", "false"])
def test_require_testcontainers_can_be_switched_off(required: str) -> None:
    world = World(engine="no such file")
    with provide_postgres({"REQUIRE_TESTCONTAINERS": required}, starters=world.starters) as server:
        assert server.kind == "embedded"


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_stops_the_server(kind: signal.Signals) -> None:
    world = World()
    with dispositions(), pytest.raises(KeyboardInterrupt), provide_postgres({}, starters=world.starters):
        signal.raise_signal(kind)
    assert world.running == 0


def test_server_outlives_a_hangup_that_is_ignored_as_under_nohup() -> None:
    world = World()
    with dispositions(hangup=signal.SIG_IGN), provide_postgres({}, starters=world.starters):
        signal.raise_signal(signal.SIGHUP)
        assert world.running == 1


def test_signal_handlers_are_restored() -> None:
    # The server of the whole session may hold them already.
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with provide_postgres({}, starters=World().starters):
            assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_existing_signal_handlers_are_kept() -> None:
    def handle(*_: object) -> None:
        """Do nothing."""

    before = signal.signal(signal.SIGTERM, handle)
    try:
        with provide_postgres({}, starters=World().starters):
            assert signal.getsignal(signal.SIGTERM) is handle
    finally:
        signal.signal(signal.SIGTERM, before)


def test_termination_stops_the_server_even_where_it_was_ignored() -> None:
    world = World()
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), provide_postgres({}, starters=world.starters):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert world.running == 0
