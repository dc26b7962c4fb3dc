"""Plays single checks again, from the repository's configuration: for a test of one's own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from specwitness.config import Config, FuzzConfig, read_config
from specwitness.errors import ConfigError
from specwitness.fuzz.provider import read_provider
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.fuzz.target import Target, load_target
from specwitness.model import Outcome
from specwitness.openapi import read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def replay(operation: str, check: str, root: Path = Path()) -> list[str]:
    """Run one check on one operation, and give what is wrong; nothing where it is kept.

    Args:
        operation: The `operationId`, or `METHOD /path`.
        check: Such as `isolation`.
        root: The repository's root.

    Raises:
        SpecwitnessError: The configuration, the contract or the service cannot be used.
    """
    config = read_config(root)
    settings = config.fuzz.model_copy(update={"operations": (operation,), "only": (check,)})
    run = run_on_configured(root, config, settings, lambda _: None)
    return [each.detail or "" for each in run.witnesses if each.outcome is Outcome.FAILED]


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
