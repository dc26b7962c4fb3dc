"""Shows the progress of a run: a bar on a terminal, and one line for each stage elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console


class Progress:
    """The display of a run whose stages come one after the other."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._stage: str | None = None
        self._task: TaskID | None = None
        self._last = (0, 0)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._finish_stage()
        self._bars.stop()

    def show(self, stage: str, done: int, total: int) -> None:
        """Show a stage; a `total` of 0 means that it is not known yet."""
        if stage != self._stage:
            self._finish_stage()
            self._stage = stage
            self._task = self._bars.add_task(stage, total=None)
        self._last = (done, total)
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total or None)

    def _finish_stage(self) -> None:
        if self._stage is None:
            return
        done, total = self._last
        if self._task is not None:
            self._bars.update(self._task, completed=done or 1, total=total or done or 1)
            self._bars.stop_task(self._task)
        if not self._console.is_terminal:
            figure = f": {done} witnesses" if done else ""
            self._console.print(f"{self._stage}{figure}", soft_wrap=True, highlight=False)
