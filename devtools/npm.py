"""Node and npm for the front end: their versions, its packages, its scripts."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devtools.errors import FrontEndError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

_STOP_SECONDS = 10
_REMEDY = "install it from nodejs.org or by your system's packages, or do without the front end: make run"
_LOWEST = re.compile(r">=\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")

Version = tuple[int, int, int]


def find_program(name: str) -> str | None:
    """Find a program on the PATH of this process."""
    return shutil.which(name)


def ask_version(program: str) -> str:
    """Return the output of `PROGRAM --version`; an empty text if it cannot be run."""
    try:
        done = subprocess.run(  # noqa: S603 - a program that was found, no shell
            [program, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return ""
    return done.stdout.strip()


@contextmanager
def running(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command while the context is open, then end it and all processes that it started.

    Args:
        command: The program and its arguments.
        folder: The working directory.
        environ: The whole environment of the process.
        log: A file for the output; None for the output of this process.

    Yields:
        The process.
    """
    # A session of its own: it ends npm's child processes too, and Ctrl-C reaches this process only.
    with subprocess.Popen(  # noqa: S603 - npm, without a shell
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            _end_session(process)


def _end_session(process: subprocess.Popen[bytes]) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        # The process leads its session, so its id is the id of the process group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal_number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)


def run_command(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: IO[bytes] | None = None
) -> int:
    """Run a command to its end and return its exit code; the arguments are those of `running`."""
    with running(command, folder, environ, log) as process:
        return process.wait()


@dataclass(frozen=True, slots=True)
class Programs:
    """The functions that find and run programs; tests replace them."""

    find: Callable[[str], str | None] = find_program
    ask_version: Callable[[str], str] = ask_version
    run: Callable[[Sequence[str], Path, Mapping[str, str], IO[bytes] | None], int] = run_command


REAL_PROGRAMS = Programs()


def find_npm(folder: Path, programs: Programs = REAL_PROGRAMS) -> tuple[str, str]:
    """Find npm and a Node that is new enough for the front end.

    Args:
        folder: The folder of the front end.
        programs: The functions that find and run programs.

    Returns:
        The path of npm, and a line with the versions of Node and npm.

    Raises:
        FrontEndError: The front end, Node or npm is missing, or Node is too old.
    """
    lowest = _read_lowest(folder)
    wanted = ".".join(map(str, lowest))
    node, npm = programs.find("node"), programs.find("npm")
    if not node or not npm:
        missing = "Node is" if not node else "npm is"
        raise FrontEndError(f"{missing} missing, and the front end needs Node {wanted} or later: {_REMEDY}")
    output = programs.ask_version(node)
    if (found := _parse(output)) is None or found < lowest:
        version = output.removeprefix("v") or "unknown"
        raise FrontEndError(f"Node {version} is too old, the front end needs {wanted} or later: {_REMEDY}")
    return npm, f"Node: {output.removeprefix('v')}, npm {programs.ask_version(npm) or 'unknown'}"


def _read_lowest(folder: Path) -> Version:
    manifest = _read(folder / "package.json")
    if not manifest:
        raise FrontEndError(
            f"{folder / 'package.json'} is missing or no JSON: restore it from the repository"
        )
    found = _LOWEST.search(str(manifest.get("engines", {}).get("node", "")))
    return (int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else (0, 0, 0)


def _parse(output: str) -> Version | None:
    found = _VERSION.fullmatch(output)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_installed(folder: Path) -> bool:
    """Return whether all packages of package-lock.json are installed in the locked versions."""
    wanted = _read(folder / "package-lock.json").get("packages", {})
    there = _read(folder / "node_modules" / ".package-lock.json").get("packages", {})
    return bool(there) and all(
        # Optional packages are for other platforms.
        not name or locked.get("optional") or there.get(name, {}).get("version") == locked.get("version")
        for name, locked in wanted.items()
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def install_packages(
    folder: Path, npm: str, environ: Mapping[str, str], programs: Programs = REAL_PROGRAMS
) -> None:
    """Install the packages of package-lock.json with `npm ci`.

    Raises:
        FrontEndError: npm failed.
    """
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if code := programs.run(command, folder, environ, None):
        raise FrontEndError(
            f"npm ci failed with exit code {code}, see its messages above: it needs a package registry "
            f"(npm config get registry); try again, or run it by hand in {folder}"
        )


def run_script(
    folder: Path,
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    log: IO[bytes] | None = None,
    programs: Programs = REAL_PROGRAMS,
) -> None:
    """Run an npm script of the front end to its end.

    Args:
        folder: The folder of the front end.
        command: The path of npm, `run`, its options, and the name of the script.
        environ: The whole environment of the process.
        log: A file for the output; None for the output of this process.
        programs: The functions that find and run programs.

    Raises:
        FrontEndError: The script failed.
    """
    if code := programs.run(command, folder, environ, log):
        raise FrontEndError(
            f"npm {' '.join(command[1:])} failed with exit code {code} in {folder}: see its messages above"
        )
