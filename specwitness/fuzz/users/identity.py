"""The users of a run: alice, bob and an admin, with their credentials; alice and bob share no objects."""

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
    """A user with credentials.

    Args:
        name: `alice`, `bob` or `admin`.
        token: The credential for each security scheme that `values` does not name: a bearer token or API key.
        values: The credentials for single security schemes, by the scheme's name in the contract.
        subject: The user's id in the service; None where it is not known.
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
    """A key that is known to the service and must not be accepted for the tokens of its users.

    An example is a key of the service's key set that is for encryption (`use: enc`).

    Args:
        key: The secret as text, or a private key in PEM.
        why: The reason, which completes the sentence `a token signed by a key that …`.
        algorithm: The `alg` of the tokens that are signed with it.
        kid: The `kid` of the key; None where it has none.
    """

    key: str | bytes = field(repr=False)
    why: str
    algorithm: str = "RS256"
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class Mint:
    """Signs tokens with the service's own key, good ones and bad ones.

    Args:
        key: The secret as text, or a private key in PEM.
        algorithm: The JWS algorithm that the service expects.
        issuer, audience: The `iss` and `aud` that the service checks; None for one that it does not check.
        subjects: The `sub` of each user, by `alice`, `bob` and `admin`.
        claims: Further claims of every token, such as `scope`.
        claims_of: Further claims of single users, by name.
        header: Further header parameters, such as `kid`.
        lifetime: Seconds between `iat` and `exp`.
        leeway: Seconds by which the service lets clocks differ; None where that is not known.
        maximum_age: Seconds after `iat` from which the service rejects a token; None for no limit.
        unfit: Keys that the service must not accept.
        clock: Gives seconds since the epoch.
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
        """Sign the token of a user; None for a name that is not among the subjects."""
        if name not in self.subjects:
            return None
        return Identity(name, str(self.mint(name)), subject=self.subjects[name])

    def mint(self, name: str, header: Mapping[str, Any] | None = None, **claims: Any) -> jose.Token:
        """Sign a token with other header parameters or claims; the value `...` leaves one out."""
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
        """The key in the form that the algorithm needs.

        Raises:
            TargetError: The key does not fit the algorithm.
        """
        try:
            return jose.read_key(self.algorithm, self.key)
        except (ValueError, TypeError) as error:
            raise TargetError(
                f"the key of the mint does not fit {self.algorithm}",
                where="identities.mint",
                remedy="give the secret of HS256 as text, or a private key in PEM",
            ) from error


class IdentityProvider(Protocol):
    """Gives the users of a run; write one where `Mint`, `Tokens` and `Login` do not fit."""

    def identify(self, name: str, client: Client) -> Identity | None:
        """Give a user.

        Args:
            name: `alice`, `bob`, `admin`, or the name that a situation of the target gives.
            client: The client to log in with.

        Returns:
            The user with its credentials; None where the service has no such user.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """Users whose credentials are known: `Tokens(alice="…", bob="…")`.

    Args:
        alice, bob, admin: The user's bearer token, or API key.
        subjects: The users' ids in the service, by name, as far as they are known.
        values: Credentials for single security schemes, by user: `{"alice": {"feedKey": "…"}}`.
    """

    alice: str | None = field(default=None, repr=False)
    bob: str | None = field(default=None, repr=False)
    admin: str | None = field(default=None, repr=False)
    subjects: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def identify(self, name: str, client: Client | None = None) -> Identity | None:  # noqa: ARG002  # the protocol's
        """Give a user; None where neither a token nor a value is known."""
        token = {ALICE: self.alice, BOB: self.bob, ADMIN: self.admin}.get(name)
        values = self.values.get(name, {})
        return Identity(name, token, values, self.subjects.get(name)) if token or values else None


def read_secret(setting: str, text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Read a secret from the environment.

    Args:
        setting: The name of the setting, for the error message.
        text: The value of the setting, `env:NAME`.
        environment: The environment's variables.

    Raises:
        TargetError: The value does not begin with `env:`, or the variable is not set.
    """
    scheme, _, name = text.partition(":")
    if scheme != "env" or not name:
        raise TargetError(
            "a secret may not stand in the configuration", where=setting, remedy="write env:NAME"
        )
    if not environment.get(name):
        raise TargetError(f"the environment has no {name}", where=setting, remedy=f"set {name}")
    return environment[name]
