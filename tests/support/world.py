"""The world of a scenario: a service, its issuer, a clock that is set, and what was answered."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import structlog

from backend.core.config import load_settings
from backend.core.key_sources.source import build_key_source
from backend.main import create_app
from backend.testing.issuer import Issuer, make_subject
from backend.testing.key_server import KeyServer
from tests.support.credentials import RECIPES, Mint
from tests.support.key_sets import KeySetMint, cause_trouble
from tests.support.service import PSEUDONYM_KEY, open_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from fastapi import FastAPI
    from httpx import Response

    from tests.support.service import Client

ORIGIN = "https://auth.example"
SECRET = "the-shared-secret-of-the-scenarios-0123456789"
PREVIOUS_SECRET = "the-secret-before-it-was-rotated-9876543210"
UNKNOWN_SECRET = "a-secret-that-nobody-configured-5432109876"
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp()


class World:
    """Starts services on a database, sends requests to them, and keeps the last answer and the log.

    Args:
        database_url: Where the migrated test database is.
    """

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._stack = ExitStack()
        self._client: Client | None = None
        self.app: FastAPI | None = None
        self.now = NOON
        self.monotonic = 1000.0
        self.key_server: KeyServer | None = None
        self.key_mint: KeySetMint | None = None
        self.issuer = Issuer(SECRET, ORIGIN, ORIGIN)
        self.answers: list[Response] = []
        self.log: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.tasks: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def defer(self, undo: Callable[[], object]) -> None:
        """Undo something when the scenario ends."""
        self._stack.callback(undo)

    @property
    def answer(self) -> Response:
        """The last answer."""
        return self.answers[-1]

    @property
    def client(self) -> Client:
        """A client of the service, which is started at first use."""
        if self._client is None:
            self.start()
        assert self._client is not None
        return self._client

    def start(self, **settings: str | None) -> None:
        """Start the service, with settings of the scenario on top of the usual ones; None removes one."""
        usual: dict[str, str | None] = {
            "BETTER_AUTH_SECRET": SECRET,
            "BETTER_AUTH_URL": ORIGIN,
            "DATABASE_URL": self.database_url,
            "DATABASE_TIMEOUT_SECONDS": "2",
            "PSEUDONYM_KEY": PSEUDONYM_KEY,
            **settings,
        }
        loaded = load_settings({name: value for name, value in usual.items() if value is not None})
        keys = build_key_source(loaded, lambda: self.monotonic)
        self.app = create_app(loaded, clock=lambda: self.now, keys=keys)
        self._client = self._stack.enter_context(open_client(self.app))

    def open_key_set(self, algorithm: str, *shown: Any, trouble: str | None = None) -> None:
        """Start the service on a key server that shows two keys of an algorithm, and what else is given."""
        mint = KeySetMint(algorithm, ORIGIN, make_subject("alice"), self.now)
        server = self._stack.enter_context(KeyServer(mint.first, mint.second))
        if shown:
            server.document = json.dumps({"keys": [mint.first.public, mint.second.public, *shown]}).encode()
        if trouble:
            cause_trouble(server, trouble)
        self.key_server, self.key_mint = server, mint
        self.start(
            JWT_ALGORITHMS=algorithm,
            JWKS_URL=server.url,
            JWKS_TIMEOUT_SECONDS="2",
            BETTER_AUTH_SECRET=None,
        )
        if not trouble:
            self.await_keys(lambda keys: keys.current() is not None)

    def await_keys(self, is_so: Callable[[Any], bool]) -> None:
        """Wait until something is so of the source of the keys."""
        assert self.app is not None
        source = self.app.state.authenticator.keys

        async def look() -> bool:
            return is_so(source)

        for _ in range(2000):
            if self.client.call(look):
                return
            time.sleep(0.01)
        raise AssertionError("waited for the keys in vain")

    def make_keys_due(self) -> None:
        """Let the time pass after which a key set is fetched anew; nobody fetches before somebody asks."""
        self.monotonic += 301

    def mint(self, name: str = "alice") -> Mint:
        """Give the mint for a user's tokens at the present moment."""
        return Mint(self.issuer, make_subject(name), self.now)

    def authorization(self, name: str) -> dict[str, str]:
        """Give the header of a user who is signed in."""
        return {"Authorization": f"Bearer {self.mint(name).good()}"}

    def send(self, request: str, headers: Any = None, **parts: Any) -> Response:
        """Send `METHOD /path`, and keep the answer and what was logged meanwhile."""
        method, _, path = request.partition(" ")
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        self.sent = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else value for _, value in pairs
        ]
        with structlog.testing.capture_logs() as log:
            self.answers.append(self.client.request(method, path, headers=pairs, **parts))
        self.log = [dict(entry) for entry in log]
        return self.answer

    def send_as(self, name: str, request: str, **parts: Any) -> Response:
        """Send a request with a user's own token."""
        return self.send(request, self.authorization(name), **parts)

    def send_with(
        self, credential: str, request: str, headers: dict[str, str] | None = None, **parts: Any
    ) -> Response:
        """Send a request with a credential that the spec names, beside other headers."""
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if credential != "no credential":
            token = RECIPES[credential](self.mint())
            value = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
            pairs.append((b"Authorization", value))
        return self.send(request, pairs, **parts)

    def send_token(self, token: str, request: str) -> Response:
        """Send a request with any token."""
        return self.send(request, {"Authorization": f"Bearer {token}"})

    def create_task(self, name: str, title: str) -> dict[str, Any]:
        """Create a task through the API; it is remembered as the user's."""
        answer = self.client.post("/api/tasks", json={"title": title}, headers=self.authorization(name))
        assert answer.status_code == 201, answer.text
        self.tasks[name] = answer.json()
        return self.tasks[name]

    def read_tasks(self, name: str) -> list[dict[str, Any]]:
        """Read all tasks of a user through the API."""
        answer = self.client.get("/api/tasks?limit=100", headers=self.authorization(name))
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def log_text(self) -> str:
        """Give all that was logged, as one text."""
        return "\n".join(json.dumps(entry, default=str) for entry in self.log)
