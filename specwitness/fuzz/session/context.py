"""One run of the checks: who takes part, what is sent, and what every answer has to keep to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from specwitness.fuzz.api.endpoint import Endpoint, Surface, prefixes
from specwitness.fuzz.api.purpose import names_object, only_reads
from specwitness.fuzz.http.throttling import TOO_MANY, ThrottledError
from specwitness.fuzz.results.conformance import describe_headers, describe_misfit
from specwitness.fuzz.results.data_exposure import find_excess
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specwitness.fuzz.http.client import Client
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.requests.builder import World
    from specwitness.fuzz.results.results import Ledger
    from specwitness.fuzz.tokens.key_host import KeyHost
    from specwitness.fuzz.users.identity import Mint

# Servers and proxies give these for any request; contracts seldom name them.
GENERAL = frozenset({401, 405, 406, 408, 411, 413, 414, 415, 417, 429, 431})
_MALFORMED = frozenset({400})
_ASTRAY = frozenset({404})
# Parameters that no contract names may be refused.
_INVENTED = "headers and parameters that"
_UNKNOWING = frozenset({400, 422})
# A log that grows with each reading differs at another index each time.
_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Trial:
    """All that the checks share.

    Args:
        surface: The contract.
        client: The way to the service.
        world: What the users own.
        ledger: Where results go.
        alice: The owner.
        bob: The other user; None where there is only one.
        admin: A user with more rights; None where there is none.
        mint: What tokens are signed with; None where they only can be altered.
        key_host: Where keys are put that tokens name; None where the service cannot reach it.
        state: Gives a comparable snapshot of the stored state; None where only the API tells.
        is_deep: Whether everything is tried, or what a pull request can wait for.
        succeeded: The operations that answered the owner with 2xx: the positive control.
        uses: The collections whose objects each operation names outside its path.
        is_over: Whether alice has ended her account, and is let in no more.
        by_admin: The operations for some users alone that answered the admin with 2xx.
    """

    surface: Surface
    client: Client
    world: World
    ledger: Ledger
    alice: Actor
    bob: Actor | None
    admin: Actor | None
    mint: Mint | None
    key_host: KeyHost | None
    state: Callable[[], object] | None
    is_deep: bool
    succeeded: dict[str, Request]
    uses: dict[str, list[str]] = field(default_factory=dict)
    is_over: bool = False
    by_admin: dict[str, tuple[Request, Answer]] = field(default_factory=dict)

    def send(self, endpoint: Endpoint, check: str, attack: str, request: Request) -> Answer:
        """Send a request for a check, and hold the answer to what every answer has to keep."""
        try:
            answer = self.client.send(request)
        except ThrottledError:
            self.ledger.count(endpoint, check, attack, TOO_MANY)
            raise
        self.ledger.count(endpoint, check, attack, answer.status)
        spared = _MALFORMED if check == "robustness" else frozenset[int]()
        spared |= _UNKNOWING if _INVENTED in attack else frozenset[int]()
        spared |= _ASTRAY if attack.endswith("in the path") else frozenset[int]()
        self.judge(endpoint, request, answer, spared=spared)
        return answer

    def judge(
        self, endpoint: Endpoint, request: Request, answer: Answer, *, spared: frozenset[int] = frozenset()
    ) -> None:
        """Hold an answer to the contract: no crash, a documented status, the documented headers and body.

        Statuses that are `spared` need not be documented.
        """
        if answer.crashed:
            self.blame(endpoint, "robustness", answer.phrase, request)
            return
        response = endpoint.response_for(answer.status)
        if response is None:
            if answer.status not in GENERAL | spared:
                text = f"answered {answer.status}, which the contract does not know"
                self.blame(endpoint, "conformance", text, request)
            return
        for text in describe_headers(answer, endpoint):
            self.blame(endpoint, "conformance", f"answered {answer.status} {text}", request)
        if request.method != "HEAD" and (said := describe_misfit(answer, endpoint)):
            self.blame(endpoint, "conformance", f"answered {answer.status}: {said}", request)
        for name in find_excess(answer, endpoint):
            text = f"shows `{name}`, which the contract shows to nobody"
            self.blame(endpoint, "disclosure", text, request)

    def blame(self, endpoint: Endpoint, check: str, text: str, request: Request) -> None:
        """Note what is wrong; the text is the kind."""
        self.ledger.blame(endpoint, check, text, text=text, request=request)

    def reached(self) -> Iterator[Endpoint]:
        """Give the operations that answered the owner with 2xx."""
        return (each for each in self.surface.endpoints if each.id in self.succeeded)

    def readers(self, endpoint: Endpoint) -> list[Endpoint]:
        """Give the operations that show what an operation changes: of the object, and its list."""
        shapes = prefixes(endpoint.path)
        plain = endpoint.path if not shapes else ""
        wanted = [shapes[-1], shapes[-1].removesuffix("/{}")] if shapes else [plain]
        wanted = list(dict.fromkeys([*wanted, endpoint.shape]))
        found = (self.world.find("GET", shape) for shape in wanted)
        return [each for each in found if each is not None and each.id in self.succeeded]

    def views(self) -> list[Endpoint]:
        """Give the operations that show many objects, or the caller's own: no path to another object."""
        return [
            each
            for each in self.reached()
            if only_reads(each)
            and each.security
            and not names_object(each)
            and not each.raw.get("x-shared")
            and not self.uses.get(each.id)
        ]

    def readers_of(self, prefix: str) -> list[Endpoint]:
        """Give the operations that show an object whose id is in no path."""
        return [each for each in self.reached() if prefix in self.uses.get(each.id, ()) and only_reads(each)]

    def observe(
        self, endpoint: Endpoint, values: tuple[object, ...]
    ) -> list[tuple[Endpoint, Request, Answer]]:
        """Read as the owner what an operation may change."""
        return self.read_all(self.plan_views(endpoint, values))

    def plan_views(self, endpoint: Endpoint, values: tuple[object, ...]) -> list[tuple[Endpoint, Request]]:
        """Give the requests that show the owner what an operation may change."""
        plan = []
        for reader in self.readers(endpoint):
            request = self.world.build(reader, self.alice, values[: len(reader.path_names)])
            if request is not None:
                plan.append((reader, self.world.sign(reader, self.alice, request)))
        return plan

    def read_all(self, plan: list[tuple[Endpoint, Request]]) -> list[tuple[Endpoint, Request, Answer]]:
        """Send requests that are all built: to build one may make an object that another shows."""
        return [(reader, request, self.client.send(request)) for reader, request in plan]

    def find_change(self, before: list[tuple[Endpoint, Request, Answer]]) -> tuple[str, Request] | None:
        """Read again what was read, and say what has changed of itself in between."""
        for reader, request, old in before:
            new = self.client.send(request)
            places = differ(take_fingerprint(old), take_fingerprint(new))
            if not places:
                continue
            # What differs between two readings right after each other says nothing.
            noise = differ(take_fingerprint(new), take_fingerprint(self.client.send(request)))
            kinds = {_INDEX.sub("[]", each) for each in noise}
            places = {each for each in places if _INDEX.sub("[]", each) not in kinds}
            if places:
                return f"{reader.operation.name} shows another {min(places)} than before", request
        return None
