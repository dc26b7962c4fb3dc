"""Runs the `main` of a command in the process of the test, which saves the start of an interpreter."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Ended(NamedTuple):
    """A command that has ended.

    Attributes:
        returncode: Its exit status.
        stdout: What it printed.
        stderr: What it printed as diagnostics.
    """

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Both outputs, one after the other."""
        return self.stdout + self.stderr


def run_main(
    main: Callable[[Sequence[str], Mapping[str, str]], int], words: Sequence[str], environ: Mapping[str, str]
) -> Ended:
    """Run the `main` of a command, which takes its words and environment and returns its exit status."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main(list(words), environ)
    return Ended(code, out.getvalue(), err.getvalue())
