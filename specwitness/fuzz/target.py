"""The service under test, as its repository opens it for the harness."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from specwitness.errors import TargetError
from specwitness.fuzz.users.identity import ALICE, Identity, IdentityProvider, Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from specwitness.fuzz.http.client import Client
    from specwitness.fuzz.session.situation import Situation

_REMEDY = "name a callable that returns a context manager of a specwitness.fuzz.target.Target"


class Credential(StrEnum):
    """What a request brings to prove who sends it; the value is the report's word."""

    VALID = "valid token"
    NONE = "no credentials"
    FORGED = "forged token"
    EXPIRED = "expired token"

    @property
    def phrase(self) -> str:
        """The credential as a sentence takes it, such as `with an expired token`."""
        if self is Credential.NONE:
            return f"with {self.value}"
        return f"with {'an' if self is Credential.EXPIRED else 'a'} {self.value}"


@dataclass(frozen=True, slots=True)
class _Authorizations:
    """The older, smaller way: one user, and the value of its Authorization header."""

    authorization: Callable[[Credential], str | None]

    def identify(self, name: str, client: Client | None = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        value = self.authorization(Credential.VALID) if name == ALICE else None
        return Identity(name, value.partition(" ")[2] or value) if value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service that is ready to be called: an app in this process, or a base URL.

    Args:
        app: The ASGI application; the harness runs its lifespan.
        base_url: Where the service is, if there is no app.
        identities: Gives alice, bob and, if there is one, an admin: a `Mint`, `Tokens`, a `Login`, or
            any object with `identify(name, client)`.
        mint: What tokens are signed with, where `identities` is something else.
        authorization: Instead of identities: the value of the `Authorization` header for a
            credential of one user; None for one that the service does not have.
        generated_schema: The OpenAPI document that the app generates from its code, if it does.
        routes: Method and path of each route, hidden ones included.
        reset: Brings the stored state back to where it began.
        state: Gives a comparable snapshot of the stored state.
        environment: What the service runs on, for the report.
        undocumented: Paths, or `METHOD /path`, that may stay out of the contract.
        situations: States that it can bring about, in which documented statuses come.
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
        """Give the bad credentials that the target itself has, by what they are."""
        found = {}
        for credential in (Credential.FORGED, Credential.EXPIRED):
            value = self.authorization(credential) if self.authorization else None
            if value is not None:
                found[credential.value.partition(" ")[0]] = value.partition(" ")[2] or value
        return found

    @property
    def provider(self) -> IdentityProvider:
        """Who gives the identities; nobody, for a service without users."""
        if self.identities is not None:
            return self.identities
        return _Authorizations(self.authorization or (lambda _: None))


@contextmanager
def load_target(reference: str) -> Iterator[Target]:
    """Open the target that `module.path:callable` names, and close it at the end.

    Raises:
        TargetError: It cannot be imported, opened or closed, or it yields something else.
    """
    manager = _call(reference)
    try:
        target = manager.__enter__()
    except Exception as error:
        raise _refusal(reference, "cannot be opened", error) from error
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
        raise _refusal(reference, "cannot be closed", error) from error


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
        raise _refusal(reference, "cannot be imported", error) from error
    try:
        manager = factory()
    except Exception as error:
        raise _refusal(reference, "cannot be called", error) from error
    if not (hasattr(manager, "__enter__") and hasattr(manager, "__exit__")):
        raise TargetError("the target is no context manager", where=reference, remedy=_REMEDY)
    return manager


def _refusal(reference: str, what: str, error: Exception) -> TargetError:
    if isinstance(error, TargetError):
        return error
    reason = " ".join(str(error).split()) or "no message"
    return TargetError(
        f"the target {what}: {type(error).__name__}: {reason}",
        where=reference,
        remedy="run the callable on its own to see the whole traceback",
    )
