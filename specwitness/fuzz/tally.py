"""What was counted and what went wrong while one operation was called in one way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Breach(NamedTuple):
    """One answer that was not as it should be, the request that brought it about, and how grave it is."""

    text: str
    curl: str
    level: str = "must"


@dataclass(slots=True)
class Tally:
    """The cases of one operation under one check."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)
    breaches: dict[str, list[Breach]] = field(default_factory=dict)

    def count(self, status: int) -> None:
        """Note one answer."""
        self.cases += 1
        self.statuses[status] += 1

    def blame(self, kind: str, breach: Breach) -> None:
        """Note what is wrong; breaches of one kind are told once."""
        self.breaches.setdefault(kind, []).append(breach)

    @property
    def succeeded(self) -> int:
        """How many answers were 2xx."""
        return sum(count for status, count in self.statuses.items() if status // 100 == 2)  # noqa: PLR2004  # the class of success

    @property
    def counts(self) -> dict[str, int]:
        """The figures for the report: cases, and answers by class of status."""
        classes: Counter[str] = Counter()
        for status, count in self.statuses.items():
            classes[f"{status // 100}xx"] += count
        return {"cases": self.cases, **dict(sorted(classes.items()))}

    def at_level(self, level: str) -> list[Breach]:
        """Give one breach of each kind that is as grave."""
        found = ([each for each in several if each.level == level] for several in self.breaches.values())
        return [several[0] for several in found if several]

    def describe_statuses(self) -> str:
        """Say what was answered, such as `404 (12), 422 (3)`."""
        return (
            ", ".join(f"{status} ({count})" for status, count in sorted(self.statuses.items())) or "nothing"
        )

    def describe_breaches(self, at_most: int = 5) -> str:
        """Tell each kind of breach by its shortest request."""
        lines = []
        # The grave come first: only so many are told.
        ordered = sorted(self.breaches.items(), key=lambda item: (item[1][0].level, item[0]))
        for _, breaches in ordered[:at_most]:
            # Lengths first, so that a reader gets the plainest case; texts break the tie.
            text, curl, _ = min(breaches, key=lambda breach: (len(breach.curl), breach.curl, breach.text))
            lines.append(f"{text} ({_count(breaches)})\n  {curl}".rstrip())
        if len(self.breaches) > at_most:
            lines.append(f"and {len(self.breaches) - at_most} more kinds of breach")
        return "\n".join(lines)


def _count(breaches: list[Breach]) -> str:
    return "1 case" if len(breaches) == 1 else f"{len(breaches)} cases"
