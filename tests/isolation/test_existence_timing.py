"""The benchmark on timing differences between existing and missing rows: its arithmetic, not its results."""

from __future__ import annotations

import pytest

from benchmarks.existence import measure, rank
from tests.isolation.matrix import OPERATIONS


@pytest.mark.parametrize(
    ("one", "other", "chance", "z"),
    [
        ([1.0, 2.0], [3.0, 4.0], 0.0, -1.549),
        ([3.0, 4.0], [1.0, 2.0], 1.0, 1.549),
        ([1.0, 2.0], [1.0, 2.0], 0.5, 0.0),
        ([2.0], [1.0, 2.0, 3.0], 0.5, 0.0),
        ([2.0, 2.0, 4.0], [1.0, 2.0, 3.0], 2 / 3, 0.655),
    ],
)
def test_rank_is_the_probability_of_a_greater_value(
    *, one: list[float], other: list[float], chance: float, z: float
) -> None:
    assert rank(one, other) == pytest.approx((chance, z), abs=0.001)


def test_every_operation_on_a_task_is_timed_for_an_existing_and_a_missing_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels: list[str] = []
    monkeypatch.setattr("benchmarks.existence.configure_logging", levels.append)
    figures = measure(samples=2)
    assert levels == ["critical"]
    assert list(figures["operations"]) == [
        name for name, operation in OPERATIONS.items() if "{task_id}" in operation.path
    ]
    assert all(
        list(columns) == ["others_median_ms", "missing_median_ms", "others_is_slower", "z"]
        for columns in figures["operations"].values()
    )
