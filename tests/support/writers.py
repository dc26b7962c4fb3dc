"""Concurrent writers of the service: what each was told, and what is there afterwards."""

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
_MOST_WRITES = 5_000  # of one writer, should its end never come
_PAUSE_SECONDS = 0.01  # after a refusal, so that an outage is not a storm
_WAIT_SECONDS = 60.0
ACKNOWLEDGED = frozenset({200, 201})
HALVES = ("first half", "second half")


@dataclass
class Ledger:
    """What the writers were told.

    Attributes:
        pairs: The pairs that were acknowledged, by title.
        versions: For each writer, the acknowledged versions of its one task.
        attempts: For each writer, the last version that it asked for.
        answers: How often each status came.
        faults: Answers that no client should see.
    """

    pairs: set[str] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(self.answers[status] for status in ACKNOWLEDGED)

    def note(self, answer: Any) -> bool:
        """Note an answer; tell whether it acknowledges."""
        status = answer.status_code
        self.answers[status] += 1
        if status not in ACKNOWLEDGED and (status != 503 or not answer.headers.get("Retry-After")):
            self.faults.append(f"{status}: {answer.text[:200]}")
        return status in ACKNOWLEDGED


def add_pairs(app: FastAPI) -> None:
    """Let an application create two tasks in one transaction, which stand or fall together."""

    @app.post("/api/pairs", status_code=201)
    async def create_pair(user_id: CurrentUserId, session: CurrentSession, title: str) -> None:
        for half in HALVES:
            await create_task(session, user_id, title=title, description=half + "." * 1_900)


def make_version(writer: int, number: int) -> dict[str, str]:
    """Make a version whose two halves show whether they belong together."""
    text = f"{writer}:{number}"
    return {"title": text, "description": text}


@contextmanager
def writing(
    client: Client, sign_in: Callable[[str], dict[str, bytes]]
) -> Iterator[tuple[Ledger, Callable[[], None]]]:
    """Write while the context lasts; at its end, until every writer was acknowledged anew.

    Yields:
        The ledger, and a function that waits until a good deal more was acknowledged.
    """
    ledger, is_over = Ledger(), threading.Event()

    def await_more() -> None:
        target = ledger.acknowledged + 2 * WRITERS
        await_fact(lambda: ledger.acknowledged >= target or bool(ledger.faults))

    def prepare(writer: int) -> tuple[int, dict[str, bytes], str]:
        headers = sign_in(f"writer-{writer}")
        made = client.post("/api/tasks", headers=headers, json=make_version(writer, 0)).json()
        ledger.versions[writer] = ledger.attempts[writer] = 0
        return writer, headers, f"/api/tasks/{made['id']}"

    def write(writer: int, headers: dict[str, bytes], path: str) -> None:
        for number in range(1, _MOST_WRITES):
            title = f"{writer}/{number}"
            is_pair = ledger.note(client.post("/api/pairs", headers=headers, params={"title": title}))
            if is_pair:
                ledger.pairs.add(title)
            ledger.attempts[writer] = number
            answer = client.put(path, headers=headers, json=make_version(writer, number))
            is_version = ledger.note(answer)
            if is_version:
                ledger.versions[writer] = number
            if (is_pair and is_version and is_over.is_set()) or ledger.faults:
                return
            if not (is_pair and is_version):
                time.sleep(_PAUSE_SECONDS)
        ledger.faults.append("the service did not recover")

    prepared = [prepare(writer) for writer in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(write, *each) for each in prepared]
        try:
            yield ledger, await_more
        finally:
            is_over.set()
        for job in jobs:
            job.result()


def find_losses(ledger: Ledger, database: psycopg.Connection[Any]) -> list[str]:
    """Find acknowledged writes that are not there, and writes that are half there."""
    pairs: dict[str, set[str]] = {}
    versions: dict[int, int] = {}
    losses = []
    for title, description in database.execute("select title, description from tasks").fetchall():
        if "/" in title:
            pairs.setdefault(title, set()).add(description.rstrip("."))
        elif title != description:
            losses.append(f"version {title} is half {description}")
        else:
            writer, _, number = title.partition(":")
            versions[int(writer)] = int(number)
    losses += [f"pair {title} is lost" for title in ledger.pairs - pairs.keys()]
    losses += [f"pair {title} is half there" for title, halves in pairs.items() if halves != {*HALVES}]
    losses += [
        f"version {writer}:{told} is lost"
        for writer, told in ledger.versions.items()
        if not told <= versions.get(writer, -1) <= ledger.attempts[writer]
    ]
    return losses


def await_fact(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, and fail if it never is."""
    end = time.monotonic() + _WAIT_SECONDS
    for _ in count():
        if is_so():
            return
        assert time.monotonic() < end, "waited in vain"
        time.sleep(_PAUSE_SECONDS)
