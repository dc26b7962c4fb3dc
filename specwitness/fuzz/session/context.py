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

# Any server or proxy may respond with these statuses; contracts seldom document them.
GENERAL = frozenset({401, 405, 406, 408, 411, 413, 414, 415, 417, 429, 431})
# A log that grows with each reading differs at `[7]` first and at `[8]` next: indexes are ignored.
_INDEX = re.compile(r"\[\d+\]")


class Case(NamedTuple):
    """A case of a check: check, name of the attack, and statuses that the contract need not document."""

    check: str
    attack: str
    allowed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The scope of a run.

    Args:
        wanted: The ids of the operations that the run is for.
        is_deep: Whether every attack is sent, or only a selection that is fast enough for a pull request.
        extra: Further bad credentials, such as expired tokens from the target.
        login: The login operation; None if the target gives tokens.
        app: The app whose routes are listed; None for a service over the network.
        ignored: Paths, or `METHOD /path`, that the contract need not document.
        situations: The situations of the target, such as an outage.
        cast: The users by name, including those that only call during situations.
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
    """The state of a run that all checks share.

    Args:
        surface: The contract.
        client: The HTTP client.
        builder: Builds requests, and creates the objects that they need.
        results: Collects the results.
        alice: The owner.
        bob: The other user; None where there is only one.
        admin: A user with more rights; None where there is none.
        mint: Signs tokens; None without the signing key: then tokens can only be altered.
        key_host: Serves the keys that forged tokens name by URL; None if the service cannot reach it.
        state: Gives a comparable snapshot of the stored state; None where only the API shows it.
        is_deep: Whether every attack is sent, or only a selection that is fast enough for a pull request.
        succeeded: Operation id to the baseline request of alice that got a 2xx.
        uses: Operation id to the collections of the objects that query and body name.
        is_over: Whether alice's account was ended, and her credentials are refused.
        by_admin: Operation id to the administrator's baseline request and response.
        plan: The scope of the run.
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
        """Send a request that prepares a state; `judge` compares its response, and no check counts it."""
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
        """Send a case of a check, and compare the response with the contract as `judge` does.

        Args:
            endpoint: The operation.
            check: The check that counts the case.
            attack: The name of the attack in reports, such as `another's id`.
            request: The request.
            allowed: Statuses that the contract need not document for this request.

        Raises:
            ThrottledError: The request got 429 after each wait.
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
        """Compare a response with the contract: no crash, a documented status, documented headers and body.

        Args:
            endpoint: The operation.
            request: The request.
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
        """Record that a response was judged for checks: a violation would have been found.

        Args:
            endpoint: The operation.
            checks: The checks that it was judged for.
            by: The response, if the checks looked for a refusal. A 5xx or a missing response is no
                refusal: the service may have rejected the request, or failed while it obeyed.
        """
        for check in checks:
            if by is not None and (not by.status or by.status >= HTTPStatus.INTERNAL_SERVER_ERROR):
                self.note_lack(endpoint, check, f"{by.phrase}, which is no refusal")
            else:
                self.results.judge(endpoint, check)

    def note_lack(self, endpoint: Endpoint, check: str, reason: str) -> None:
        """Record why a check could not judge any response, such as the lack of a second user."""
        self.results.note_lack(endpoint, check, reason)

    def report(self, endpoint: Endpoint, check: str, text: str, request: Request) -> None:
        """Record a violation; a report shows the same text once."""
        self.results.report(endpoint, check, text, text=text, request=request)

    def reached(self) -> Iterator[Endpoint]:
        """Give the operations whose baseline request as alice got a 2xx."""
        return (endpoint for endpoint in self.surface.endpoints if endpoint.id in self.succeeded)

    def readers(self, endpoint: Endpoint) -> list[Endpoint]:
        """Give the operations that show a change: for `PATCH /notes/{id}`, its GET and `GET /notes`."""
        shapes = endpoint.collections
        plain = endpoint.path if not shapes else ""
        wanted = [shapes[-1], shapes[-1].removesuffix("/{}")] if shapes else [plain]
        wanted = list(dict.fromkeys([*wanted, endpoint.shape]))
        found = (self.builder.find("GET", shape) for shape in wanted)
        return [option for option in found if option is not None and option.id in self.succeeded]

    def views(self) -> list[Endpoint]:
        """Give lists, searches, exports and `GET /me`: reading operations that name no object."""
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
        """Give the operations that name objects of a collection in query or body, and only read."""
        return [
            endpoint
            for endpoint in self.reached()
            if prefix in self.uses.get(endpoint.id, ()) and endpoint.is_reading
        ]

    def observe(
        self, endpoint: Endpoint, values: tuple[object, ...]
    ) -> list[tuple[Endpoint, Request, Response]]:
        """Read as alice the objects and lists that an operation may change.

        Returns:
            Operation, request and response of each reading.
        """
        return self.read_all(self.plan_views(endpoint, values))

    def plan_views(self, endpoint: Endpoint, values: tuple[object, ...]) -> list[tuple[Endpoint, Request]]:
        """Build, and do not send, alice's requests for the objects and lists that an operation may change."""
        plan = []
        for reader in self.readers(endpoint):
            request = self.request(reader, self.alice, values[: len(reader.path_names)])
            if request is not None:
                plan.append((reader, request))
        return plan

    def read_all(self, plan: list[tuple[Endpoint, Request]]) -> list[tuple[Endpoint, Request, Response]]:
        """Send requests that were all built before: building one may create an object that another shows."""
        return [(reader, request, self.client.send(request)) for reader, request in plan]

    def find_change(self, before: list[tuple[Endpoint, Request, Response]]) -> tuple[str, Request] | None:
        """Repeat readings, and find a difference.

        Args:
            before: Operation, request and response of each earlier reading.

        Returns:
            The difference in words, and the request that shows it; None if there is none.
        """
        for reader, request, old in before:
            new = self.client.send(request)
            places = differ(take_fingerprint(old), take_fingerprint(new))
            if not places:
                continue
            # A difference between two immediate readings, such as a timestamp, is no change.
            noise = differ(take_fingerprint(new), take_fingerprint(self.client.send(request)))
            kinds = {_INDEX.sub("[]", place) for place in noise}
            places = {place for place in places if _INDEX.sub("[]", place) not in kinds}
            if places:
                return f"{reader.operation.name} shows another {min(places)} than before", request
        return None
