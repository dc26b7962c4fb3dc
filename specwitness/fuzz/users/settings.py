"""The users of a run from the configuration: `[tool.specwitness.fuzz.identities]`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from specwitness.errors import ConfigError
from specwitness.fuzz.users.identity import (
    ADMIN,
    ALICE,
    BOB,
    IdentityProvider,
    Mint,
    Tokens,
    UnfitKey,
    read_secret,
)
from specwitness.fuzz.users.login import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WHERE = "[tool.specwitness.fuzz.identities]"
_AS_THEY_ARE = ("issuer", "audience", "claims", "claims_of", "header", "lifetime", "leeway", "maximum_age")
_MINT = frozenset({"algorithm", "secret", "key", "subjects", "unfit", *_AS_THEY_ARE})
_UNFIT = frozenset({"key", "why", "algorithm", "kid"})
_LOGIN = frozenset({"path", "method", "bodies", "token", "subject", "form"})


def read_provider(settings: Mapping[str, Any]) -> IdentityProvider:
    """Make the provider that the table configures.

    Args:
        settings: One of `mint`, `login` and `tokens`, with its table.

    Raises:
        ConfigError: A setting is missing, unknown or of another type.
        TargetError: The variable of a secret is not set, or a key does not fit its algorithm.
    """
    makers: dict[str, Callable[[Mapping[str, Any]], IdentityProvider]] = {
        "mint": _read_mint,
        "login": _read_login,
        "tokens": _read_tokens,
    }
    chosen = [name for name in makers if name in settings]
    if len(chosen) != 1 or len(settings) != 1 or not isinstance(settings[chosen[0]], dict):
        raise ConfigError(
            f"the table needs exactly one of {', '.join(makers)}",
            where=_WHERE,
            remedy='write mint = { algorithm = "HS256", secret = "env:NAME" }',
        )
    return makers[chosen[0]](settings[chosen[0]])


def _read_mint(table: Mapping[str, Any]) -> Mint:
    _refuse_unknown(table, _MINT, "mint")
    own_key = read_secret(f"{_WHERE} mint", str(table.get("secret", table.get("key", ""))))
    more = {name: table[name] for name in _AS_THEY_ARE if name in table}
    subjects = table.get("subjects", {ALICE: ALICE, BOB: BOB})
    if isinstance(subjects, list):
        subjects = dict(zip((ALICE, BOB, ADMIN), subjects, strict=False))
    unfit = tuple(_read_unfit(row) for row in table.get("unfit", ()))
    mint = Mint(own_key, str(table.get("algorithm", "HS256")), subjects=subjects, unfit=unfit, **more)
    # A key that does not fit its algorithm is reported before the first request.
    for signer in (mint, *(replace(mint, key=key.key, algorithm=key.algorithm) for key in unfit)):
        _ = signer.signing_key
    return mint


def _read_unfit(table: Mapping[str, Any]) -> UnfitKey:
    _refuse_unknown(table, _UNFIT, "mint unfit")
    if not {"key", "why"} <= table.keys():
        raise ConfigError("an unfit key needs `key` and `why`", where=f"{_WHERE} mint", remedy="set both")
    more = {name: str(table[name]) for name in ("algorithm", "kid") if name in table}
    return UnfitKey(read_secret(f"{_WHERE} mint", str(table["key"])), str(table["why"]), **more)


def _read_login(table: Mapping[str, Any]) -> Login:
    _refuse_unknown(table, _LOGIN, "login")
    if "path" not in table or not isinstance(table.get("bodies"), dict):
        raise ConfigError("a login needs `path` and `bodies`", where=f"{_WHERE} login", remedy="set both")
    bodies = {
        name: {
            key: read_secret(f"{_WHERE} login", value) if str(value).startswith("env:") else value
            for key, value in body.items()
        }
        for name, body in table["bodies"].items()
    }
    more = {name: table[name] for name in ("token", "subject", "method", "form") if name in table}
    return Login(str(table["path"]), bodies, **more)


def _read_tokens(table: Mapping[str, Any]) -> Tokens:
    _refuse_unknown(table, frozenset({ALICE, BOB, ADMIN}), "tokens")
    if ALICE not in table:
        raise ConfigError(
            "there is no token of alice", where=f"{_WHERE} tokens", remedy='set alice = "env:NAME"'
        )
    # `alice = "env:A"` is a token for all schemes, `alice = { feedKey = "env:K" }` has one for each scheme.
    values_by_user = {
        name: entry if isinstance(entry, dict) else {"": entry} for name, entry in table.items()
    }
    secrets = {
        name: {scheme: read_secret(f"{_WHERE} tokens", str(text)) for scheme, text in entry.items()}
        for name, entry in values_by_user.items()
    }
    values = {
        name: {scheme: secret for scheme, secret in entry.items() if scheme}
        for name, entry in secrets.items()
    }
    tokens = {name: entry.get("") for name, entry in secrets.items()}
    return Tokens(tokens[ALICE], tokens.get(BOB), tokens.get(ADMIN), values=values)


def _refuse_unknown(table: Mapping[str, Any], known: frozenset[str], name: str) -> None:
    for setting in sorted(set(table) - known):
        raise ConfigError(
            f"there is no setting {setting}",
            where=f"{_WHERE} {name}",
            remedy=f"use {', '.join(sorted(known))}",
        )
