"""Whether the time of an answer tells that another user's row is there, beside a row that is not."""

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
    """Time every operation on a task for another's row and for a missing one, in turn.

    Args:
        samples: How many answers of each kind, at least 2.

    Returns:
        Of each operation, the median milliseconds of both kinds, and two figures of Mann and
        Whitney: `others_is_slower`, the chance that an answer for another's row took longer than
        one for a missing row (0.5: the time tells nothing), and `z`, by how many standard
        deviations of chance it is off.
    """
    configure_logging("critical")
    named = [each for each in OPERATIONS.values() if "{task_id}" in each.path]
    with open_scene() as (scene, origin):
        scene.plant(Caller.ANOTHER, Row.OWN)
        figures = {each.id: _compare(_sample(scene, each, samples)) for each in named}
    return {"origin": origin, "samples": samples, "operations": figures}


def _sample(scene: Scene, operation: Operation, samples: int) -> dict[Row, list[float]]:
    """Give milliseconds of each kind; the kinds take turns at being first, so that drift hits both."""
    spent: dict[Row, list[float]] = {kind: [] for kind in KINDS}
    for number in range(samples + WARM_UP):
        for kind in KINDS if number % 2 else reversed(KINDS):
            task_id = scene.name_row(Caller.ANOTHER, kind)
            start = time.perf_counter()
            answer = scene.call(operation, Caller.ANOTHER, task_id, body=MATRIX[operation.id].body)
            end = time.perf_counter()
            if answer.status_code != HTTPStatus.NOT_FOUND:
                raise RuntimeError(
                    f"{operation.id} answered {answer.status_code}: the figures would mean nothing"
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
    """Give the chance that a value of `one` is greater than one of `other`, and its z (Mann-Whitney)."""
    ordered, pairs = sorted(other), len(one) * len(other)
    won = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in one)
    chance = won / pairs
    return chance, (chance - 0.5) / math.sqrt((len(one) + len(other) + 1) / (12 * pairs))
