"""The security of an operation, by the properties of its schemes, and which of two is looser."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Iterator

# How hard a credential is to steal or to reuse (RFC 9700, RFC 7235), from 6 to 1: bound to a key, a
# token that expires, a password that is not sent, a fixed key in a header, a cookie that browsers
# add, a key in a URL that is logged or a password in each request.
_RANKS = {
    ("mutualTLS",): 6,
    ("oauth2",): 5,
    ("openIdConnect",): 5,
    ("http", "bearer"): 5,
    ("http", "dpop"): 6,
    ("http", "digest"): 4,
    ("apiKey", "header"): 3,
    ("apiKey", "cookie"): 2,
    ("apiKey", "query"): 1,
    ("http", "basic"): 1,
}
_UNKNOWN_HTTP = 3
_WEAK_FLOWS = ("implicit", "password")  # RFC 9700 §2.1.2 and §2.4
_URLS = ("authorizationUrl", "openIdConnectUrl", "refreshUrl", "tokenUrl", "deviceAuthorizationUrl")


@dataclass(frozen=True, slots=True)
class Demand:
    """One credential that a caller must send.

    `identity` describes it, as in `http bearer`; `weaknesses` are known faults of the scheme, such as
    the implicit flow; `provider` is the URL of the OpenID provider, if the scheme names one.
    """

    identity: str
    scopes: frozenset[str]
    rank: int
    weaknesses: frozenset[str]
    provider: str = ""

    def __str__(self) -> str:
        return (
            f"{self.identity} with scopes {' '.join(sorted(self.scopes))}" if self.scopes else self.identity
        )

    def is_as_strong_as(self, other: Demand) -> bool:
        """Return whether this demand is at least as strong as the other: rank, scopes, no new weakness."""
        is_same_word = not self.provider or not other.provider or self.provider == other.provider
        is_as_hard = self.rank >= other.rank and self.weaknesses <= other.weaknesses
        return is_same_word and is_as_hard and self.scopes >= other.scopes

    def is_same_way_as(self, other: Demand) -> bool:
        """Return whether it is the same credential, sent in the same way."""
        return self.identity == other.identity


Alternative = frozenset[Demand]
"""Credentials that must be sent together; empty for anonymous callers."""


@dataclass(frozen=True, slots=True)
class Security:
    """The alternatives of an operation; a caller must fulfil one of them."""

    alternatives: frozenset[Alternative]

    def __str__(self) -> str:
        return " or ".join(sorted(_describe(alternative) for alternative in self.alternatives))

    @property
    def is_open(self) -> bool:
        """Whether anybody may call."""
        return frozenset() in self.alternatives

    def find_looser(self, former: Security) -> list[str]:
        """List the alternatives that `former` did not have and that loosen the protection.

        An alternative that replaces a removed one may differ if it is as strong: bearer may replace
        an API key. An alternative that is added to the former ones is always listed.
        """
        gone = [
            old for old in former.alternatives if not any(_is_kept(old, new) for new in self.alternatives)
        ]
        return sorted(
            _describe(new, with_weaknesses=True)
            for new in self.alternatives
            if not any(_implies(new, old, same_way=True) for old in former.alternatives)
            and not any(_implies(new, old, same_way=False) for old in gone)
        )

    def find_refused(self, former: Security) -> list[str]:
        """List the alternatives of `former` that are no longer accepted."""
        return sorted(
            _describe(old)
            for old in former.alternatives
            if not any(_still_accepts(new, old) for new in self.alternatives)
        )


def read_security(document: dict[str, Any], operation: dict[str, Any]) -> Security:
    """Read the security of an operation: its own, or else that of the document."""
    listed = operation.get("security", document.get("security"))
    components = dereference(document.get("components"), document) or {}
    schemes = dereference(components.get("securitySchemes"), document) or {}
    return Security(
        frozenset(
            frozenset(
                _read_demand(name, scopes, dereference(schemes.get(name), document))
                for name, scopes in requirement.items()
            )
            for requirement in listed or [{}]
        )
    )


def _read_demand(name: str, scopes: list[str], scheme: Any) -> Demand:
    if not isinstance(scheme, dict) or "type" not in scheme:
        return Demand(f"the unknown scheme {name}", frozenset(scopes or ()), 0, frozenset())
    means = [str(scheme["type"])]
    means += [str(scheme[key]).lower() for key in ("scheme", "in", "name") if key in scheme]
    rank, provider = _rank(means), str(scheme.get("openIdConnectUrl", ""))
    # Tokens of another OpenID provider are another credential, even if they are sent in the same way.
    identity = " ".join([*means, provider] if provider else means)
    return Demand(identity, frozenset(scopes or ()), rank, frozenset(_find_weaknesses(scheme)), provider)


def _rank(means: list[str]) -> int:
    default = _UNKNOWN_HTTP if means[0] == "http" else 0
    return _RANKS.get(tuple(means[:2]), _RANKS.get(tuple(means[:1]), default))


def _find_weaknesses(scheme: dict[str, Any]) -> Iterator[str]:
    flows = scheme.get("flows")
    flows = flows if isinstance(flows, dict) else {}
    yield from (f"the {name} flow" for name in _WEAK_FLOWS if name in flows)
    for holder in (scheme, *flows.values()):
        for key in _URLS:
            if isinstance(holder, dict) and str(holder.get(key, "")).startswith("http:"):
                yield f"{key} without TLS"


def _describe(alternative: Alternative, *, with_weaknesses: bool = False) -> str:
    demands = [
        f"{demand} by {', '.join(sorted(demand.weaknesses))}"
        if with_weaknesses and demand.weaknesses
        else str(demand)
        for demand in alternative
    ]
    return " and ".join(sorted(demands)) or "no credentials"


def _implies(new: Alternative, old: Alternative, *, same_way: bool) -> bool:
    """Return whether each demand of `old` has its own demand in `new` that is at least as strong."""
    return any(
        all(
            mine.is_as_strong_as(demand) and (mine.is_same_way_as(demand) or not same_way)
            for mine, demand in zip(chosen, old, strict=True)
        )
        for chosen in permutations(new, len(old))
    )


def _is_kept(old: Alternative, new: Alternative) -> bool:
    return {demand.identity for demand in old} == {demand.identity for demand in new}


def _still_accepts(new: Alternative, old: Alternative) -> bool:
    """Return whether a caller with the credentials of `old` fulfils `new`."""
    return all(
        any(mine.identity == demand.identity and mine.scopes >= demand.scopes for mine in old)
        for demand in new
    )
