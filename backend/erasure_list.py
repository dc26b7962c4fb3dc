"""The list of erasures that is kept beside the backups: JSON lines with pseudonym and time."""

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
    """An erased account.

    Attributes:
        actor: The pseudonym of the user.
        at: The time of the last erasure; newer data of the user is not erased.
    """

    actor: str
    at: datetime

    def describe(self) -> dict[str, str]:
        """Return the members of the account's line in the list."""
        return {"actor": self.actor, "at": self.at.isoformat()}


def read_list(file: Path) -> list[ErasedAccount]:
    """Read a list of erasures; of several lines for a user, only the latest counts.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is invalid; the message has its number, not its text.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return _keep_latest(_read_line(line, number) for number, line in enumerate(lines, start=1))


def merge_list(file: Path, erased: Iterable[ErasedAccount]) -> int:
    """Add accounts to a list, or create it. The file is replaced atomically.

    Returns:
        The number of accounts in the list.

    Raises:
        OSError: The file cannot be read or written.
        ValueError: The file is no list of erasures; it stays as it is.
    """
    kept = _keep_latest([*(read_list(file) if file.exists() else []), *erased])
    beside = file.with_name(f"{file.name}.new")
    with beside.open("w", encoding="utf-8") as written:
        written.writelines(f"{json.dumps(account.describe())}\n" for account in kept)
        written.flush()
        os.fsync(written.fileno())
    beside.replace(file)
    return len(kept)


def _keep_latest(erased: Iterable[ErasedAccount]) -> list[ErasedAccount]:
    latest: dict[str, ErasedAccount] = {}
    for account in erased:
        known = latest.get(account.actor)
        latest[account.actor] = account if known is None or account.at > known.at else known
    return sorted(latest.values(), key=lambda account: (account.at, account.actor))


def _read_line(line: str, number: int) -> ErasedAccount:
    try:
        match json.loads(line):
            case {"actor": str(actor), "at": str(moment)}:
                at = datetime.fromisoformat(moment)
                if at.tzinfo is not None:
                    return ErasedAccount(actor, at)
    except (ValueError, RecursionError):
        pass  # the error below does not contain the line
    raise ValueError(
        f"line {number} is not of the form {{'actor': '...', 'at': '2026-11-24T12:00:00+00:00'}}"
    )
