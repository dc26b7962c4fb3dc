"""Watches the steps of a scenario for the ways in which one can pass without having checked anything."""

from __future__ import annotations

import ast
import functools
import inspect
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WHAT_COUNTS = (
    "pytest.raises() counts, and asserts in other modules count after pytest.register_assert_rewrite()"
)


class StepGuard:
    """Counts the assertions of a test and, apart, those of its steps; knows which step failed.

    An exception or a warning that was expected and came counts as an assertion.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.assertions = 0
        self.step_assertions = 0
        self.failed_step: str | None = None
        self._in_step: int | None = None

    def start_test(self) -> None:
        """Begin to count for a test."""
        self.assertions, self.step_assertions = 0, 0
        self.failed_step, self._in_step = None, None

    def start_step(self) -> None:
        """Begin to count for a step."""
        self._in_step = 0

    def count_assertion(self, source: str) -> None:
        """Count an assertion that held; one that could never fail does not count."""
        if not is_constant(source):
            self.count_expectation()

    def count_expectation(self) -> None:
        """Count an exception or a warning that was expected and came."""
        self.assertions += 1
        if self._in_step is not None:
            self._in_step += 1

    def objection_to_call(self, function: Callable[..., object]) -> str | None:
        """Say why a step function may not be called, with its line and the way out."""
        plain = unwrap(function)
        if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain):
            return self._describe_async(plain)
        return None

    def objection_to_result(self, function: Callable[..., object], result: object) -> str | None:
        """Say why a step did not run, if what it gave back shows it, with its line and the way out.

        A decorator, a partial or an object can hide a coroutine from `objection_to_call`.
        """
        if inspect.iscoroutine(result):
            result.close()  # lest Python warns of it too
        elif not (inspect.isawaitable(result) or inspect.isasyncgen(result)):
            return None
        hides_code = inspect.iscoroutine(result) or inspect.isasyncgen(result)
        return self._describe_async(result if hides_code else unwrap(function))

    def objection_to_pass(self, keyword: str, function: Callable[..., object]) -> str | None:
        """End a step; say why it proves nothing, if so, with its line and the way out."""
        counted, self._in_step = self._in_step or 0, None
        self.step_assertions += counted
        if keyword == "then" and not counted:
            plain = unwrap(function)
            return (
                f"{self.place(plain)}: the Then step {name_of(plain)} made no assertion"
                f" → assert in it what the step says; {_WHAT_COUNTS}"
            )
        return None

    def objection_to_testimony(self, name: str, place: object) -> str | None:
        """Say why a test that names requirements proves nothing, if so, with its line and the way out."""
        if self.assertions:
            return None
        return f"{place}: {name} made no assertion → assert in it what its requirements say; {_WHAT_COUNTS}"

    def place(self, function: object) -> str:
        """Give `file:line` of what was written, relative to the root where it lies under it."""
        code = code_of(function)
        if code is None:
            return repr(function)
        root = f"{self._root.as_posix()}/"
        return f"{code.co_filename.removeprefix(root)}:{code.co_firstlineno}"

    def _describe_async(self, source: object) -> str:
        return (
            f"{self.place(source)}: the step {name_of(source)} is async and would pass without running"
            " → make it a plain def and run the coroutine inside, for example with asyncio.run()"
        )


def unwrap(function: Callable[..., object]) -> Callable[..., Any]:
    """Look through decorators and partials to the function that was written."""
    plain: Any = function
    while True:
        inner = plain.func if isinstance(plain, functools.partial) else inspect.unwrap(plain)
        if inner is plain:
            return inner  # type: ignore[no-any-return]  # partial.func is Any
        plain = inner


def code_of(source: object) -> CodeType | None:
    """Find the code of a function, of a coroutine, or of an object that can be called."""
    holders = (source, inspect.getattr_static(type(source), "__call__", None))
    names = ("__code__", "cr_code", "ag_code")
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((code for code in found if isinstance(code, CodeType)), None)


def name_of(source: object) -> str:
    """Name a function or a coroutine, and an object by its class."""
    return str(getattr(source, "__name__", type(source).__name__))


def is_constant(source: str) -> bool:
    """Tell whether an assertion holds whatever the software does: no name, no call in it."""
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except SyntaxError:
        return False
    return not any(isinstance(node, (ast.Name, ast.Call, ast.Await)) for node in ast.walk(tree))
