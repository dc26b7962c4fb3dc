"""Counts the exceptions and warnings that tests expected and got, of which no assert statement tells."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# What pytest.raises(), warns() and deprecated_call() give; pytest has no hook that tells of them.
_EXPECTATIONS: tuple[Any, ...] = (pytest.RaisesExc, pytest.RaisesGroup, type(pytest.deprecated_call()))


def watch_expectations(count: Callable[[], None]) -> Callable[[], None]:
    """Call `count` for each expectation that is met from now on; give what ends that."""
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
        # An error that passes through is not the one that was expected.
        if is_swallowed or kind is None:
            count()
        return is_swallowed

    return leave_and_count
