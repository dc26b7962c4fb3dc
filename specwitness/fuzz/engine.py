"""Runs our own checks on a contract: baseline requests first, then the checks, within the time budget."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from specwitness.errors import TargetError
from specwitness.fuzz.http.base_path import find_base
from specwitness.fuzz.http.client import Client, GoneError, OutOfTimeError, ReadOnlyError
from specwitness.fuzz.http.throttling import ThrottledError
from specwitness.fuzz.requests.builder import RequestBuilder
from specwitness.fuzz.results.curl import Redaction
from specwitness.fuzz.results.results import BROKEN_OFF, OUT_OF_TIME, READ_ONLY, THROTTLED, Results
from specwitness.fuzz.schedule import Schedule
from specwitness.fuzz.session.context import Context
from specwitness.fuzz.session.logins import ACCESS_LOST, LostError, keep_access
from specwitness.fuzz.target import open_transport
from specwitness.fuzz.tokens.key_host import KeyHost
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.identity import ADMIN, ALICE, BOB, Identity, Mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.client import Transport
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.schedule import Step
    from specwitness.fuzz.target import Target
    from specwitness.fuzz.tokens.attack import Attack


@dataclass(slots=True)
class Engine:
    """One run of our own checks.

    Args:
        surface: The contract.
        target: The service.
        settings: Depth, seed, time budget, and which operations and checks are wanted.
        progress: Gets a line of text before each step.
        transport: Sends the requests; it has to stay open until the run ends.
        broken_off: The error that ended the run early; None as long as the service responds.

    Raises:
        TargetError: The service cannot be called, or its provider gives no user.
    """

    surface: Surface
    target: Target
    settings: FuzzConfig
    progress: Callable[[str], None]
    transport: Transport
    client: Client = field(init=False)
    context: Context = field(init=False)
    broken_off: GoneError | None = None
    _actors: dict[str, Actor] = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(
            self.transport,
            allow_writes=self.settings.allow_writes,
            seconds=self.settings.seconds,
            tell=self.progress,
        )
        self.client.base = find_base(self.surface, self.client, self.target.base_url)
        names = (ALICE, BOB, ADMIN, *(situation.identity for situation in self.target.situations))
        identities = {name: self._identify(name) for name in dict.fromkeys(names)}
        builder = RequestBuilder(self.surface, self.client)
        secrets = {
            name: [identity.token, *identity.values.values()]
            for name, identity in identities.items()
            if identity is not None
        }
        secrets |= {name: [token] for name, token in self.target.bad_tokens().items()}
        self._actors = {
            name: builder.actor(identity, self.settings.seed)
            for name, identity in identities.items()
            if identity
        }
        self.context = Context(
            surface=self.surface,
            client=self.client,
            builder=builder,
            results=Results(Redaction(secrets)),
            alice=self._actors.get(ALICE) or builder.actor(Identity(ALICE), self.settings.seed),
            bob=self._actors.get(BOB),
            admin=self._actors.get(ADMIN),
            mint=self.target.identities if isinstance(self.target.identities, Mint) else self.target.mint,
            key_host=None if self.client.transport.is_remote else KeyHost(),
            state=self.target.state,
            is_deep=self.settings.profile == "deep",
            succeeded={},
        )
        self.context.results.place = self.client.place
        self.client.learn = self.context.results.redaction.learn
        self.client.is_users_own = self._is_users_own

    def _is_users_own(self, request: Request) -> bool:
        """Tell whether a request has exactly one credential, the good token of alice or bob."""
        users = [actor for actor in (self.context.alice, self.context.bob) if actor is not None]
        tokens = [actor.identity.token for actor in users if actor.identity.token]
        authorizations = [value for name, value in request.headers if name.lower() == "authorization"]
        # `Authorization: Bearer TOKEN`, `X-API-Key: TOKEN` or `Cookie: session=TOKEN`.
        own = [
            value
            for _, value in request.headers
            if any(value in {token, f"Bearer {token}"} or value.endswith(f"={token}") for token in tokens)
        ]
        return len(authorizations) <= 1 and len(own) == 1

    def _identify(self, name: str) -> Identity | None:
        provider = self.target.provider
        try:
            found = provider.identify(name, self.client)
        except TargetError:
            raise
        except Exception as error:
            raise TargetError(
                f"the provider cannot give {name}: {type(error).__name__}: {error}",
                where="Target.identities",
                remedy="call identify() on its own to see the whole traceback",
            ) from error
        if found is None:
            return None
        known = found.subject if found.subject is not None else jose.read_subject(found.token)
        return replace(found, subject=None if known is None else str(known))

    def run(self, extra: tuple[Attack, ...] = ()) -> Results:
        """Run all checks; a check that time or the service does not allow is noted as a gap.

        Args:
            extra: Further attacks, by bad tokens that the target itself gives.

        Raises:
            TargetError: The service rejects the good credential of its own user everywhere.
        """
        self.begin(extra)
        return self.finish(extra)

    def begin(self, extra: tuple[Attack, ...] = ()) -> None:
        """Run the checks on the operations that end no session and no account.

        Raises:
            TargetError: The service rejects the good credential of alice, or of bob, everywhere.
        """
        self._perform(list(self._schedule(extra).first()))

    def finish(self, extra: tuple[Attack, ...] = ()) -> Results:
        """Run the checks on the operations that may end a session or an account, then the situations.

        Examples of such operations are `POST /logout` and `DELETE /account`.
        """
        schedule = self._schedule(extra)
        try:
            self._perform(list(schedule.last()))
            situations = list(schedule.situations(self._actors))
            if situations and not self.renew() and self.context.is_over:
                self._note_gaps(situations, ACCESS_LOST)
            else:
                self._perform(situations)
        finally:
            if self.context.key_host is not None:
                self.context.key_host.close()
        return self.context.results

    def renew(self) -> bool:
        """Restore the service's stored data and log everybody in again; False where the target cannot."""
        if self.target.reset is None:
            return False
        self.target.reset()
        for actor in self._actors.values():
            actor.objects.clear()
            actor.alternates.clear()
        if not self.broken_off:
            self._sign_in_again()
        return True

    def _sign_in_again(self) -> None:
        """Log everybody in: a service whose data were restored may not know the earlier sessions."""
        try:
            for name, actor in self._actors.items():
                if (identity := self._identify(name)) is not None:
                    actor.identity = replace(identity, subject=identity.subject or actor.identity.subject)
                    self.context.results.redaction.hide(name, [identity.token, *identity.values.values()])
            self.context.is_over = False
        except OutOfTimeError:
            return
        except GoneError as error:
            self.broken_off = error

    def _schedule(self, extra: tuple[Attack, ...]) -> Schedule:
        return Schedule(self.context, self.target, self.settings, self.wanted(), extra)

    def _perform(self, steps: list[Step]) -> None:
        try:
            if self.broken_off:
                raise self.broken_off
            for endpoint, names, step in steps:
                self.progress(
                    f"{endpoint.operation.name if endpoint else 'all operations'}: {', '.join(names)}"
                )
                try:
                    step()
                    if endpoint is not None and keep_access(self.context, endpoint, self._identify):
                        # The call before had ended the session; with a new one it may succeed.
                        self._retry(endpoint, names, step)
                except ThrottledError:
                    self._note_gap(endpoint, names, THROTTLED)
                except ReadOnlyError:
                    self._note_gap(endpoint, names, READ_ONLY)
        except OutOfTimeError:
            self._note_gaps(steps, OUT_OF_TIME)
        except GoneError as error:
            self.broken_off = error
            self._note_gaps(steps, ACCESS_LOST if isinstance(error, LostError) else BROKEN_OFF)

    def wanted(self) -> set[str]:
        """Give the ids of the operations that this run is for: of `--operation` and `--shard`.

        Raises:
            TargetError: The contract has no operation of a given id.
        """
        every = [endpoint.id for endpoint in self.surface.endpoints]
        unknown = [operation for operation in self.settings.operations if operation not in every]
        if unknown:
            raise TargetError(
                f"the contract has no operation {unknown[0]}",
                where="--operation",
                remedy=f"name one of {', '.join(every)}",
            )
        index, count = self.settings.shard
        sharded = every[index - 1 :: count]
        chosen = self.settings.operations
        return {operation for operation in sharded if not chosen or operation in chosen}

    def _retry(self, endpoint: Endpoint, names: tuple[str, ...], step: Callable[[], object]) -> None:
        if names == ("baseline",) and endpoint.id not in self.context.succeeded:
            step()
            keep_access(self.context, endpoint, self._identify)

    def _note_gap(self, endpoint: Endpoint | None, names: tuple[str, ...], reason: str) -> None:
        """Note that a step was stopped before its end."""
        for affected in [endpoint] if endpoint else self.surface.endpoints:
            for name in names:
                self.context.results.skip(affected, "conformance" if name == "baseline" else name, reason)

    def _note_gaps(self, steps: list[Step], reason: str) -> None:
        """Note every check of these steps that was not begun."""
        for endpoint, names, _ in steps:
            for affected in [endpoint] if endpoint else self.surface.endpoints:
                for name in names:
                    result = self.context.results.by_check.get((affected.id, name))
                    if result is None or not result.cases:
                        self.context.results.skip(affected, name, reason)


@contextmanager
def open_engine(
    surface: Surface, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> Iterator[Engine]:
    """Start the service, if it is an app in this process, and stop it at the end.

    Args:
        surface: The contract.
        target: The service.
        settings: Depth, seed, time budget, and which operations and checks are wanted.
        progress: Gets a line of text before each step.

    Raises:
        TargetError: The service does not start or stop, or its provider gives no user.
    """
    with open_transport(target, settings.timeout) as transport:
        yield Engine(surface, target, settings, progress, transport)
