"""An attack by a bad credential: how it is made from a good one, and the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from specwitness.fuzz.results.severity import Severity
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.credentials import BEARER, CredentialLocation

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.tokens.key_host import KeyHost
    from specwitness.fuzz.users.identity import Mint


@dataclass(frozen=True, slots=True)
class Material:
    """The material of an attack.

    Attributes:
        location: Where the credential goes in a request.
        value: A good credential.
        name: The user whose credential it is.
        mint: Signs tokens with the service's own key; None where the key is not known.
        other: The credential of another user; None where there is none.
        host: Serves keys at an address that a token can name; None where the service cannot reach it.
    """

    location: CredentialLocation
    value: str
    name: str
    mint: Mint | None = None
    other: str | None = None
    host: KeyHost | None = None

    @property
    def token(self) -> jose.Token | None:
        """The credential as a JWT; None where it is none, such as an API key."""
        return jose.split(self.value)

    def put(self, value: str) -> Change:
        """Give a change that puts another credential in place of the good one."""
        return lambda request: self.location.put(request, value)


Change = Callable[["Request"], "Request"]
Recipe = Callable[[Material], "Change | str | None"]
REFUSED = frozenset({401})
MALFORMED = REFUSED | {400}
HUGE = MALFORMED | {413, 414, 431}


@dataclass(frozen=True, slots=True)
class Attack:
    """A request without a valid credential.

    Args:
        name: The credential of the request, in words that complete the sentence `with …`.
        check: The check that sends it: `none`, `forged`, `expired` or `claims`.
        breaks: The rule that a service breaks which accepts it, such as `RFC 7515 §5.2`.
        recipe: Makes the bad credential, or the change of the request; None where neither can be made.
        severity: How severe it is to accept it.
        allowed: The statuses of a correct rejection.
        core: Whether the quick profile tries it on each operation, and not on some of them.
        accepted: Whether a correct service accepts it: the scheme `bearer` in lower case is one.
        brings: Whether there is a credential at all: without one, a challenge names no error
            (RFC 6750 §3.1).
    """

    name: str
    check: str
    breaks: str
    recipe: Recipe = field(repr=False)
    severity: Severity = Severity.MUST
    allowed: frozenset[int] = REFUSED
    core: bool = False
    accepted: bool = False
    brings: bool = True

    def prepare(self, material: Material) -> Change | None:
        """Give the change that makes the attack of a good request; None where it cannot be made."""
        made = self.recipe(material)
        return material.put(made) if isinstance(made, str) else made


def only_bearer(recipe: Recipe) -> Recipe:
    """Limit a recipe to bearer tokens: for an API key it makes nothing."""
    return lambda material: recipe(material) if material.location.kind == BEARER else None


def with_token(recipe: Callable[[Material, jose.Token], Change | str | None]) -> Recipe:
    """Limit a recipe to JWTs: for an opaque token it makes nothing."""
    return lambda material: recipe(material, token) if (token := material.token) else None


def with_mint(recipe: Callable[[Material, Mint], object]) -> Recipe:
    """Limit a recipe to JWTs of a service whose key is known; the token it makes is written as text."""

    def make(material: Material) -> str | None:
        made = recipe(material, material.mint) if material.mint and material.token else None
        return None if made is None else str(made)

    return make
