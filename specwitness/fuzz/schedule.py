"""What a run does, in which order: controls, checks operation by operation, and what ends access last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.authentication.bad_credentials import check_credentials, check_optional
from specwitness.fuzz.checks.authentication.enumeration import check_enumeration
from specwitness.fuzz.checks.authentication.privilege import check_privilege
from specwitness.fuzz.checks.integrity.assignment import check_assignment
from specwitness.fuzz.checks.integrity.deletion import check_deletion, check_named_deletion, is_named_deletion
from specwitness.fuzz.checks.integrity.double_submit import check_once
from specwitness.fuzz.checks.integrity.race import check_race
from specwitness.fuzz.checks.integrity.rejected_calls import check_refusal
from specwitness.fuzz.checks.isolation.disclosure import check_disclosure
from specwitness.fuzz.checks.isolation.isolation import check_isolation
from specwitness.fuzz.checks.surface.caching import check_caching
from specwitness.fuzz.checks.surface.robustness import check_robustness
from specwitness.fuzz.checks.surface.shadow import check_shadow
from specwitness.fuzz.checks.surface.situation import check_situation
from specwitness.fuzz.results.results import CREDENTIAL_CHECKS
from specwitness.fuzz.session.api_keys import learn_keys
from specwitness.fuzz.session.baseline import control, control_as_admin, spend
from specwitness.fuzz.session.logins import (
    check_account_end,
    check_log_out,
    learn_subjects,
    refuse_locked_out,
)
from specwitness.fuzz.users.credentials import KEY, seat_of
from specwitness.fuzz.users.login import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial
    from specwitness.fuzz.target import Target
    from specwitness.fuzz.tokens.attack import Attack

    Check = tuple[tuple[str, ...], Callable[[], object]]
    Step = tuple[Endpoint | None, tuple[str, ...], Callable[[], object]]


_FORBIDDEN = 403
# The first checks of the steps that see whether what was refused changed nothing.
_REFUSING = frozenset({"none", "isolation"})


@dataclass(frozen=True, slots=True)
class Agenda:
    """The steps of a run.

    Args:
        trial: The run.
        target: The service.
        settings: Depth, and which checks are wanted.
        wanted: The ids of the operations that are wanted.
        extra: Bad credentials that the target itself gives.
    """

    trial: Trial
    target: Target
    settings: FuzzConfig
    wanted: AbstractSet[str]
    extra: tuple[Attack, ...] = ()

    def first(self) -> Iterator[Step]:
        """Give the steps on the operations that leave everybody's access as it is."""
        trial = self.trial
        others = [each for each in in_order(trial.surface.endpoints) if not each.is_ending]
        yield None, ("control",), partial(learn_subjects, trial)
        for each in others:
            yield from self._control(each)
        for each in others:
            # What shows what is put in the same place has nothing to show before.
            if each.method == "GET" and trial.world.find("PUT", each.shape):
                yield each, ("control",), partial(self._control_if_lacking, each)
        yield None, ("control",), partial(refuse_locked_out, trial)
        yield None, ("control",), partial(learn_keys, trial)
        for each in others:
            if self._may_call(each) and any(seat_of(*named).kind == KEY for named in self._schemes_of(each)):
                yield each, ("control",), partial(self._control_again, each)
        for each in others:
            yield from self._check(each)
        if self._is_wanted(("disclosure", "existence")):
            yield None, ("disclosure", "existence"), partial(check_disclosure, trial)
        login = self.target.identities if isinstance(self.target.identities, Login) else None
        if login and self._is_wanted(("existence",)):
            yield None, ("existence",), partial(check_enumeration, trial, login)
        if self._is_wanted(("shadow",)):
            ignored = self.target.undocumented | ({login.path} if login else frozenset())
            shadow = partial(check_shadow, trial, self.target.app, ignored)
            yield None, ("shadow",), shadow

    def last(self) -> Iterator[Step]:
        """Give the steps on the operations that may end a user's access."""
        for each in in_order(self.trial.surface.endpoints):
            if each.is_ending:
                yield from self._control(each)
                yield from self._check(each)

    def situations(self, cast: Mapping[str, Actor]) -> Iterator[Step]:
        """Give the steps in the states that the target brings about: from each it has to come back."""
        for situation in self.target.situations if self._is_wanted(("situation",)) else ():
            actor = cast.get(situation.identity)
            yield None, ("situation",), partial(check_situation, self.trial, situation, actor, self.wanted)

    def _control(self, endpoint: Endpoint) -> Iterator[Step]:
        if not self._may_call(endpoint):
            return
        admin = self.trial.admin if endpoint.is_privileged else None
        step: Callable[[], object] = partial(control, self.trial, endpoint)
        if endpoint.is_ending:
            step = partial(self._end, endpoint)
        elif admin is not None:
            step = partial(control_as_admin, self.trial, endpoint, admin)
        yield endpoint, ("control",), step

    def _schemes_of(self, endpoint: Endpoint) -> list[tuple[str, dict[str, Any]]]:
        known = self.trial.surface.schemes
        return [(name, known[name]) for each in endpoint.security for name in each if name in known]

    def _control_if_lacking(self, endpoint: Endpoint) -> None:
        if endpoint.id not in self.trial.succeeded and endpoint.id not in self.trial.by_admin:
            control(self.trial, endpoint)

    def _control_again(self, endpoint: Endpoint) -> None:
        """Bring to a 2xx what wanted a key that had to be made first."""
        trial = self.trial
        is_new = any(name in trial.alice.identity.values for name, _ in self._schemes_of(endpoint))
        if is_new and endpoint.id not in trial.succeeded and endpoint.id not in trial.by_admin:
            control(trial, endpoint)

    def _end(self, endpoint: Endpoint) -> None:
        """Call what may end a user's access, and see whether it did what it says."""
        with check_account_end(self.trial, endpoint), check_log_out(self.trial, endpoint):
            control(self.trial, endpoint)

    def _check(self, endpoint: Endpoint) -> Iterator[Step]:
        if endpoint.id not in self.wanted:
            return
        checks: list[Check] = [
            (CREDENTIAL_CHECKS, partial(self._check_credentials, endpoint)),
            *self._checks_of(endpoint),
        ]
        for names, step in checks:
            if self._is_wanted(names):
                yield endpoint, names, partial(self._run_if_reached, endpoint, step)
        if self._is_wanted(("robustness",)) and self._may_call(endpoint) and not endpoint.security:
            yield endpoint, ("robustness",), partial(self._check_public, endpoint)
        if self._is_wanted(("privilege",)) and self._may_call(endpoint):
            yield endpoint, ("privilege",), partial(check_privilege, self.trial, endpoint)
        if self._is_wanted(CREDENTIAL_CHECKS) and self._may_call(endpoint):
            yield endpoint, CREDENTIAL_CHECKS, partial(self._check_unreached, endpoint)

    def _checks_of(self, endpoint: Endpoint) -> Iterator[Check]:
        """Give the checks of an operation, in the order in which they disturb each other least."""
        trial = self.trial
        yield ("caching",), partial(check_caching, trial, endpoint)
        if endpoint.is_ending and not endpoint.names_object:
            if endpoint.path_names:
                # Whose password it is says the path.
                yield ("isolation", "existence"), partial(check_isolation, trial, endpoint)
            return
        if trial.admin is not None and endpoint.is_privileged:
            if endpoint.is_safe:
                yield ("robustness",), partial(check_robustness, trial, endpoint, trial.admin)
            return
        if endpoint.is_protected:
            yield ("isolation", "existence"), partial(check_isolation, trial, endpoint)
        yield ("assignment",), partial(check_assignment, trial, endpoint)
        if endpoint.method == "DELETE" and endpoint.path.endswith("}"):
            yield ("deletion",), partial(check_deletion, trial, endpoint)
        if not endpoint.names_object and not endpoint.is_safe:
            yield ("deletion",), partial(self._check_named_deletion, endpoint)
        yield ("side_effect",), partial(check_refusal, trial, endpoint)
        yield ("robustness",), partial(check_robustness, trial, endpoint, trial.alice)
        yield ("race",), partial(check_race, trial, endpoint)
        yield ("race", "existence"), partial(check_once, trial, endpoint)

    def _may_call(self, endpoint: Endpoint) -> bool:
        return self.trial.client.may_write or endpoint.is_safe

    def _run_if_reached(self, endpoint: Endpoint, step: Callable[[], object]) -> None:
        """Run a step only where the positive control succeeded."""
        if endpoint.id in self.trial.by_admin:
            step()
        elif endpoint.id in self.trial.succeeded:
            step()
            for actor in (self.trial.alice, self.trial.bob):
                if actor is not None:
                    spend(endpoint, actor)

    def _check_credentials(self, endpoint: Endpoint) -> None:
        trial = self.trial
        if endpoint.is_protected:
            is_whole = endpoint.id in self._representatives()
            caller = trial.admin if trial.admin and endpoint.id in trial.by_admin else trial.alice
            check_credentials(trial, endpoint, caller, whole=is_whole, extra=self.extra)
        elif endpoint.is_optional:
            check_optional(trial, endpoint)

    def _check_unreached(self, endpoint: Endpoint) -> None:
        """Try with bad credentials what is for some users alone, and refused the good ones of others."""
        trial = self.trial
        is_reached = endpoint.id in trial.by_admin or endpoint.id in trial.succeeded
        statuses = trial.ledger.tally(endpoint, "privilege").statuses
        if endpoint.is_protected and not is_reached and set(statuses) == {_FORBIDDEN}:
            check_credentials(trial, endpoint, trial.alice, whole=False)

    def _check_public(self, endpoint: Endpoint) -> None:
        """Send odd input to what anybody may call, such as a login, and nothing good is known for."""
        if endpoint.id not in self.trial.succeeded:
            check_robustness(self.trial, endpoint, self.trial.alice)

    def _check_named_deletion(self, endpoint: Endpoint) -> None:
        if is_named_deletion(self.trial, endpoint):
            check_named_deletion(self.trial, endpoint)

    def _representatives(self) -> set[str]:
        """Choose the operations that get the whole matrix: all, or one for each way to be protected."""
        trial = self.trial
        answered = self.wanted & (trial.succeeded.keys() | trial.by_admin.keys())
        reached = [each for each in in_order(trial.surface.endpoints) if each.id in answered]
        if self.settings.profile == "deep":
            return set(answered)
        found: dict[str, str] = {}
        for each in sorted(
            reached, key=lambda one: (one.method != "GET", one.id in trial.by_admin, len(one.path_names))
        ):
            found.setdefault(str([sorted(one) for one in each.security]), each.id)
        return set(found.values())

    def _is_wanted(self, names: tuple[str, ...]) -> bool:
        """Tell whether a step is for a check that is wanted: refusals are looked behind on the way."""
        only = set(self.settings.only)
        return not only or bool(set(names) & only) or ("side_effect" in only and names[0] in _REFUSING)
