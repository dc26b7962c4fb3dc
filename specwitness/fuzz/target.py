"""The service under test: its description by a repository, and how it is opened."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from specwitness.errors import TargetError
from specwitness.fuzz.http.asgi import open_app
from specwitness.fuzz.http.network import TIMEOUT_SECONDS, HttpTransport
from specwitness.fuzz.users.identity import ALICE, Identity, IdentityProvider, Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from specwitness.fuzz.http.client import Client, Transport
    from specwitness.fuzz.session.situation import Situation

_REMEDY = "name a callable that returns a context manager of a specwitness.fuzz.target.Target"


class Credential(StrEnum):
    """A kind of credential; the value is the report's word for it."""

    VALID = "valid token"
    NONE = "no credentials"
    FORGED = "forged token"
    EXPIRED = "expired token"

    @property
    def phrase(self) -> str:
        """The credential after `with` and its article, such as `with an expired token`."""
        if self is Credential.NONE:
            return f"with {self.value}"
        return f"with {'an' if self is Credential.EXPIRED else 'a'} {self.value}"


@dataclass(frozen=True, slots=True)
class _Authorizations:
    """The users of a target that sets `authorization`: alice alone."""

    authorization: Callable[[Credential], str | None]

    def identify(self, name: str, client: Client | None = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        value = self.authorization(Credential.VALID) if name == ALICE else None
        return Identity(name, value.partition(" ")[2] or value) if value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service that is ready to be called: an app in this process, or a base URL.

    Args:
        app: The ASGI application; the harness runs its lifespan.
        base_url: The service's URL, such as `http://127.0.0.1:8000`, if there is no app.
        identities: Gives alice, bob and, if there is one, an admin: a `Mint`, `Tokens`, a `Login`, or
            any object with `identify(name, client)`.
        mint: Signs tokens with the service's key, if `identities` is not a mint itself.
        authorization: In place of identities: gives the value of the `Authorization` header of one user
            for a kind of credential; None for a kind that the service does not have.
        generated_schema: The OpenAPI document that the app generates from its code, if it does.
        routes: Method and path of each route, hidden ones included.
        reset: Restores the stored data that the service started with.
        state: Gives a snapshot of the stored data; equal data give equal snapshots.
        environment: Versions and settings of what the service runs on, for the report.
        undocumented: Paths, or `METHOD /path`, that the contract may leave out.
        situations: States that the target can put the service into, such as an outage of its database,
            with the documented statuses that are due in them.
    """

    app: Any = None
    base_url: str | None = None
    identities: IdentityProvider | None = None
    mint: Mint | None = None
    authorization: Callable[[Credential], str | None] | None = None
    generated_schema: dict[str, Any] | None = None
    routes: tuple[tuple[str, str], ...] = ()
    reset: Callable[[], None] | None = None
    state: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    undocumented: frozenset[str] = frozenset()
    situations: tuple[Situation, ...] = ()

    def bad_tokens(self) -> dict[str, str]:
        """Give the bad tokens that `authorization` knows, by `forged` and `expired`."""
        found = {}
        for credential in (Credential.FORGED, Credential.EXPIRED):
            value = self.authorization(credential) if self.authorization else None
            if value is not None:
                found[credential.value.partition(" ")[0]] = value.partition(" ")[2] or value
        return found

    @property
    def provider(self) -> IdentityProvider:
        """The provider of the users; it gives none for a service without users."""
        if self.identities is not None:
            return self.identities
        return _Authorizations(self.authorization or (lambda _: None))


@contextmanager
def open_transport(target: Target, timeout: float = TIMEOUT_SECONDS) -> Iterator[Transport]:
    """Start the target's app and stop it at the end, or give the way to its base URL.

    Args:
        target: The service.
        timeout: Seconds for one response over HTTP.

    Raises:
        TargetError: The app does not start or stop, or the base URL is no http URL.
    """
    if target.app is None:
        yield HttpTransport(target.base_url or "", timeout)
        return
    with open_app(target.app) as transport:
        yield transport


@contextmanager
def load_target(reference: str) -> Iterator[Target]:
    """Open a target, and close it at the end.

    Args:
        reference: `module.path:callable`; the callable gives a context manager that yields a `Target`.

    Raises:
        TargetError: The callable cannot be imported or called, the context manager cannot be entered or
            left, or it yields something else.
    """
    manager = _call(reference)
    try:
        target = manager.__enter__()
    except Exception as error:
        raise _error(reference, "cannot be opened", error) from error
    if not isinstance(target, Target):
        manager.__exit__(None, None, None)
        kind = type(target).__name__
        raise TargetError(f"the target yields a {kind}, not a Target", where=reference, remedy=_REMEDY)
    try:
        yield target
    except BaseException as error:
        manager.__exit__(type(error), error, error.__traceback__)
        raise
    try:
        manager.__exit__(None, None, None)
    except Exception as error:
        raise _error(reference, "cannot be closed", error) from error


def _call(reference: str) -> Any:
    module_name, _, name = reference.partition(":")
    if not module_name or not name:
        raise TargetError(
            f"`{reference}` is no `module.path:callable`",
            where="[tool.specwitness] target",
            remedy='write target = "tests.target:open_target"',
        )
    try:
        factory = getattr(importlib.import_module(module_name), name)
    except Exception as error:
        raise _error(reference, "cannot be imported", error) from error
    try:
        manager = factory()
    except Exception as error:
        raise _error(reference, "cannot be called", error) from error
    if not (hasattr(manager, "__enter__") and hasattr(manager, "__exit__")):
        raise TargetError("the target is no context manager", where=reference, remedy=_REMEDY)
    return manager


def _error(reference: str, what: str, error: Exception) -> TargetError:
    if isinstance(error, TargetError):
        return error
    reason = " ".join(str(error).split()) or "no message"
    return TargetError(
        f"the target {what}: {type(error).__name__}: {reason}",
        where=reference,
        remedy="run the callable on its own to see the whole traceback",
    )
