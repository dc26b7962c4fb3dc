"""Runs the checks over a whole contract: control first, then check after check, as far as time allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from specwitness.errors import TargetError
from specwitness.fuzz.checks.assignment import check_assignment
from specwitness.fuzz.checks.caching import check_caching
from specwitness.fuzz.checks.deletion import check_deletion, check_named_deletion, is_named_deletion
from specwitness.fuzz.checks.disclosure import check_disclosure
from specwitness.fuzz.checks.isolation import check_isolation
from specwitness.fuzz.checks.matrix import check_credentials, check_optional
from specwitness.fuzz.checks.once import check_once
from specwitness.fuzz.checks.privilege import check_privilege, is_privileged
from specwitness.fuzz.checks.race import check_race
from specwitness.fuzz.checks.refusal import check_refusal
from specwitness.fuzz.checks.robustness import check_robustness
from specwitness.fuzz.checks.shadow import check_shadow
from specwitness.fuzz.checks.situation import check_situation
from specwitness.fuzz.client import AsgiTransport, Client, GoneError, OutOfTimeError, ReadOnlyError
from specwitness.fuzz.control import control, in_order, is_ending, spend
from specwitness.fuzz.identity import ADMIN, ALICE, BOB, Identity, Mint
from specwitness.fuzz.key_host import KeyHost
from specwitness.fuzz.ledger import BROKEN_OFF, CREDENTIAL_CHECKS, OUT_OF_TIME, READ_ONLY, THROTTLED, Ledger
from specwitness.fuzz.network import HttpTransport
from specwitness.fuzz.patience import ThrottledError
from specwitness.fuzz.reproduction import Redaction
from specwitness.fuzz.served import ServedApp
from specwitness.fuzz.trial import Trial
from specwitness.fuzz.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.attacks import Attack
    from specwitness.fuzz.surface import Endpoint, Surface
    from specwitness.fuzz.target import Target
    from specwitness.fuzz.things import Actor

    Check = tuple[tuple[str, ...], Callable[[], object]]
    Step = tuple[Endpoint | None, tuple[str, ...], Callable[[], object]]

_UNAUTHORIZED = 401
# The first checks of the steps that see whether what was refused changed nothing.
_REFUSING = frozenset({"none", "isolation"})


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
        self.client.learn = self.trial.ledger.redaction.learn

    def _identify(self, name: str) -> Identity | None:
        provider = self.target.provider
        try:
            return provider.identify(name, self.client)
        except TargetError:
            raise
        except Exception as error:
            raise TargetError(
                f"the provider cannot give {name}: {type(error).__name__}: {error}",
                where="Target.identities",
                remedy="call identify() on its own to see the whole traceback",
            ) from error

    def run(self, extra: tuple[Attack, ...] = ()) -> Ledger:
        """Run the checks; what time or the service does not allow is noted as a gap.

        Raises:
            TargetError: The service refuses its own user everywhere.
        """
        steps = list(self._steps(extra))
        try:
            for endpoint, names, step in steps:
                self.progress(
                    f"{endpoint.operation.name if endpoint else 'all operations'}: {', '.join(names)}"
                )
                try:
                    step()
                except ThrottledError:
                    self._note_gap(endpoint, names, THROTTLED)
                except ReadOnlyError:
                    self._note_gap(endpoint, names, READ_ONLY)
        except OutOfTimeError:
            self._note_gaps(steps, OUT_OF_TIME)
        except GoneError as error:
            self.broken_off = error
            self._note_gaps(steps, BROKEN_OFF)
        finally:
            if self.trial.key_host is not None:
                self.trial.key_host.close()
        return self.trial.ledger

    def _steps(self, extra: tuple[Attack, ...]) -> Iterator[Step]:
        trial, wanted = self.trial, self.wanted()
        ordered = in_order(self.surface.endpoints)
        for each in ordered:
            if self._may_call(each) and not self._is_for_others(each):
                yield each, ("control",), partial(control, trial, each)
        yield None, ("control",), self._refuse_locked_service
        chosen = [each for each in ordered if each.id in wanted]
        whole = self._representatives(chosen)
        for each in chosen:
            matrix = partial(self._check_credentials, each, is_whole=each.id in whole, extra=extra)
            checks: list[Check] = [(CREDENTIAL_CHECKS, matrix), *self._checks_of(each)]
            for names, step in checks:
                if self._is_wanted(names):
                    yield each, names, partial(self._run_if_reached, each, step)
            if self._is_wanted(("privilege",)) and self._may_call(each):
                yield each, ("privilege",), partial(check_privilege, trial, each)
        if self._is_wanted(("disclosure", "existence")):
            yield None, ("disclosure", "existence"), partial(check_disclosure, trial)
        if self._is_wanted(("shadow",)):
            shadow = partial(check_shadow, trial, self.target.app, self.target.undocumented)
            yield None, ("shadow",), shadow
        # The last: whether a service comes back from every state is what is asked.
        for situation in self.target.situations if self._is_wanted(("situation",)) else ():
            actor = self._cast.get(situation.identity)
            yield None, ("situation",), partial(check_situation, trial, situation, actor, self.wanted())

    def _checks_of(self, endpoint: Endpoint) -> Iterator[Check]:
        """Give the checks of an operation, in the order in which they disturb each other least."""
        trial = self.trial
        yield ("caching",), partial(check_caching, trial, endpoint)
        if is_ending(endpoint):
            return
        if endpoint.is_protected:
            yield ("isolation", "existence"), partial(check_isolation, trial, endpoint)
        yield ("assignment",), partial(check_assignment, trial, endpoint)
        if endpoint.method == "DELETE" and endpoint.path.endswith("}"):
            yield ("deletion",), partial(check_deletion, trial, endpoint)
        if not endpoint.path_names and not endpoint.is_safe:
            yield ("deletion",), partial(self._check_named_deletion, endpoint)
        yield ("side_effect",), partial(check_refusal, trial, endpoint)
        yield ("robustness",), partial(check_robustness, trial, endpoint)
        yield ("race",), partial(check_race, trial, endpoint)
        yield ("race",), partial(check_once, trial, endpoint)

    def _may_call(self, endpoint: Endpoint) -> bool:
        return self.client.may_write or endpoint.is_safe

    def _run_if_reached(self, endpoint: Endpoint, step: Callable[[], object]) -> None:
        """Run a step only where the positive control succeeded."""
        if endpoint.id in self.trial.succeeded:
            step()
            for actor in (self.trial.alice, self.trial.bob):
                if actor is not None:
                    spend(self.trial, endpoint, actor)

    def _check_credentials(self, endpoint: Endpoint, *, is_whole: bool, extra: tuple[Attack, ...]) -> None:
        if endpoint.is_protected:
            check_credentials(self.trial, endpoint, whole=is_whole, extra=extra)
        elif endpoint.is_optional:
            check_optional(self.trial, endpoint)

    def _check_named_deletion(self, endpoint: Endpoint) -> None:
        if is_named_deletion(self.trial, endpoint):
            check_named_deletion(self.trial, endpoint)

    def _is_for_others(self, endpoint: Endpoint) -> bool:
        return is_privileged(endpoint) and self.trial.admin is not None

    def _representatives(self, chosen: list[Endpoint]) -> set[str]:
        """Choose the operations that get the whole matrix: all, or one for each way to be protected."""
        if self.settings.profile == "deep":
            return {each.id for each in chosen}
        found: dict[str, str] = {}
        for each in sorted(chosen, key=lambda one: (one.method != "GET", len(one.path_names))):
            found.setdefault(str(each.security), each.id)
        return set(found.values())

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

    def _is_wanted(self, names: tuple[str, ...]) -> bool:
        """Tell whether a step is for a check that is wanted: refusals are looked behind on the way."""
        only = set(self.settings.only)
        return not only or bool(set(names) & only) or ("side_effect" in only and names[0] in _REFUSING)

    def _refuse_locked_service(self) -> None:
        trial = self.trial
        protected = [each for each in self.surface.endpoints if each.is_protected]
        tallies = [trial.ledger.tally(each, "conformance") for each in protected]
        is_refused = any(_UNAUTHORIZED in tally.statuses for tally in tallies)
        if is_refused and not any(tally.succeeded for tally in tallies):
            raise TargetError(
                "the valid token is refused everywhere: no protected operation answered 2xx, but with 401",
                where="Target.identities",
                remedy="check the token's secret, issuer, audience and clock",
            )

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
