"""Plays single checks again, from the repository's configuration: for a test of one's own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemathesis.python.asgi import shutdown_lifespans

from specwitness.config import Config, FuzzConfig, narrow_fuzz, read_config
from specwitness.errors import ConfigError, TargetError
from specwitness.fuzz.http.asgi import AsgiTransport, ServedApp
from specwitness.fuzz.http.client import Client
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.http.network import HttpTransport
from specwitness.fuzz.report.summary import check_of
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target, load_target
from specwitness.fuzz.tokens.attack import Material
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users.credentials import BEARER, Seat
from specwitness.fuzz.users.identity import ADMIN, ALICE, BOB, Mint
from specwitness.fuzz.users.settings import read_provider
from specwitness.model import Outcome
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Every check holds each answer to these.
_FOUND_ON_THE_WAY = frozenset({"conformance", "robustness"})


def replay(
    operation: str, check: str, root: Path = Path(), *, contract: str | None = None, **given: Any
) -> list[str]:
    """Run one check on one operation, and give what is wrong; nothing where it is kept.

    Args:
        operation: The `operationId`, or `METHOD /path`.
        check: Such as `isolation`.
        root: The repository's root.
        contract: The contract, below the root, where the configuration names another or none.
        given: Settings in the place of those of `[tool.specwitness.fuzz]`, such as `base_url`.

    Raises:
        SpecwitnessError: The configuration, the contract or the service cannot be used.
    """
    config = read_config(root)
    config = config.model_copy(update={"contract": contract or config.contract})
    narrow: dict[str, Any] = {"only": () if check in _FOUND_ON_THE_WAY else (check,)}
    if check != "conformance":
        # What Schemathesis draws depends on all the operations that it is given.
        narrow |= {"operations": (operation,), "shard": (1, 1)}
    settings = narrow_fuzz(config.fuzz, {**given, **narrow})
    run = run_on_configured(root, config, settings, lambda _: None)
    found = [
        each.detail or ""
        for each in run.witnesses
        if each.outcome is Outcome.FAILED and check_of(each) == (operation, check)
    ]
    if run.engine.broken_off and not found:
        raise run.engine.broken_off
    return found


def run_on_configured(
    root: Path, config: Config, settings: FuzzConfig, progress: Callable[[str], None]
) -> FuzzRun:
    """Run the checks on the service that the configuration names: its target, or a base URL.

    Raises:
        SpecwitnessError: The configuration, the contract or the service cannot be used.
    """
    if not config.contract:
        raise ConfigError(
            "a service is fuzzed by its contract",
            where="[tool.specwitness] contract",
            remedy="set it, or --contract",
        )
    contract = read_contract(root / config.contract, root)
    with open_configured(root, config, settings) as target:
        return run_fuzz(contract, target, settings, progress)


def make_token(name: str, root: Path, config: Config, settings: FuzzConfig) -> str:
    """Make the token that a variable of a `curl` line stands for.

    Args:
        name: `alice`, `bob`, `admin`, or an attack as a failure names it.
        root: The repository's root.
        config: The repository's settings.
        settings: Those of the run.

    Raises:
        TargetError: There is no such user or attack, or it has no token of its own.
    """
    with open_configured(root, config, settings) as target:
        transport = (
            HttpTransport(target.base_url) if target.base_url else AsgiTransport(ServedApp(target.app))
        )
        client = Client(transport)
        try:
            return _make_token(name, target, client)
        finally:
            shutdown_lifespans()


def _make_token(name: str, target: Target, client: Client) -> str:
    owner = target.provider.identify(name if name in {ALICE, BOB, ADMIN} else ALICE, client)
    if owner is None or owner.token is None:
        raise TargetError(f"{name} has no token", where="Target.identities")
    if name == owner.name:
        return owner.token
    attack = next((each for each in ATTACKS if each.name == name), None)
    if attack is None:
        raise TargetError(
            f"there is no attack `{name}`", where="specwitness token", remedy="name it as the failure does"
        )
    mint = target.identities if isinstance(target.identities, Mint) else target.mint
    other = target.provider.identify(BOB, client)
    seat = Seat("bearer", BEARER, prefix="Bearer ")
    made = attack.recipe(Material(seat, owner.token, owner.name, mint, other.token if other else None))
    if callable(made):
        headers = made(seat.put(Request("GET", "/"), owner.token)).headers
        made = dict(headers).get("Authorization", "").rpartition(" ")[2]
    if not made:
        raise TargetError(f"`{name}` brings no token of its own", where="specwitness token")
    return made


@contextmanager
def open_configured(root: Path, config: Config, settings: FuzzConfig) -> Iterator[Target]:
    """Open the target, or the service at the base URL with the identities of the configuration."""
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
