"""Runs the checks over a whole contract: control first, then check after check, as far as time allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from specwitness.errors import TargetError
from specwitness.fuzz.http.asgi import AsgiTransport, ServedApp
from specwitness.fuzz.http.base_path import find_base
from specwitness.fuzz.http.client import Client, GoneError, OutOfTimeError, ReadOnlyError
from specwitness.fuzz.http.network import HttpTransport
from specwitness.fuzz.http.throttling import ThrottledError
from specwitness.fuzz.requests.builder import World
from specwitness.fuzz.results.curl import Redaction
from specwitness.fuzz.results.results import BROKEN_OFF, OUT_OF_TIME, READ_ONLY, THROTTLED, Ledger
from specwitness.fuzz.schedule import Agenda
from specwitness.fuzz.session.context import Trial
from specwitness.fuzz.session.logins import ACCESS_LOST, LostError, keep_access
from specwitness.fuzz.tokens.key_host import KeyHost
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.identity import ADMIN, ALICE, BOB, Identity, Mint

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint, Surface
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
        settings: Depth, seed, budget, and which operations and checks are wanted.
        progress: Told what is being done.
    """

    surface: Surface
    target: Target
    settings: FuzzConfig
    progress: Callable[[str], None]
    app: ServedApp | None = field(init=False)
    client: Client = field(init=False)
    trial: Trial = field(init=False)
    broken_off: GoneError | None = None
    _cast: dict[str, Actor] = field(init=False)

    def __post_init__(self) -> None:
        self.app = ServedApp(self.target.app) if self.target.app is not None else None
        self.client = Client(
            AsgiTransport(self.app)
            if self.app
            else HttpTransport(self.target.base_url or "", self.settings.timeout),
            allow_writes=self.settings.allow_writes,
            seconds=self.settings.seconds,
            tell=self.progress,
        )
        self.client.base = find_base(self.surface, self.client, self.target.base_url)
        names = (ALICE, BOB, ADMIN, *(each.identity for each in self.target.situations))
        identities = {name: self._identify(name) for name in dict.fromkeys(names)}
        world = World(self.surface, self.client)
        secrets = {
            name: [each.token, *each.values.values()] for name, each in identities.items() if each is not None
        }
        secrets |= {name: [token] for name, token in self.target.bad_tokens().items()}
        self._cast = {
            name: world.actor(each, self.settings.seed) for name, each in identities.items() if each
        }
        self.trial = Trial(
            surface=self.surface,
            client=self.client,
            world=world,
            ledger=Ledger(Redaction(secrets)),
            alice=self._cast.get(ALICE) or world.actor(Identity(ALICE), self.settings.seed),
            bob=self._cast.get(BOB),
            admin=self._cast.get(ADMIN),
            mint=self.target.identities if isinstance(self.target.identities, Mint) else self.target.mint,
            key_host=None if self.client.transport.is_remote else KeyHost(),
            state=self.target.state,
            is_deep=self.settings.profile == "deep",
            succeeded={},
        )
        self.trial.ledger.place = self.client.place
        self.client.learn = self.trial.ledger.redaction.learn
        self.client.is_users_own = self._is_users_own

    def _is_users_own(self, request: Request) -> bool:
        known = (each.identity.token for each in (self.trial.alice, self.trial.bob) if each is not None)
        tokens = [each for each in known if each]
        brought = [value for name, value in request.headers if name.lower() == "authorization"]
        # As a bearer token, a key, or a cookie.
        own = [
            value
            for _, value in request.headers
            if any(value in {each, f"Bearer {each}"} or value.endswith(f"={each}") for each in tokens)
        ]
        return len(brought) <= 1 and len(own) == 1

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

    def run(self, extra: tuple[Attack, ...] = ()) -> Ledger:
        """Run all checks; what time or the service does not allow is noted as a gap.

        Raises:
            TargetError: The service refuses its own user everywhere.
        """
        self.begin(extra)
        return self.finish(extra)

    def begin(self, extra: tuple[Attack, ...] = ()) -> None:
        """Run the checks on the operations that leave everybody's access as it is.

        Raises:
            TargetError: The service refuses its own user everywhere, or the second one.
        """
        self._perform(list(self._agenda(extra).first()))

    def finish(self, extra: tuple[Attack, ...] = ()) -> Ledger:
        """Run the checks on the operations that may end a user's access, and those of the situations."""
        agenda = self._agenda(extra)
        try:
            self._perform(list(agenda.last()))
            situations = list(agenda.situations(self._cast))
            if situations and not self.renew() and self.trial.is_over:
                self._note_gaps(situations, ACCESS_LOST)
            else:
                self._perform(situations)
        finally:
            if self.trial.key_host is not None:
                self.trial.key_host.close()
        return self.trial.ledger

    def renew(self) -> bool:
        """Bring the service back to where it began; tell whether the target can."""
        if self.target.reset is None:
            return False
        self.target.reset()
        for each in self._cast.values():
            each.things.clear()
            each.seconds.clear()
        if not self.broken_off:
            self._sign_in_again()
        return True

    def _sign_in_again(self) -> None:
        """Let everybody sign in: a service that begins anew may know no session of before."""
        try:
            for name, actor in self._cast.items():
                if (identity := self._identify(name)) is not None:
                    actor.identity = replace(identity, subject=identity.subject or actor.identity.subject)
                    self.trial.ledger.redaction.hide(name, [identity.token, *identity.values.values()])
            self.trial.is_over = False
        except OutOfTimeError:
            return
        except GoneError as error:
            self.broken_off = error

    def _agenda(self, extra: tuple[Attack, ...]) -> Agenda:
        return Agenda(self.trial, self.target, self.settings, self.wanted(), extra)

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
                    if endpoint is not None and keep_access(self.trial, endpoint, self._identify):
                        # What was refused for the call before has another chance.
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
        """Give the ids of the operations that this run is for.

        Raises:
            TargetError: One that was named does not exist.
        """
        every = [each.id for each in self.surface.endpoints]
        unknown = [each for each in self.settings.operations if each not in every]
        if unknown:
            raise TargetError(
                f"the contract has no operation {unknown[0]}",
                where="--operation",
                remedy=f"name one of {', '.join(every)}",
            )
        index, count = self.settings.shard
        sharded = every[index - 1 :: count]
        return {each for each in sharded if not self.settings.operations or each in self.settings.operations}

    def _retry(self, endpoint: Endpoint, names: tuple[str, ...], step: Callable[[], object]) -> None:
        if names == ("control",) and endpoint.id not in self.trial.succeeded:
            step()
            keep_access(self.trial, endpoint, self._identify)

    def _note_gap(self, endpoint: Endpoint | None, names: tuple[str, ...], reason: str) -> None:
        """Note that a step was not done to its end."""
        for each in [endpoint] if endpoint else self.surface.endpoints:
            for name in names:
                self.trial.ledger.skip(each, "conformance" if name == "control" else name, reason)

    def _note_gaps(self, steps: list[Step], reason: str) -> None:
        """Note every check that was not begun."""
        for endpoint, names, _ in steps:
            for each in [endpoint] if endpoint else self.surface.endpoints:
                for name in names:
                    tally = self.trial.ledger.tallies.get((each.id, name))
                    if tally is None or not tally.cases:
                        self.trial.ledger.skip(each, name, reason)
