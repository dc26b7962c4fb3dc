"""The context of a run: users, service and results, and the way to make a call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from specwitness.fuzz.http.message import Exchange
from specwitness.fuzz.http.throttling import TOO_MANY, ThrottledError
from specwitness.fuzz.results.conformance import describe_headers, describe_misfit
from specwitness.fuzz.results.data_exposure import find_data_exposure
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.client import Client
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.requests.builder import RequestBuilder
    from specwitness.fuzz.results.results import Results
    from specwitness.fuzz.session.situation import Situation
    from specwitness.fuzz.tokens.attack import Attack
    from specwitness.fuzz.tokens.key_host import KeyHost
    from specwitness.fuzz.users.identity import Mint
    from specwitness.fuzz.users.login import Login

# Servers and proxies answer any request with these; contracts seldom document them.
GENERAL = frozenset({401, 405, 406, 408, 411, 413, 414, 415, 417, 429, 431})
# A log that grows with each reading differs at another index each time.
_INDEX = re.compile(r"\[\d+\]")


class Case(NamedTuple):
    """The case that a request is: its check, what it tries, and statuses that need no documentation."""

    check: str
    attack: str
    allowed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The scope of a run.

    Args:
        wanted: The ids of the operations that the run is for.
        is_deep: Whether everything is tried, or what a pull request can wait for.
        extra: Further bad credentials, such as tokens that the target itself calls expired.
        login: How the users log in, where they do.
        app: The app whose routes are read; None for a service over the network.
        ignored: Paths, or `METHOD /path`, that may stay out of the contract.
        situations: The states that the target can bring about.
        cast: The users by name, those who only take part in situations included.
    """

    wanted: AbstractSet[str] = frozenset()
    is_deep: bool = False
    extra: tuple[Attack, ...] = ()
    login: Login | None = None
    app: Any = None
    ignored: frozenset[str] = frozenset()
    situations: tuple[Situation, ...] = ()
    cast: Mapping[str, Actor] = field(default_factory=dict)


@dataclass(slots=True)
class Context:
    """All that the checks share.

    Args:
        surface: The contract.
        client: The way to the service.
        builder: What the users own.
        results: Where results go.
        alice: The owner.
        bob: The other user; None where there is only one.
        admin: A user with more rights; None where there is none.
        mint: What tokens are signed with; None where they only can be altered.
        key_host: Where keys are put that tokens name; None where the service cannot reach it.
        state: Gives a comparable snapshot of the stored state; None where only the API shows it.
        is_deep: Whether everything is tried, or what a pull request can wait for.
        succeeded: The operations that answered the owner with 2xx: the baseline requests.
        uses: The collections whose objects each operation names outside its path.
        is_over: Whether alice has ended her account, and is let in no more.
        by_admin: The operations for some users alone that answered the admin with 2xx.
        plan: What the run is to try.
    """

    surface: Surface
    client: Client
    builder: RequestBuilder
    results: Results
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
    by_admin: dict[str, tuple[Request, Response]] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)

    def is_for_admin(self, endpoint: Endpoint) -> bool:
        """Tell whether an operation is called as the administrator alone."""
        return self.admin is not None and endpoint.is_privileged

    def is_ordinary(self, endpoint: Endpoint) -> bool:
        """Tell whether users call an operation on objects of theirs, again and again.

        `POST /logout` ends the caller's access and `GET /admin/users` is for administrators: neither is.
        """
        is_end = endpoint.is_ending and not endpoint.names_object
        return not is_end and not self.is_for_admin(endpoint)

    def caller_of(self, endpoint: Endpoint) -> Actor:
        """Give the user who may call an operation: the owner, or the administrator."""
        return self.admin if self.admin is not None and endpoint.is_privileged else self.alice

    def request(
        self,
        endpoint: Endpoint,
        actor: Actor,
        values: tuple[Any, ...] | None = None,
        *,
        fresh: bool = False,
    ) -> Request | None:
        """Build a good request with an actor's credentials.

        Args:
            endpoint: The operation.
            actor: The caller, whose objects the request names.
            values: The path's parameters; None for objects of the actor's.
            fresh: Whether the request names an object that is made for it.

        Returns:
            The request; None where a stored object is needed and none can be made.
        """
        request = self.builder.build(endpoint, actor, values, fresh=fresh)
        return None if request is None else self.builder.sign(endpoint, actor, request)

    def call(
        self,
        endpoint: Endpoint,
        actor: Actor,
        values: tuple[Any, ...] | None = None,
        *,
        case: Case | None = None,
        change: Callable[[Request], Request] = lambda request: request,
        fresh: bool = False,
    ) -> Exchange | None:
        """Build a good request, sign it, change it and send it.

        Args:
            endpoint: The operation.
            actor: The caller, whose objects the request names.
            values: The path's parameters; None for objects of the actor's.
            case: The check that counts the request; None for a request that only prepares a case.
            change: Turns the good request into the one that is sent.
            fresh: Whether the request names an object that is made for it.

        Returns:
            Request and response; None where the request cannot be built.
        """
        request = self.request(endpoint, actor, values, fresh=fresh)
        if request is None:
            return None
        changed = change(request)
        if case is None:
            return Exchange(changed, self.client.send(changed))
        response = self.send(endpoint, case.check, case.attack, changed, allowed=case.allowed)
        return Exchange(changed, response)

    def prepare(self, endpoint: Endpoint, request: Request) -> Response:
        """Send a request that brings a state about: it is held to the contract, and no case of a check."""
        response = self.client.send(request)
        self.judge(endpoint, request, response)
        return response

    def send(
        self,
        endpoint: Endpoint,
        check: str,
        attack: str,
        request: Request,
        *,
        allowed: frozenset[int] = frozenset(),
    ) -> Response:
        """Send a case of a check, and hold the response to what the contract says of every response.

        Args:
            endpoint: The operation.
            check: The check that counts the case.
            attack: What the request tries, in words.
            request: What is sent.
            allowed: Statuses that the contract need not document for this request.
        """
        try:
            response = self.client.send(request)
        except ThrottledError:
            self.results.count(endpoint, check, attack, TOO_MANY)
            raise
        self.results.count(endpoint, check, attack, response.status)
        self.judge(endpoint, request, response, allowed=allowed)
        return response

    def judge(
        self,
        endpoint: Endpoint,
        request: Request,
        response: Response,
        *,
        allowed: frozenset[int] = frozenset(),
    ) -> None:
        """Hold a response to the contract: no crash, a documented status, the documented headers and body.

        Args:
            endpoint: The operation.
            request: What was sent.
            response: The response.
            allowed: Statuses that need not be documented, beside those of any server.
        """
        if response.crashed:
            self.report(endpoint, "robustness", response.phrase, request)
            return
        if endpoint.response_for(response.status) is None:
            if response.status not in GENERAL | allowed:
                text = f"answered {response.status}, which the contract does not know"
                self.report(endpoint, "conformance", text, request)
            return
        for text in describe_headers(response, endpoint):
            self.report(endpoint, "conformance", f"answered {response.status} {text}", request)
        if request.method != "HEAD" and (misfit := describe_misfit(response, endpoint)):
            self.report(endpoint, "conformance", f"answered {response.status}: {misfit}", request)
        for name in find_data_exposure(response, endpoint):
            text = f"shows `{name}`, which the contract shows to nobody"
            self.report(endpoint, "disclosure", text, request)

    def judged(self, endpoint: Endpoint, *checks: str, by: Response | None = None) -> None:
        """Note that a response was judged for checks: a wrong one would have been found.

        Args:
            endpoint: The operation.
            checks: The checks that it was judged for.
            by: The response, where a refusal is what was looked for. A 5xx or a missing response is no
                refusal: nobody knows whether the request was rejected or broke something.
        """
        for check in checks:
            if by is not None and (not by.status or by.status >= HTTPStatus.INTERNAL_SERVER_ERROR):
                self.note_lack(endpoint, check, f"{by.phrase}, which is no refusal")
            else:
                self.results.judge(endpoint, check)

    def note_lack(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Note that a check had nothing to look at, and why."""
        self.results.note_lack(endpoint, check, reason)

    def report(self, endpoint: Endpoint, check: str, text: str, request: Request) -> None:
        """Note what is wrong; the text is the kind."""
        self.results.report(endpoint, check, text, text=text, request=request)

    def reached(self) -> Iterator[Endpoint]:
        """Give the operations that answered the owner with 2xx."""
        return (endpoint for endpoint in self.surface.endpoints if endpoint.id in self.succeeded)

    def readers(self, endpoint: Endpoint) -> list[Endpoint]:
        """Give the operations that show what an operation changes: of the object, and its list."""
        shapes = endpoint.collections
        plain = endpoint.path if not shapes else ""
        wanted = [shapes[-1], shapes[-1].removesuffix("/{}")] if shapes else [plain]
        wanted = list(dict.fromkeys([*wanted, endpoint.shape]))
        found = (self.builder.find("GET", shape) for shape in wanted)
        return [option for option in found if option is not None and option.id in self.succeeded]

    def views(self) -> list[Endpoint]:
        """Give the operations that show many objects, or the caller's own: no path to another object."""
        return [
            endpoint
            for endpoint in self.reached()
            if endpoint.is_reading
            and endpoint.security
            and not endpoint.names_object
            and not endpoint.is_shared
            and not self.uses.get(endpoint.id)
        ]

    def readers_of(self, prefix: str) -> list[Endpoint]:
        """Give the operations that show an object whose id is in no path."""
        return [
            endpoint
            for endpoint in self.reached()
            if prefix in self.uses.get(endpoint.id, ()) and endpoint.is_reading
        ]

    def observe(
        self, endpoint: Endpoint, values: tuple[object, ...]
    ) -> list[tuple[Endpoint, Request, Response]]:
        """Read as the owner what an operation may change."""
        return self.read_all(self.plan_views(endpoint, values))

    def plan_views(self, endpoint: Endpoint, values: tuple[object, ...]) -> list[tuple[Endpoint, Request]]:
        """Give the requests that show the owner what an operation may change."""
        plan = []
        for reader in self.readers(endpoint):
            request = self.request(reader, self.alice, values[: len(reader.path_names)])
            if request is not None:
                plan.append((reader, request))
        return plan

    def read_all(self, plan: list[tuple[Endpoint, Request]]) -> list[tuple[Endpoint, Request, Response]]:
        """Send requests that are all built: to build one may make an object that another shows."""
        return [(reader, request, self.client.send(request)) for reader, request in plan]

    def find_change(self, before: list[tuple[Endpoint, Request, Response]]) -> tuple[str, Request] | None:
        """Read again what was read, and say what has changed of itself in between."""
        for reader, request, old in before:
            new = self.client.send(request)
            places = differ(take_fingerprint(old), take_fingerprint(new))
            if not places:
                continue
            # A difference between two immediate readings, such as a timestamp, is no change.
            noise = differ(take_fingerprint(new), take_fingerprint(self.client.send(request)))
            kinds = {_INDEX.sub("[]", entry) for entry in noise}
            places = {collection for collection in places if _INDEX.sub("[]", collection) not in kinds}
            if places:
                return f"{reader.operation.name} shows another {min(places)} than before", request
        return None
