"""The list of erasures that is kept beside the backups: JSON lines of pseudonym and moment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ErasedAccount:
    """Whose account was erased, and when for the last time.

    Attributes:
        actor: The pseudonym.
        at: The moment; what is newer than that is not erased.
    """

    actor: str
    at: datetime

    def describe(self) -> dict[str, str]:
        """Give a line of the list."""
        return {"actor": self.actor, "at": self.at.isoformat()}


def read_list(file: Path) -> list[ErasedAccount]:
    """Read a list.

    Raises:
        OSError: It cannot be read.
        ValueError: A line is none of a list; the message has its number and not its text.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return _keep_latest(_read_line(line, number) for number, line in enumerate(lines, start=1))


def merge_list(file: Path, erased: Iterable[ErasedAccount]) -> int:
    """Add to a list, or begin one; whoever reads it meanwhile finds the old one or the new one.

    Returns:
        How many accounts it names now.

    Raises:
        OSError: It cannot be read or written.
        ValueError: It is none of a list, and is left as it is.
    """
    kept = _keep_latest([*(read_list(file) if file.exists() else []), *erased])
    beside = file.with_name(f"{file.name}.new")
    with beside.open("w", encoding="utf-8") as written:
        written.writelines(f"{json.dumps(each.describe())}\n" for each in kept)
        written.flush()
        os.fsync(written.fileno())
    beside.replace(file)
    return len(kept)


def _keep_latest(erased: Iterable[ErasedAccount]) -> list[ErasedAccount]:
    latest: dict[str, ErasedAccount] = {}
    for each in erased:
        known = latest.get(each.actor)
        latest[each.actor] = each if known is None or each.at > known.at else known
    return sorted(latest.values(), key=lambda each: (each.at, each.actor))


def _read_line(line: str, number: int) -> ErasedAccount:
    try:
        match json.loads(line):
            case {"actor": str(actor), "at": str(moment)}:
                at = datetime.fromisoformat(moment)
                if at.tzinfo is not None:
                    return ErasedAccount(actor, at)
    except (ValueError, RecursionError):
        pass  # told below, without the text
    raise ValueError(
        f"line {number} is not of the form {{'actor': '...', 'at': '2026-11-24T12:00:00+00:00'}}"
    )
