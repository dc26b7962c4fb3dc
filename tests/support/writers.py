"""Concurrent clients that write to the service, and a check that every acknowledged write is in the database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from backend.core.database.sessions import CurrentSession  # noqa: TC001  # FastAPI reads the annotations
from backend.core.dependencies import CurrentUserId  # noqa: TC001  # same
from backend.models.task import create_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from fastapi import FastAPI

    from tests.support.service import Client

WRITERS = 8
POOL_SIZE = 4  # fewer connections than writers
_MOST_WRITES = 5_000  # per writer, if the service never recovers
_PAUSE_SECONDS = 0.01  # before a retry
_WAIT_SECONDS = 300.0  # only bounds a hang
ACKNOWLEDGED = frozenset({200, 201})
HALVES = ("first half", "second half")


@dataclass
class WriteResults:
    """The responses that the writers received.

    Attributes:
        pairs: The titles of the acknowledged pairs of tasks.
        versions: By writer, the last acknowledged version of the writer's task.
        attempts: By writer, the last version that was sent.
        answers: The number of responses by status.
        faults: Responses that are neither an acknowledgement nor a 503 with Retry-After.
    """

    pairs: set[str] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    responses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(self.responses[status] for status in ACKNOWLEDGED)

    def note(self, response: Any) -> bool:
        """Record a response, and return whether it acknowledges the write."""
        status = response.status_code
        self.responses[status] += 1
        if status not in ACKNOWLEDGED and (status != 503 or not response.headers.get("Retry-After")):
            self.faults.append(f"{status}: {response.text[:200]}")
        return status in ACKNOWLEDGED


def add_pairs(app: FastAPI) -> None:
    """Add an endpoint that creates two tasks in one transaction."""

    @app.post("/api/pairs", status_code=201)
    async def create_pair(user_id: CurrentUserId, session: CurrentSession, title: str) -> None:
        for half in HALVES:
            await create_task(session, user_id, title=title, description=half + "." * 1_900)


def make_version(writer: int, number: int) -> dict[str, str]:
    """Make a version with the same text in both fields: a mixture of two versions shows."""
    text = f"{writer}:{number}"
    return {"title": text, "description": text}


@contextmanager
def writing(
    client: Client, sign_in: Callable[[str], dict[str, bytes]]
) -> Iterator[tuple[WriteResults, Callable[[], None]]]:
    """Run the writers in the background; at the end, wait until every writer got one more acknowledgement.

    Yields:
        The results, and a function that waits until two more writes per writer are acknowledged.
    """
    results, is_over = WriteResults(), threading.Event()

    def await_more() -> None:
        target = results.acknowledged + 2 * WRITERS
        await_fact(lambda: results.acknowledged >= target or bool(results.faults))

    def prepare(writer: int) -> tuple[int, dict[str, bytes], str]:
        headers = sign_in(f"writer-{writer}")
        made = client.post("/api/tasks", headers=headers, json=make_version(writer, 0)).json()
        results.versions[writer] = results.attempts[writer] = 0
        return writer, headers, f"/api/tasks/{made['id']}"

    def write(writer: int, headers: dict[str, bytes], path: str) -> None:
        for number in range(1, _MOST_WRITES):
            title = f"{writer}/{number}"
            is_pair = results.note(client.post("/api/pairs", headers=headers, params={"title": title}))
            if is_pair:
                results.pairs.add(title)
            results.attempts[writer] = number
            response = client.put(path, headers=headers, json=make_version(writer, number))
            is_version = results.note(response)
            if is_version:
                results.versions[writer] = number
            if (is_pair and is_version and is_over.is_set()) or results.faults:
                return
            if not (is_pair and is_version):
                time.sleep(_PAUSE_SECONDS)
        results.faults.append("the service did not recover")

    prepared = [prepare(writer) for writer in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(write, *arguments) for arguments in prepared]
        try:
            yield results, await_more
        finally:
            is_over.set()
        for job in jobs:
            job.result()


def find_losses(results: WriteResults, database: psycopg.Connection[Any]) -> list[str]:
    """List acknowledged writes that are missing in the database, and writes that are there by half."""
    pairs: dict[str, set[str]] = {}
    versions: dict[int, int] = {}
    losses = []
    for title, description in database.execute("select title, description from tasks").fetchall():
        if "/" in title:
            pairs.setdefault(title, set()).add(description.rstrip("."))
        elif title != description:
            losses.append(f"a version is mixed: title {title}, description {description}")
        else:
            writer, _, number = title.partition(":")
            versions[int(writer)] = int(number)
    losses += [f"pair {title} is lost" for title in results.pairs - pairs.keys()]
    losses += [f"pair {title} is half written" for title, halves in pairs.items() if halves != {*HALVES}]
    losses += [
        f"version {writer}:{version} is lost"
        for writer, version in results.versions.items()
        if not version <= versions.get(writer, -1) <= results.attempts[writer]
    ]
    return losses


def await_fact(is_so: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail after a minute."""
    end = time.monotonic() + _WAIT_SECONDS
    for _ in count():
        if is_so():
            return
        assert time.monotonic() < end, "timed out"
        time.sleep(_PAUSE_SECONDS)
