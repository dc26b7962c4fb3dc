"""The state of a scenario: a service, its issuer, a clock, and the responses."""

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
    """Starts a service on a database, sends requests to it, and keeps the responses and the log.

    Args:
        database_url: The URL of a migrated database.
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
        self.responses: list[Response] = []
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
        """Call a function at the end of the scenario."""
        self._stack.callback(undo)

    @property
    def response(self) -> Response:
        """The last response."""
        return self.responses[-1]

    @property
    def client(self) -> Client:
        """A client of the service; starts the service at the first use."""
        if self._client is None:
            self.start()
        assert self._client is not None
        return self._client

    def start(self, **settings: str | None) -> None:
        """Start the service with these settings on top of the default ones; None removes a setting."""
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
        """Start the service with a key server that publishes two keys of an algorithm, and the keys in `shown`."""
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
        """Wait until a condition holds for the service's key source."""
        assert self.app is not None
        source = self.app.state.authenticator.keys

        async def look() -> bool:
            return is_so(source)

        for _ in range(2000):
            if self.client.call(look):
                return
            time.sleep(0.01)
        raise AssertionError("timed out while waiting for the keys")

    def make_keys_due(self) -> None:
        """Move the clock past the refresh time of the key set; the next request triggers the fetch."""
        self.monotonic += 301

    def mint(self, name: str = "alice") -> Mint:
        """Return a mint for tokens of a user at the scenario's present time."""
        return Mint(self.issuer, make_subject(name), self.now)

    def authorization(self, name: str) -> dict[str, str]:
        """Return the Authorization header of a signed-in user."""
        return {"Authorization": f"Bearer {self.mint(name).good()}"}

    def send(self, request: str, headers: Any = None, **parts: Any) -> Response:
        """Send a request, written as `GET /path`, and keep the response and the log lines of it."""
        method, _, path = request.partition(" ")
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        self.sent = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else value for _, value in pairs
        ]
        with structlog.testing.capture_logs() as log:
            self.responses.append(self.client.request(method, path, headers=pairs, **parts))
        self.log = [dict(entry) for entry in log]
        return self.response

    def send_as(self, name: str, request: str, **parts: Any) -> Response:
        """Send a request with a valid token of a user."""
        return self.send(request, self.authorization(name), **parts)

    def send_with(
        self, credential: str, request: str, headers: dict[str, str] | None = None, **parts: Any
    ) -> Response:
        """Send a request with a credential named as in the spec, such as `an expired token`, and other headers."""
        pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if credential != "no credential":
            token = RECIPES[credential](self.mint())
            value = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
            pairs.append((b"Authorization", value))
        return self.send(request, pairs, **parts)

    def send_token(self, token: str, request: str) -> Response:
        """Send a request with this token."""
        return self.send(request, {"Authorization": f"Bearer {token}"})

    def create_task(self, name: str, title: str) -> dict[str, Any]:
        """Create a task through the API, and remember it as the user's task."""
        response = self.client.post("/api/tasks", json={"title": title}, headers=self.authorization(name))
        assert response.status_code == 201, response.text
        self.tasks[name] = response.json()
        return self.tasks[name]

    def read_tasks(self, name: str) -> list[dict[str, Any]]:
        """Read all tasks of a user through the API."""
        response = self.client.get("/api/tasks?limit=100", headers=self.authorization(name))
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["items"]
        return items

    def log_text(self) -> str:
        """Return the log lines of the last request as one text."""
        return "\n".join(json.dumps(entry, default=str) for entry in self.log)
