"""The state of the pytest plugin during one session: scenarios, counted assertions, the file of records."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.scenario import scenario_wrapper_template_registry

from specwitness.expectation import watch_expectations
from specwitness.gherkin import Pickle, read_feature
from specwitness.guard import StepGuard
from specwitness.records import RecordWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bdd.parser import Feature, Step


class SessionState:
    """The state of one session.

    Args:
        root: The root of the repository.
        records: The file to record tests in as witnesses; None for no records.
    """

    def __init__(self, root: Path, records: str | None) -> None:
        self.root = root
        self.guard = StepGuard(root)
        self.reports: dict[str, list[pytest.TestReport]] = {}
        self._watched: dict[int, Callable[..., object]] = {}  # not every callable can be hashed
        self._pickles: dict[str, tuple[Pickle, ...]] = {}
        self._file = Path(records).open("w", encoding="utf-8") if records else None  # noqa: SIM115  # closed at the end
        self.writer = RecordWriter(self._file) if self._file else None

        self._end_watch = watch_expectations(self.guard.count_expectation)

    def close(self) -> None:
        """Close the file of records, and restore pytest."""
        self._end_watch()
        if self._file:
            self._file.close()

    def pickle_of(self, item: pytest.Item) -> Pickle | None:
        """Find the scenario or Examples row that a test runs; None for other tests."""
        function = getattr(item, "obj", None)
        template = scenario_wrapper_template_registry.get(function) if function else None
        if template is None:
            return None
        path = Path(template.feature.filename).resolve()
        if str(path) not in self._pickles:
            self._pickles[str(path)] = read_feature(path, self.root)
        callspec = getattr(item, "callspec", None)
        example = dict(callspec.params.get("_pytest_bdd_example", {})) if callspec else {}
        same = [
            pickle
            for pickle in self._pickles[str(path)]
            if pickle.scenario_line == template.line_number and pickle.example == example
        ]
        return same[0] if same else None

    def watch_result(self, step: Callable[..., object]) -> Callable[..., object]:
        """Wrap a step function (once) so that the scenario fails if it returns a coroutine."""
        # pytest itself runs a generator, up to its yield.
        if id(step) in self._watched or inspect.isgeneratorfunction(step):
            return step

        @functools.wraps(step)
        def run(*args: object, **kwargs: object) -> object:
            result = step(*args, **kwargs)
            if objection := self.guard.objection_to_result(step, result):
                pytest.fail(objection, pytrace=False)
            return result

        self._watched[id(run)] = run
        return run

    def find_unbound(self, bound: Sequence[Pickle]) -> list[str]:
        """List the scenarios without a test, of all features that have a test, with their lines."""
        ran = {str(pickle.location) for pickle in bound}
        lost = {
            f"{pickle.feature}:{pickle.scenario_line}: no test runs the scenario “{pickle.name}”"
            for pickles in self._pickles.values()
            for pickle in pickles
            if str(pickle.location) not in ran
        }
        return sorted(lost)

    def describe_step(self, feature: Feature, step: Step) -> str:
        """Return a step with its line: `features/a.feature:8 “Then the task is listed”`."""
        file = Path(feature.filename).resolve()
        place = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else file.name
        return f"{place}:{step.line_number} “{step.keyword} {step.name}”"
