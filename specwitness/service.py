"""Opens the service under test, compares it with its contract, fuzzes it, and records the witnesses."""

from __future__ import annotations

import sys
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from specwitness.config import read_config
from specwitness.contract import compare, find_contradictions, find_undocumented, inspect_document
from specwitness.errors import ConfigError, SpecwitnessError
from specwitness.fuzz.run import fuzz
from specwitness.fuzz.target import load_target
from specwitness.inspection import build_rulebook, describe_app, find_base
from specwitness.model import RuleLevel
from specwitness.openapi import read_contract
from specwitness.records import RecordWriter

if TYPE_CHECKING:
    from specwitness.config import Config
    from specwitness.fuzz.target import Target
    from specwitness.model import Witness
    from specwitness.openapi import Contract


def try_service(root: Path, config: Config, writer: RecordWriter) -> None:
    """Compare the contract with the service, fuzz every operation, and record witnesses and findings.

    Args:
        root: The root of the repository.
        config: Its settings; `contract` and `target` must be set.
        writer: Where witnesses and findings are recorded.

    Raises:
        SpecwitnessError: The contract cannot be read or the service cannot be opened.
    """
    if not config.contract or not config.target:
        raise ConfigError(
            "the contract check and the fuzzer need a contract and a target",
            where="[tool.specwitness] contract, target",
            remedy="set both",
        )
    contract = read_contract(root / config.contract, root)
    with load_target(config.target) as target:
        writer.environment(dict(target.environment))
        _compare(contract, target, config, writer)
        _inspect(root, contract, config, writer)
        for witness in fuzz(contract, target, config.fuzz, _say):
            writer.witness(witness)
    writer.end()


def _compare(contract: Contract, target: Target, config: Config, writer: RecordWriter) -> None:
    app = describe_app(target, contract, config)
    if app.generated is not None:
        for witness in compare(contract, app.generated):
            writer.witness(_narrow(witness, config))
        for finding in find_undocumented(contract, app.generated, target.undocumented):
            writer.finding(finding)
    for finding in find_contradictions(contract, app):
        writer.finding(finding)


def _inspect(root: Path, contract: Contract, config: Config, writer: RecordWriter) -> None:
    """Lint the contract, and compare it with its base if one is set."""
    rules = build_rulebook(root, config, date.today())  # noqa: DTZ011  # a waiver ends with the local day
    for judgement in inspect_document(contract, find_base(root, config), rules):
        if judgement.level is RuleLevel.ERROR:
            writer.finding(judgement.as_finding())


def _narrow(witness: Witness, config: Config) -> Witness:
    """Keep the requirements that `[tool.specwitness.fuzz.checks] contract` allows."""
    patterns = config.fuzz.checks.get("contract")
    if patterns is None:
        return witness
    kept = tuple(
        key for key in witness.requirements if any(fnmatchcase(key, pattern) for pattern in patterns)
    )
    return witness.model_copy(update={"requirements": kept})


def _say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def main() -> int:
    """Run as a process: `python -m specwitness.service RECORDS`."""
    root = Path.cwd()
    sys.path.insert(0, str(root))
    with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
        try:
            try_service(root, read_config(root), RecordWriter(file))
        except SpecwitnessError as error:
            sys.stderr.write(f"invalid: {error}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
