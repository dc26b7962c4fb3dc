"""Runs a single check again, from the repository's configuration, for a test that keeps a fix."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specwitness.config import Config, FuzzConfig, narrow_fuzz, read_config
from specwitness.errors import ConfigError, TargetError
from specwitness.fuzz.http.client import Client
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.report.summary import check_of
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target, load_target, open_transport
from specwitness.fuzz.tokens.attack import Material
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users.credentials import BEARER, CredentialLocation
from specwitness.fuzz.users.identity import ADMIN, ALICE, BOB, Mint
from specwitness.fuzz.users.settings import read_provider
from specwitness.model import Outcome
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Every check compares each response with the contract: a failure of these may have come up in another check.
_FOUND_BY_EVERY_CHECK = frozenset({"conformance", "robustness"})


def replay(
    operation: str, check: str, root: Path = Path(), *, contract: str | None = None, **overrides: Any
) -> list[str]:
    """Run one check on one operation.

    Args:
        operation: The `operationId`, or `METHOD /path`.
        check: Such as `isolation`.
        root: The repository's root.
        contract: The path of the contract, below the root, in place of the configured one.
        overrides: Settings in place of those of `[tool.specwitness.fuzz]`, such as `base_url`.

    Returns:
        A text for each failure; empty where the check passed or was skipped.

    Raises:
        SpecwitnessError: The configuration, the contract or the service cannot be used, or the service
            stopped to respond before the check failed.
    """
    config = read_config(root)
    config = config.model_copy(update={"contract": contract or config.contract})
    narrow: dict[str, Any] = {"only": () if check in _FOUND_BY_EVERY_CHECK else (check,)}
    if check != "conformance":
        # The values that Schemathesis generates depend on the set of operations that it gets.
        narrow |= {"operations": (operation,), "shard": (1, 1)}
    settings = narrow_fuzz(config.fuzz, {**overrides, **narrow})
    run = run_on_configured(root, config, settings, lambda _: None)
    found = [
        witness.detail or ""
        for witness in run.witnesses
        if witness.outcome is Outcome.FAILED and check_of(witness) == (operation, check)
    ]
    if run.broken_off and not found:
        raise run.broken_off
    return found


def run_on_configured(
    root: Path, config: Config, settings: FuzzConfig, progress: Callable[[str], None]
) -> FuzzRun:
    """Run the checks on the service that the configuration names: its target, or a base URL.

    Args:
        root: The repository's root.
        config: The repository's settings.
        settings: The settings of the run.
        progress: Gets a line of text before each step.

    Raises:
        SpecwitnessError: The configuration, the contract or the service cannot be used.
    """
    if not config.contract:
        raise ConfigError(
            "fuzzing needs the contract of the service",
            where="[tool.specwitness] contract",
            remedy="set it, or --contract",
        )
    contract = read_contract(root / config.contract, root)
    with open_configured(root, config, settings) as target:
        return run_fuzz(contract, target, settings, progress)


def make_token(name: str, root: Path, config: Config, settings: FuzzConfig) -> str:
    """Make the token for a variable of a `curl` line in the report, such as `$TOKEN_ALICE`.

    Args:
        name: `alice`, `bob`, `admin`, or the name of an attack as in the report.
        root: The repository's root.
        config: The repository's settings.
        settings: The settings of the run.

    Raises:
        TargetError: There is no such user or attack, or it has no token of its own.
    """
    with open_configured(root, config, settings) as target, open_transport(target) as transport:
        return _make_token(name, target, Client(transport))


def _make_token(name: str, target: Target, client: Client) -> str:
    owner = target.provider.identify(name if name in {ALICE, BOB, ADMIN} else ALICE, client)
    if owner is None or owner.token is None:
        raise TargetError(f"{name} has no token", where="Target.identities")
    if name == owner.name:
        return owner.token
    attack = next((attack for attack in ATTACKS if attack.name == name), None)
    if attack is None:
        raise TargetError(
            f"there is no attack `{name}`", where="specwitness token", remedy="copy its name from the report"
        )
    mint = target.identities if isinstance(target.identities, Mint) else target.mint
    other = target.provider.identify(BOB, client)
    location = CredentialLocation("bearer", BEARER, prefix="Bearer ")
    made = attack.recipe(Material(location, owner.token, owner.name, mint, other.token if other else None))
    if callable(made):
        headers = made(location.put(Request("GET", "/"), owner.token)).headers
        made = dict(headers).get("Authorization", "").rpartition(" ")[2]
    if not made:
        raise TargetError(f"the attack `{name}` has no token", where="specwitness token")
    return made


@contextmanager
def open_configured(root: Path, config: Config, settings: FuzzConfig) -> Iterator[Target]:
    """Open the configured target, or the service at the base URL with the configured identities.

    Raises:
        ConfigError: Neither is configured, or the identities cannot be used.
        TargetError: The target cannot be opened.
    """
    sys.path.insert(0, str(root.resolve()))
    if settings.base_url:
        provider = read_provider(settings.identities) if settings.identities else None
        yield Target(base_url=settings.base_url, identities=provider)
    elif config.target:
        with load_target(config.target) as target:
            yield target
    else:
        raise ConfigError(
            "there is no service to fuzz",
            where="[tool.specwitness] target",
            remedy="set target, or give --base-url",
        )
