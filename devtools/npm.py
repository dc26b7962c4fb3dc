"""Node and npm as the front end needs them: found, of the right version, and its packages installed."""

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
    """Ask a program for its version; nothing where it does not answer."""
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
    """Run a command while the context lasts, and end all that it started.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        environ: All of its environment.
        log: A file for what it says; by default it says it here.
    """
    # A session of its own: npm starts shells that start Node, and Ctrl-C is for us alone.
    with subprocess.Popen(  # noqa: S603 - npm, no shell of ours
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
    for kind in (signal.SIGTERM, signal.SIGKILL):
        # The session's number is the process's own: nobody else's is meant.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, kind)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)


def run_command(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: IO[bytes] | None = None
) -> int:
    """Run a command to its end, and give its exit code."""
    with running(command, folder, environ, log) as process:
        return process.wait()


@dataclass(frozen=True, slots=True)
class Ways:
    """What this machine is asked and told by; tests hand in others."""

    find: Callable[[str], str | None] = find_program
    ask_version: Callable[[str], str] = ask_version
    run: Callable[[Sequence[str], Path, Mapping[str, str], IO[bytes] | None], int] = run_command


REAL_WAYS = Ways()


def find_npm(folder: Path, ways: Ways = REAL_WAYS) -> tuple[str, str]:
    """Find npm, beside a Node that the front end runs on.

    Args:
        folder: The front end's.
        ways: How this machine is asked.

    Returns:
        The program, and a line that tells the versions.

    Raises:
        FrontEndError: The front end, Node or npm is missing, or Node is too old.
    """
    lowest = _read_lowest(folder)
    wanted = ".".join(map(str, lowest))
    node, npm = ways.find("node"), ways.find("npm")
    if not node or not npm:
        missing = "Node is" if not node else "npm is"
        raise FrontEndError(f"{missing} missing, and the front end needs Node {wanted} or later: {_REMEDY}")
    said = ways.ask_version(node)
    if (found := _parse(said)) is None or found < lowest:
        version = said.removeprefix("v") or "unknown"
        raise FrontEndError(f"Node {version} is too old, the front end needs {wanted} or later: {_REMEDY}")
    return npm, f"Node: {said.removeprefix('v')}, npm {ways.ask_version(npm) or 'unknown'}"


def _read_lowest(folder: Path) -> Version:
    manifest = _read(folder / "package.json")
    if not manifest:
        raise FrontEndError(f"{folder / 'package.json'} is missing or no JSON: check the front end out anew")
    found = _LOWEST.search(str(manifest.get("engines", {}).get("node", "")))
    return (int(found[1]), int(found[2] or 0), int(found[3] or 0)) if found else (0, 0, 0)


def _parse(said: str) -> Version | None:
    found = _VERSION.fullmatch(said)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_installed(folder: Path) -> bool:
    """Tell whether every package that the lock demands is there, in its version."""
    wanted = _read(folder / "package-lock.json").get("packages", {})
    there = _read(folder / "node_modules" / ".package-lock.json").get("packages", {})
    return bool(there) and all(
        # Optional ones are for other machines.
        not name or each.get("optional") or there.get(name, {}).get("version") == each.get("version")
        for name, each in wanted.items()
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def install_packages(folder: Path, npm: str, environ: Mapping[str, str], ways: Ways = REAL_WAYS) -> None:
    """Install the front end's packages as its lock says.

    Raises:
        FrontEndError: npm does not do it.
    """
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if code := ways.run(command, folder, environ, None):
        raise FrontEndError(
            f"npm ci failed with {code}, see above: it needs a package index, once "
            f"(npm config get registry); then try again, or run it by hand in {folder}"
        )


def run_script(
    folder: Path,
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    log: IO[bytes] | None = None,
    ways: Ways = REAL_WAYS,
) -> None:
    """Run a script of the front end to its end.

    Args:
        folder: The front end's.
        command: npm, `run`, and the script.
        environ: All of its environment.
        log: A file for what it says; by default it says it here.
        ways: How it is run.

    Raises:
        FrontEndError: The script failed.
    """
    if code := ways.run(command, folder, environ, log):
        raise FrontEndError(f"npm {' '.join(command[1:])} failed with {code} in {folder}: it said why")
