"""Detects steps and tests that pass without checking anything: no assertion, or a coroutine never awaited."""

from __future__ import annotations

import ast
import functools
import inspect
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HINT = "pytest.raises() counts; an assert in a helper module counts after pytest.register_assert_rewrite()"


class StepGuard:
    """Counts the assertions of a test and of its steps, and remembers which step failed.

    An expected exception or warning counts as an assertion.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.assertions = 0
        self.step_assertions = 0
        self.failed_step: str | None = None
        self._in_step: int | None = None

    def start_test(self) -> None:
        """Reset the counts for a new test."""
        self.assertions, self.step_assertions = 0, 0
        self.failed_step, self._in_step = None, None

    def start_step(self) -> None:
        """Reset the count for a new step."""
        self._in_step = 0

    def count_assertion(self, source: str) -> None:
        """Count an assertion that passed; `assert True` could never fail and does not count.

        Args:
            source: The expression of the assertion.
        """
        if not is_constant(source):
            self.count_expectation()

    def count_expectation(self) -> None:
        """Count an expected exception or warning that came."""
        self.assertions += 1
        if self._in_step is not None:
            self._in_step += 1

    def objection_to_call(self, function: Callable[..., object]) -> str | None:
        """Return why a step function must not be called, with line and remedy; None if it may."""
        plain = unwrap(function)
        if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain):
            return self._describe_async(plain)
        return None

    def objection_to_result(self, function: Callable[..., object], result: object) -> str | None:
        """Return why a step did not run, with line and remedy, if its result is a coroutine.

        A decorator, a partial or a callable object can hide a coroutine from `objection_to_call`.
        """
        if inspect.iscoroutine(result):
            result.close()  # or Python warns that it was never awaited
        elif not (inspect.isawaitable(result) or inspect.isasyncgen(result)):
            return None
        hides_code = inspect.iscoroutine(result) or inspect.isasyncgen(result)
        return self._describe_async(result if hides_code else unwrap(function))

    def objection_to_pass(self, keyword: str, function: Callable[..., object]) -> str | None:
        """End a step; return the message for a Then step without an assertion, with line and remedy."""
        counted, self._in_step = self._in_step or 0, None
        self.step_assertions += counted
        if keyword == "then" and not counted:
            plain = unwrap(function)
            return (
                f"{self.place(plain)}: the Then step {name_of(plain)} made no assertion"
                f" → add an assertion of what the step says; {_HINT}"
            )
        return None

    def objection_to_test(self, name: str, place: object) -> str | None:
        """Return the message for a test that names requirements and asserts nothing, with its line."""
        if self.assertions:
            return None
        return f"{place}: {name} made no assertion → add an assertion of what its requirements say; {_HINT}"

    def place(self, function: object) -> str:
        """Return `file:line` of a function, relative to the root if the file is below it."""
        code = code_of(function)
        if code is None:
            return repr(function)
        root = f"{self._root.as_posix()}/"
        return f"{code.co_filename.removeprefix(root)}:{code.co_firstlineno}"

    def _describe_async(self, source: object) -> str:
        return (
            f"{self.place(source)}: the step {name_of(source)} is async and would pass without running"
            " → make it a plain def and run the coroutine in it, for example with asyncio.run()"
        )


def unwrap(function: Callable[..., object]) -> Callable[..., Any]:
    """Return the function inside decorators and partials."""
    plain: Any = function
    while True:
        inner = plain.func if isinstance(plain, functools.partial) else inspect.unwrap(plain)
        if inner is plain:
            return inner  # type: ignore[no-any-return]  # partial.func is Any
        plain = inner


def code_of(source: object) -> CodeType | None:
    """Return the code object of a function, a coroutine or a callable object; None if it has none."""
    holders = (source, inspect.getattr_static(type(source), "__call__", None))
    names = ("__code__", "cr_code", "ag_code")
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((code for code in found if isinstance(code, CodeType)), None)


def name_of(source: object) -> str:
    """Return the name of a function or coroutine, or the class name of an object."""
    return str(getattr(source, "__name__", type(source).__name__))


def is_constant(source: str) -> bool:
    """Return whether an assertion can never fail: `1 == 1` has no name and no call in it."""
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except SyntaxError:
        return False
    return not any(isinstance(node, (ast.Name, ast.Call, ast.Await)) for node in ast.walk(tree))
