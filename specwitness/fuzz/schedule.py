"""The order of a run: baseline requests, then checks, and the operations that end access last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.registry import Check, Scope, find_checks
from specwitness.fuzz.session.api_keys import learn_keys
from specwitness.fuzz.session.baseline import forget_consumed, send_baseline, send_baseline_as_admin
from specwitness.fuzz.session.context import Plan
from specwitness.fuzz.session.logins import (
    check_account_end,
    check_log_out,
    learn_subjects,
    refuse_locked_out,
)
from specwitness.fuzz.users.credentials import KEY, read_location
from specwitness.fuzz.users.login import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context
    from specwitness.fuzz.target import Target
    from specwitness.fuzz.tokens.attack import Attack

    # The operation, or None for the whole contract; the checks whose cases are counted; the function to call.
    Step = tuple[Endpoint | None, tuple[str, ...], Callable[[], object]]

_BASELINE = ("baseline",)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The steps of a run.

    Args:
        context: The state of the run.
        target: The service.
        settings: The depth, and the selected checks.
        wanted: The ids of the selected operations.
        extra: Bad credentials from the target, such as expired tokens.
    """

    context: Context
    target: Target
    settings: FuzzConfig
    wanted: AbstractSet[str]
    extra: tuple[Attack, ...] = ()

    def first(self) -> Iterator[Step]:
        """Give the steps on all operations but those that may end a user's access, such as `POST /logout`."""
        context = self.context
        context.plan = self._plan({})
        others = [endpoint for endpoint in in_order(context.surface.endpoints) if not endpoint.is_ending]
        yield None, _BASELINE, partial(learn_subjects, context)
        for endpoint in others:
            yield from self._baseline(endpoint)
        for endpoint in others:
            # `GET /profile` responds with 404 until `PUT /profile` has created the profile.
            if endpoint.method == "GET" and context.builder.find("PUT", endpoint.shape):
                yield endpoint, _BASELINE, partial(self._send_again_if_lacking, endpoint)
        yield None, _BASELINE, partial(refuse_locked_out, context)
        yield None, _BASELINE, partial(learn_keys, context)
        for endpoint in others:
            takes_key = any(read_location(*scheme).kind == KEY for scheme in self._schemes_of(endpoint))
            if self._may_call(endpoint) and takes_key:
                yield endpoint, _BASELINE, partial(self._send_again_with_key, endpoint)
        for endpoint in others:
            yield from self._check(endpoint)
        for check in find_checks(Scope.RUN):
            if self._is_wanted(check) and check.run_once:
                yield None, check.names, partial(check.run_once, context)

    def last(self) -> Iterator[Step]:
        """Give the steps on the operations that may end a user's access."""
        for endpoint in in_order(self.context.surface.endpoints):
            if endpoint.is_ending:
                yield from self._baseline(endpoint)
                yield from self._check(endpoint)

    def situations(self, cast: Mapping[str, Actor]) -> Iterator[Step]:
        """Give the steps for the situations of the target, such as an outage and the recovery from it."""
        self.context.plan = self._plan(cast)
        for check in find_checks(Scope.SITUATIONS) if self.target.situations else ():
            if self._is_wanted(check) and check.run_once:
                yield None, check.names, partial(check.run_once, self.context)

    def _plan(self, cast: Mapping[str, Actor]) -> Plan:
        login = self.target.identities if isinstance(self.target.identities, Login) else None
        return Plan(
            wanted=self.wanted,
            extra=self.extra,
            login=login,
            app=self.target.app,
            ignored=self.target.undocumented | ({login.path} if login else frozenset()),
            situations=self.target.situations,
            cast=cast,
        )

    def _baseline(self, endpoint: Endpoint) -> Iterator[Step]:
        if not self._may_call(endpoint):
            return
        admin = self.context.admin if endpoint.is_privileged else None
        step: Callable[[], object] = partial(send_baseline, self.context, endpoint)
        if endpoint.is_ending:
            step = partial(self._end, endpoint)
        elif admin is not None:
            step = partial(send_baseline_as_admin, self.context, endpoint, admin)
        yield endpoint, _BASELINE, step

    def _schemes_of(self, endpoint: Endpoint) -> list[tuple[str, dict[str, Any]]]:
        known = self.context.surface.schemes
        return [(name, known[name]) for schemes in endpoint.security for name in schemes if name in known]

    def _send_again_if_lacking(self, endpoint: Endpoint) -> None:
        if endpoint.id not in self.context.succeeded and endpoint.id not in self.context.by_admin:
            send_baseline(self.context, endpoint)

    def _send_again_with_key(self, endpoint: Endpoint) -> None:
        """Repeat the baseline request of an operation that needs an API key, if the run has created one."""
        context = self.context
        is_new = any(name in context.alice.identity.values for name, _ in self._schemes_of(endpoint))
        if is_new and endpoint.id not in context.succeeded and endpoint.id not in context.by_admin:
            send_baseline(context, endpoint)

    def _end(self, endpoint: Endpoint) -> None:
        """Call an operation that may end a user's access, and check that the access or account has ended."""
        with check_account_end(self.context, endpoint), check_log_out(self.context, endpoint):
            send_baseline(self.context, endpoint)

    def _check(self, endpoint: Endpoint) -> Iterator[Step]:
        if endpoint.id not in self.wanted:
            return
        for check in find_checks(Scope.REACHED):
            if self._is_wanted(check) and check.fits(self.context, endpoint):
                yield endpoint, check.names, partial(self._run_if_reached, endpoint, check)
        for check in find_checks(Scope.CALLABLE) if self._may_call(endpoint) else ():
            if self._is_wanted(check) and check.fits(self.context, endpoint) and check.run:
                yield endpoint, check.names, partial(check.run, self.context, endpoint)

    def _may_call(self, endpoint: Endpoint) -> bool:
        return self.context.client.may_write or endpoint.is_safe

    def _run_if_reached(self, endpoint: Endpoint, check: Check) -> None:
        """Run a check only where the baseline request succeeded."""
        is_by_admin = endpoint.id in self.context.by_admin
        if check.run is None or not (is_by_admin or endpoint.id in self.context.succeeded):
            return
        check.run(self.context, endpoint)
        for actor in () if is_by_admin else (self.context.alice, self.context.bob):
            if actor is not None:
                forget_consumed(endpoint, actor)

    def _is_wanted(self, check: Check) -> bool:
        """Tell whether a check is selected, or another one for which it counts cases."""
        only = set(self.settings.only)
        return not only or bool(set(check.names) & only)
