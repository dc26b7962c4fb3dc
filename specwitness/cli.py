"""The command line: `specwitness verify`, `contract`, `fuzz`, `token`, `derive`, `requirements`, `schema`."""

from __future__ import annotations

import json
from contextlib import contextmanager, redirect_stdout
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from specwitness.config import (
    Config,
    ContractConfig,
    find_specs,
    narrow_fuzz,
    override_contract,
    read_config,
    read_shard,
)
from specwitness.drift import derive_features, find_drift, write_features
from specwitness.errors import SpecwitnessError
from specwitness.fuzz.replay import make_token, run_on_configured
from specwitness.fuzz.report.junit import write_junit
from specwitness.fuzz.report.summary import as_json, print_run, result_of
from specwitness.inspection import inspect
from specwitness.progress import Progress
from specwitness.report import print_inspection, print_summary, render_inspection, trace_schema
from specwitness.spec import read_specs
from specwitness.verify import clear_reports
from specwitness.verify import verify as run_verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.run import FuzzRun

KEPT, BROKEN, INVALID = 0, 1, 2
INSPECTION = "contract.json"

app = typer.Typer(
    help="Check that a service does what its Spec Kit specs and its OpenAPI contract require.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Root = Annotated[
    Path,
    typer.Option(
        "--root", help="The root folder of the repository.", exists=True, file_okay=False, resolve_path=True
    ),
]


@app.command()
def verify(root: Root = Path()) -> None:
    """Run tests, contract check and fuzzer; report on each requirement. Exit: 0 kept, 1 broken, 2 invalid."""
    with _exit_if_invalid():
        clear_reports(root / Config().output)
        config = read_config(root)
        with Progress(Console(stderr=True)) as progress:
            trace = run_verify(root, config, date.today(), progress.show)  # noqa: DTZ011  # a waiver ends with the local day
        console = Console()
        print_summary(trace, console)
        console.print(f"report: {config.output}/index.html", soft_wrap=True, highlight=False)
    raise typer.Exit(KEPT if trace.result == "kept" else BROKEN)


@app.command()
def contract(
    root: Root = Path(),
    *,
    base: Annotated[
        str | None,
        typer.Option(metavar="REV|FILE", help="Compare with the contract of this git revision or file."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--contract", metavar="FILE", help="The contract; a path below the root.")
    ] = None,
) -> None:
    """Compare the OpenAPI contract with app and base, and lint it. Exit: 0 kept, 1 broken, 2 invalid."""
    with _exit_if_invalid():
        (root / ContractConfig().output / INSPECTION).unlink(missing_ok=True)
        config = override_contract(read_config(root), file=file, base=base)
        inspection = inspect(root, config, date.today())  # noqa: DTZ011  # a waiver ends with the local day
        output = root / config.contract_check.output
        output.mkdir(parents=True, exist_ok=True)
        text = render_inspection(inspection.model_dump(mode="json"))
        (output / INSPECTION).write_text(text, encoding="utf-8")
        print_inspection(inspection.checked, inspection.judgements, Console())
    raise typer.Exit(KEPT if inspection.result == "kept" else BROKEN)


@app.command()
def derive(
    root: Root = Path(),
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a feature file is out of date.")
    ] = False,
) -> None:
    """Write the feature files from the acceptance scenarios of the specs."""
    with _exit_if_invalid():
        config = read_config(root)
        folder = root / config.features
        derived = derive_features(read_specs(find_specs(root, config), root), folder)
        if check:
            findings = find_drift(derived, folder, root)
            for finding in findings:
                typer.echo(str(finding))
            typer.echo(f"{len(derived)} derived feature files, {len(findings)} differences")
            raise typer.Exit(BROKEN if findings else KEPT)
        for path in write_features(derived):
            typer.echo(f"wrote {path.relative_to(root).as_posix()}")


@app.command()
def requirements(
    root: Root = Path(),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """List every requirement of the specs, with its key and line."""
    with _exit_if_invalid():
        specs = read_specs(find_specs(root, read_config(root)), root)
    found = [requirement for spec in specs for requirement in spec.requirements]
    if as_json:
        typer.echo(json.dumps([item.model_dump(mode="json") for item in found], indent=2, ensure_ascii=False))
        return
    for item in found:
        question = " (open question)" if item.question else ""
        typer.echo(f"{item.location}: {item.key}{question} {item.text}")


@app.command()
def fuzz(  # noqa: PLR0913  # one for each option
    root: Root = Path(),
    *,
    profile: Annotated[
        str | None, typer.Option(help="quick (for pull requests) or deep (for nightly runs).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed sends the same requests.")] = None,
    shard: Annotated[
        str, typer.Option(help="2/4 fuzzes the second quarter of the operations; for parallel CI jobs.")
    ] = "1/1",
    seconds: Annotated[float | None, typer.Option(help="Stop after this many seconds.", min=1)] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The address of a running service, in any language.")
    ] = None,
    contract: Annotated[str | None, typer.Option(help="The OpenAPI contract; a path below the root.")] = None,
    allow_writes: Annotated[
        bool,
        typer.Option("--allow-writes", help="Send POST, PUT, PATCH and DELETE to other machines as well."),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 1 for broken SHOULD rules too; in deep, for documented statuses that never came.",
        ),
    ] = False,
    operation: Annotated[
        list[str] | None, typer.Option(help="Fuzz only this operationId; may be repeated.")
    ] = None,
    check: Annotated[
        list[str] | None, typer.Option(help="Run only this check, such as isolation; may be repeated.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the report as JUnit XML.", dir_okay=False)
    ] = None,
) -> None:
    """Send attacks to every operation of the contract. Exit: 0 kept, 1 broken, 2 invalid."""
    with _exit_if_invalid():
        config = read_config(root)
        given = {
            "profile": profile,
            "seed": seed,
            "seconds": seconds,
            "base_url": base_url,
            "allow_writes": allow_writes or None,
            "strict": strict or None,
            "operations": tuple(operation or ()) or None,
            "only": tuple(check or ()) or None,
            "shard": read_shard(shard),
        }
        settings = narrow_fuzz(
            config.fuzz, {name: value for name, value in given.items() if value is not None}
        )
        config = config.model_copy(update={"contract": contract or config.contract})
        if junit:
            junit.unlink(missing_ok=True)  # an old report must not pass for the report of this run
        output = root / "build" / "fuzz"
        output.mkdir(parents=True, exist_ok=True)
        # An app in this process may print: that must not get into the report.
        log = (output / "service.log").open("w", encoding="utf-8")
        with Progress(Console(stderr=True)) as progress, log, redirect_stdout(log):
            run = run_on_configured(root, config, settings, lambda said: progress.show(said, 0, 0))
        _report(run, _list_given(contract=contract, **given), (output / "fuzz.json", junit))
    raise typer.Exit({"kept": KEPT, "broken": BROKEN}.get(result_of(run), INVALID))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="alice, bob, admin, or the name of an attack in a failure.")],
    root: Root = Path(),
    *,
    base_url: Annotated[
        str | None, typer.Option(help="The address of the running service to log in to.")
    ] = None,
) -> None:
    """Print the token of a user or of an attack, for the variables of a reported `curl` command."""
    with _exit_if_invalid():
        config = read_config(root)
        settings = narrow_fuzz(config.fuzz, {"base_url": base_url or config.fuzz.base_url})
        typer.echo(make_token(name, root, config, settings))


@app.command()
def schema() -> None:
    """Print the JSON Schema of trace.json."""
    typer.echo(json.dumps(trace_schema(), indent=2))


def _report(run: FuzzRun, said: dict[str, object], files: tuple[Path, Path | None]) -> None:
    report, junit = files
    report.write_text(json.dumps(as_json(run), indent=2) + "\n", encoding="utf-8")
    if junit:
        write_junit(run, said, junit)
    print_run(run, Console(), said)


def _list_given(**given: object) -> dict[str, object]:
    """List the options of the command line that repeat this run, such as seed, profile and base URL."""
    defaults = {"only": given["only"], "seconds": given["seconds"], "shard": (1, 1)}
    return {name: value for name, value in given.items() if value not in (None, defaults.get(name))}


@contextmanager
def _exit_if_invalid() -> Iterator[None]:
    try:
        yield
    except SpecwitnessError as error:
        typer.echo(f"invalid: {error}", err=True)
        raise typer.Exit(INVALID) from error
    except OSError as error:
        typer.echo(f"invalid: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        raise typer.Exit(INVALID) from error
    except KeyboardInterrupt as error:
        typer.echo("invalid: interrupted before the end", err=True)
        raise typer.Exit(INVALID) from error


def main() -> None:
    """Run the command line."""
    app(prog_name="specwitness")


if __name__ == "__main__":
    main()
