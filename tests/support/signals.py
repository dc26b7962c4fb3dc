"""What a process does on a signal, set for a test: a job started by nohup or in the background inherits SIG_IGN."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def dispositions(
    *, interrupt: signal.Handlers = signal.SIG_DFL, hangup: signal.Handlers = signal.SIG_DFL
) -> Iterator[None]:
    """Set what this process, and each one that it starts meanwhile, does on SIGINT and SIGHUP.

    Args:
        interrupt: For SIGINT; `SIG_DFL` raises KeyboardInterrupt, as Python does by default.
        hangup: For SIGHUP.
    """
    wanted = {
        signal.SIGINT: signal.default_int_handler if interrupt is signal.SIG_DFL else interrupt,
        signal.SIGHUP: hangup,
    }
    before = {kind: signal.signal(kind, handler) for kind, handler in wanted.items()}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
