"""Measures whether the response time reveals that another user's row exists."""

from __future__ import annotations

import math
import statistics
import time
from bisect import bisect_left, bisect_right
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from backend.core.logging import configure_logging
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.scene import Caller, Row
from tests.isolation.show import open_scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specwitness.openapi.reading import Operation
    from tests.isolation.scene import Scene

SAMPLES = 400
WARM_UP = 20
KINDS = (Row.OTHERS, Row.MISSING)


def measure(samples: int = SAMPLES) -> dict[str, Any]:
    """Time all operations on a task, for another user's row and for a missing row in turn.

    Args:
        samples: The number of requests of both kinds, at least 2.

    Returns:
        By operation: the median times in milliseconds, and the Mann-Whitney test. `others_is_slower`
        is the probability that a response for another user's row took longer than one for a missing
        row; 0.5 means no difference. `z` is its distance from 0.5 in standard deviations.
    """
    configure_logging("critical")
    on_a_task = [operation for operation in OPERATIONS.values() if "{task_id}" in operation.path]
    with open_scene() as (scene, origin):
        scene.insert_cell_rows(Caller.ANOTHER, Row.OWN)
        figures = {operation.id: _compare(_sample(scene, operation, samples)) for operation in on_a_task}
    return {"origin": origin, "samples": samples, "operations": figures}


def _sample(scene: Scene, operation: Operation, samples: int) -> dict[Row, list[float]]:
    """Return response times in milliseconds by kind; the order alternates, so that drift affects both."""
    spent: dict[Row, list[float]] = {kind: [] for kind in KINDS}
    for number in range(samples + WARM_UP):
        for kind in KINDS if number % 2 else reversed(KINDS):
            task_id = scene.choose_task_id(Caller.ANOTHER, kind)
            start = time.perf_counter()
            response = scene.call(operation, Caller.ANOTHER, task_id, body=MATRIX[operation.id].body)
            end = time.perf_counter()
            if response.status_code != HTTPStatus.NOT_FOUND:
                raise RuntimeError(
                    f"{operation.id} returned {response.status_code}, expected 404: invalid measurement"
                )
            if number >= WARM_UP:
                spent[kind].append((end - start) * 1000)
    return spent


def _compare(spent: dict[Row, list[float]]) -> dict[str, float]:
    others, missing = (spent[kind] for kind in KINDS)
    chance, deviation = rank(others, missing)
    return {
        "others_median_ms": round(statistics.median(others), 4),
        "missing_median_ms": round(statistics.median(missing), 4),
        "others_is_slower": round(chance, 4),
        "z": round(deviation, 2),
    }


def rank(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the probability that a value of `one` exceeds one of `other`, and its z (Mann-Whitney)."""
    ordered, pairs = sorted(other), len(one) * len(other)
    won = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in one)
    chance = won / pairs
    return chance, (chance - 0.5) / math.sqrt((len(one) + len(other) + 1) / (12 * pairs))
