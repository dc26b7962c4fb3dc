"""Who calls: two users who know nothing of each other, and how they come by their credentials."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from specwitness.errors import TargetError
from specwitness.fuzz.users import jose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specwitness.fuzz.http.client import Client

ALICE, BOB, ADMIN = "alice", "bob", "admin"
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and what proves it.

    Args:
        name: `alice`, `bob` or `admin`.
        token: What every security scheme takes: the bearer token, the API key.
        values: What single schemes take instead, by their name in the contract.
        subject: The user's id in the service, where it is known.
    """

    name: str
    token: str | None = field(default=None, repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    subject: str | None = None

    def value_for(self, scheme: str) -> str | None:
        """Give the credential for a security scheme."""
        return self.values.get(scheme, self.token)


@dataclass(frozen=True, slots=True)
class UnfitKey:
    """A key that the service knows, or its key set holds, and that may sign no token of its users.

    Args:
        key: The secret as text, or a private key in PEM.
        why: Why it may not, as a sentence takes it: `a key that …`.
        algorithm: What the header of a token names that it signs all the same.
        kid: The name of the key, where it has one.
    """

    key: str | bytes = field(repr=False)
    why: str
    algorithm: str = "RS256"
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class Mint:
    """What tokens are signed with; it makes signed, mutated tokens possible.

    Args:
        key: The secret as text, or a private key in PEM.
        algorithm: The JWS algorithm that the service expects.
        issuer, audience: The claims that the service checks; None for one that it does not know.
        subjects: The `sub` of each identity, by name.
        claims: Further claims of every token, such as `scope`.
        claims_of: Further claims of single identities, by name.
        header: Further header parameters, such as `kid`.
        lifetime: Seconds.
        leeway: Seconds by which the service lets clocks differ; None where that is not known.
        maximum_age: Seconds since `iat` after which the service refuses a token; None for no limit.
        unfit: Keys that the service has to refuse.
        clock: Tells seconds since the epoch.
    """

    key: str | bytes = field(repr=False)
    algorithm: str = "HS256"
    issuer: str | None = None
    audience: str | None = None
    subjects: Mapping[str, str] = field(default_factory=lambda: {ALICE: ALICE, BOB: BOB})
    claims: Mapping[str, Any] = field(default_factory=dict)
    claims_of: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    lifetime: int = _DAY
    leeway: int | None = None
    maximum_age: int | None = None
    unfit: tuple[UnfitKey, ...] = ()
    clock: Callable[[], float] = time.time

    def identify(self, name: str, client: Client | None = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        """Mint the token of an identity; None for one without a subject."""
        if name not in self.subjects:
            return None
        return Identity(name, str(self.mint(name)), subject=self.subjects[name])

    def mint(self, name: str, header: Mapping[str, Any] | None = None, **claims: Any) -> jose.Token:
        """Sign a token; parameters and claims may be replaced, and `...` leaves one out."""
        parameters = {**self.parameters(), **(header or {})}
        return self.sign(jose.dump(parameters), jose.dump({**self.payload(name), **claims}))

    def sign(self, header: bytes, payload: bytes) -> jose.Token:
        """Sign any two byte strings with the service's own key."""
        return jose.sign(header, payload, self.algorithm, self.signing_key)

    def parameters(self) -> dict[str, Any]:
        """Give the header of a good token."""
        return {"alg": self.algorithm, "typ": "JWT", **self.header}

    def payload(self, name: str) -> dict[str, Any]:
        """Give the claims of a good token."""
        now = int(self.clock())
        known = {"iss": self.issuer, "aud": self.audience}
        return {
            "sub": self.subjects[name],
            "iat": now,
            "exp": now + self.lifetime,
            **{claim: value for claim, value in known.items() if value is not None},
            **self.claims,
            **self.claims_of.get(name, {}),
        }

    @property
    def signing_key(self) -> jose.Key:
        """The key as the algorithm takes it.

        Raises:
            TargetError: It is no key for the algorithm.
        """
        try:
            return jose.read_key(self.algorithm, self.key)
        except (ValueError, TypeError) as error:
            raise TargetError(
                f"the key of the mint does not serve {self.algorithm}",
                where="identities.mint",
                remedy="give the secret of HS256 as text, or a private key in PEM",
            ) from error


class IdentityProvider(Protocol):
    """Gives identities; what a user writes where the ready-made ones do not fit."""

    def identify(self, name: str, client: Client) -> Identity | None:
        """Give an identity, or None for one that there is not; `client` may be used to log in."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """Identities whose tokens are known: `Tokens(alice="…", bob="…")`.

    Args:
        alice, bob, admin: The token of each; for an apiKey scheme the value of its header, query or cookie.
        subjects: The user's id in the service, by name, where it is known.
        values: By name, what single security schemes take instead: `{"alice": {"feedKey": "…"}}`.
    """

    alice: str | None = field(default=None, repr=False)
    bob: str | None = field(default=None, repr=False)
    admin: str | None = field(default=None, repr=False)
    subjects: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def identify(self, name: str, client: Client | None = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        """Give the token of an identity."""
        token = {ALICE: self.alice, BOB: self.bob, ADMIN: self.admin}.get(name)
        values = self.values.get(name, {})
        return Identity(name, token, values, self.subjects.get(name)) if token or values else None


def read_secret(setting: str, text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Read a secret that a setting names as `env:NAME`.

    Raises:
        TargetError: It stands in the configuration itself, or the variable is not set.
    """
    scheme, _, name = text.partition(":")
    if scheme != "env" or not name:
        raise TargetError(
            "a secret may not stand in the configuration", where=setting, remedy="write env:NAME"
        )
    if not environment.get(name):
        raise TargetError(f"the environment has no {name}", where=setting, remedy=f"set {name}")
    return environment[name]
