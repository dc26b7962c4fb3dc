"""What the checks tried and found, by operation and check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from specwitness.fuzz.attacks import Level
from specwitness.fuzz.reproduction import as_curl
from specwitness.fuzz.tally import Breach, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.reproduction import Redaction
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.wire import Answer, Request

# What each check says in the report, after the operation's name.
CHECKS = {
    "conformance": "keeps its contract",
    "none": "with no credentials",
    "forged": "with forged credentials",
    "expired": "with credentials whose time is over",
    "claims": "with credentials for somebody or something else",
    "isolation": "for what another user owns",
    "existence": "does not tell what another user owns",
    "disclosure": "shows nothing of another user",
    "assignment": "takes no member that is not the caller's to set",
    "deletion": "for what was deleted",
    "privilege": "for users without the right",
    "caching": "keeps private answers out of shared caches",
    "robustness": "with odd input",
    "side_effect": "changes nothing when it refuses",
    "race": "keeps users apart at the same time",
    "shadow": "serves nothing beside the contract",
    "situation": "in states that the target brings about",
}
# Why a check was not tried to the end.
OUT_OF_TIME = "the time budget was spent before it was reached"
THROTTLED = "the service answered 429 however long it was waited for"
READ_ONLY = "it needs calls that change something, which is not allowed without --allow-writes"
BROKEN_OFF = "the service answered no more before it was reached"
CREDENTIAL_CHECKS = ("none", "forged", "expired", "claims")


@dataclass(slots=True)
class Ledger:
    """The tallies of a run; `redaction` takes secrets out of all that is kept, `place` completes paths."""

    redaction: Redaction
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    gaps: dict[tuple[str, str], str] = field(default_factory=dict)
    place: Callable[[Request], Request] = lambda request: request

    def write_curl(self, request: Request) -> str:
        """Write a request as a `curl` line that runs, without secrets."""
        return self.redaction.clean(as_curl(self.place(request)))

    def tally(self, endpoint: Endpoint, check: str) -> Tally:
        """Give the tally of an operation and a check."""
        return self.tallies.setdefault((endpoint.id, check), Tally())

    def count(self, endpoint: Endpoint, check: str, attack: str, status: int) -> None:
        """Note that an attack was tried, and what came."""
        tally = self.tally(endpoint, check)
        tally.count(status)
        tally.attacks[attack] += 1

    def skip(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Note why a check could not be tried on an operation."""
        self.gaps.setdefault((endpoint.id, check), reason)

    def blame(  # all of it is told
        self,
        endpoint: Endpoint,
        check: str,
        kind: str,
        *,
        text: str,
        request: Request,
        level: Level = Level.MUST,
    ) -> None:
        """Note what is wrong, once a kind."""
        told = f"{endpoint.operation.name} {text}"
        breach = Breach(self.redaction.clean(told), self.write_curl(request), level.value)
        self.tally(endpoint, check).blame(kind, breach)

    def expect(self, endpoint: Endpoint, check: str, attack: str, answer: Answer) -> None:
        """Note an answer whose status is judged elsewhere."""
        self.count(endpoint, check, attack, answer.status)
