"""The matrix of bad credentials: one row an attack, with the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.credentials import BEARER, Seat

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.tokens.key_host import KeyHost
    from specwitness.fuzz.users.identity import Mint


@dataclass(frozen=True, slots=True)
class Material:
    """What an attack is made from: a good credential, its place, and what else is known.

    `host` is where keys can be put that a token names; None where the service cannot reach it.
    """

    seat: Seat
    value: str
    name: str
    mint: Mint | None = None
    other: str | None = None
    host: KeyHost | None = None

    @property
    def token(self) -> jose.Token | None:
        """The credential as a token; None where it is opaque."""
        return jose.split(self.value)

    def put(self, value: str) -> Change:
        """Put another credential in the place of the good one."""
        return lambda request: self.seat.put(request, value)


Change = Callable[["Request"], "Request"]
Recipe = Callable[[Material], "Change | str | None"]
REFUSED = frozenset({401})
MALFORMED = REFUSED | {400}
HUGE = MALFORMED | {413, 414, 431}


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to come without a valid credential.

    Args:
        name: What the request brings, as a sentence takes it: `with …`.
        check: The family: `none`, `forged`, `expired` or `claims`.
        breaks: The rule that a service breaks by letting it through.
        recipe: Makes the credential, or changes the request; None where it cannot be made.
        level: How grave it is.
        allowed: The statuses of a right refusal.
        core: Whether it is tried on each operation even in the quick profile.
        accepted: Whether the request has to be accepted instead.
        brings: Whether a credential comes at all; a challenge names an error only then.
    """

    name: str
    check: str
    breaks: str
    recipe: Recipe = field(repr=False)
    level: Level = Level.MUST
    allowed: frozenset[int] = REFUSED
    core: bool = False
    accepted: bool = False
    brings: bool = True

    def prepare(self, material: Material) -> Change | None:
        """Give the change that turns a good request into the attack; None where it cannot be made."""
        made = self.recipe(material)
        return material.put(made) if isinstance(made, str) else made


def only_bearer(recipe: Recipe) -> Recipe:
    """Make a recipe apply to bearer tokens alone."""
    return lambda material: recipe(material) if material.seat.kind == BEARER else None


def with_token(recipe: Callable[[Material, jose.Token], Change | str | None]) -> Recipe:
    """Make a recipe apply to tokens that are JWTs."""
    return lambda material: recipe(material, token) if (token := material.token) else None


def with_mint(recipe: Callable[[Material, Mint], object]) -> Recipe:
    """Make a recipe apply where tokens can be signed; what it gives is written as text."""

    def make(material: Material) -> str | None:
        made = recipe(material, material.mint) if material.mint and material.token else None
        return None if made is None else str(made)

    return make
