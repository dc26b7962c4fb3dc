"""Counts `pytest.raises()` and `pytest.warns()` blocks that passed: they are assertions without `assert`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# The context managers of pytest.raises(), warns() and deprecated_call(); pytest has no hook for them.
_EXPECTATIONS: tuple[Any, ...] = (pytest.RaisesExc, pytest.RaisesGroup, type(pytest.deprecated_call()))


def watch_expectations(count: Callable[[], None]) -> Callable[[], None]:
    """Call `count` each time an expected exception or warning came; return a function that stops it."""
    originals = [(expectation, expectation.__exit__) for expectation in _EXPECTATIONS]
    for expectation, original in originals:
        expectation.__exit__ = _counted(original, count)

    def end() -> None:
        for expectation, original in originals:
            expectation.__exit__ = original

    return end


def _counted(leave: Callable[..., bool | None], count: Callable[[], None]) -> Callable[..., bool | None]:
    @functools.wraps(leave)
    def leave_and_count(
        self: object,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        __tracebackhide__ = True
        is_swallowed = leave(self, kind, error, traceback)
        # An error that leaves the block is not the expected one.
        if is_swallowed or kind is None:
            count()
        return is_swallowed

    return leave_and_count
