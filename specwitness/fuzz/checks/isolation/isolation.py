"""Two users: what one owns, the other can neither read, change, delete nor tell from what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.checks.isolation.impersonation import check_pretence
from specwitness.fuzz.checks.isolation.options import check_options
from specwitness.fuzz.checks.isolation.partial_access import (
    check_alternatives,
    check_bad_body,
    check_bulk,
    check_members,
    check_nested,
    check_versions,
)
from specwitness.fuzz.checks.isolation.two_users import (
    absent_ids,
    call_as,
    find_owned,
    judge_change,
    make_absent,
    observe_owned,
    shows,
    texts_of,
)
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.session.baseline import spend

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.checks.isolation.two_users import Owned
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial


def check_isolation(trial: Trial, endpoint: Endpoint) -> None:
    """Call an operation as bob with alice's ids: as if they did not exist, and nothing of hers changes."""
    bob = trial.bob
    if bob is None or endpoint.is_shared:
        return
    owned = find_owned(trial, endpoint)
    if not owned:
        if endpoint.names_object:
            for check in ("isolation", "existence"):
                trial.lack(endpoint, check, "the owner has no object of her own that the operation names")
        return
    path = owned.get(endpoint.last_collection, ())
    _fill_list(trial, endpoint, path)
    below = _fill_below(trial, endpoint, path)
    before = [] if endpoint.is_safe else observe_owned(trial, endpoint, owned, path, more=below)
    state = trial.state() if trial.state and not endpoint.is_safe else None
    foreign, answer = call_as(trial, endpoint, bob, owned, attack="another's id")
    changed_state = state is not None and trial.state is not None and trial.state() != state
    if foreign is not None and answer is not None:
        is_seen = endpoint.is_safe or bool(before) or state is not None or not answer.succeeded
        _judge(trial, endpoint, owned, bob, foreign=(foreign, answer), is_seen=is_seen)
        judge_change(
            trial,
            endpoint,
            (foreign, answer),
            before,
            changed_state=changed_state if state is not None else None,
        )
    check_alternatives(trial, endpoint, bob, owned)
    check_options(trial, endpoint, bob, owned)
    check_pretence(trial, endpoint, bob, owned)
    check_members(trial, endpoint, bob, owned)
    check_bulk(trial, endpoint, bob, owned)
    check_nested(trial, endpoint, bob, owned)
    check_versions(trial, endpoint, bob, owned)
    check_bad_body(trial, endpoint, bob, owned)
    spend(endpoint, trial.alice)


def _fill_list(trial: Trial, endpoint: Endpoint, values: tuple[Any, ...]) -> None:
    """Put something into a list below an object: an empty one looks like that of an absent object."""
    maker = trial.world.find("POST", endpoint.shape)
    if not endpoint.is_safe or maker is None or not values or maker.id not in trial.succeeded:
        return
    trial.call(maker, trial.alice, values)


def _fill_below(trial: Trial, endpoint: Endpoint, values: tuple[Any, ...]) -> list[tuple[Endpoint, Request]]:
    """Put something below an object that is to be deleted, and say what shows it."""
    plan = []
    for maker in list(trial.reached()) if endpoint.method == "DELETE" and values else ():
        reader = trial.world.find("GET", maker.shape)
        is_below = maker.method == "POST" and maker.collections == endpoint.collections
        if not is_below or reader is None or reader.id not in trial.succeeded:
            continue
        making = trial.request(maker, trial.alice, values)
        reading = trial.request(reader, trial.alice, values)
        if making and reading and trial.client.send(making).succeeded:
            plan.append((reader, reading))
    return plan


def _judge(
    trial: Trial,
    endpoint: Endpoint,
    owned: Owned,
    bob: Actor,
    *,
    foreign: tuple[Request, Answer],
    is_seen: bool,
) -> None:
    request, answer = foreign
    absent, first = call_as(trial, endpoint, bob, absent_ids(owned, 0), attack="an absent id")
    if absent is None or first is None or answer.status == 429:  # noqa: PLR2004  # too many requests
        return
    if is_seen:
        trial.judged(endpoint, "isolation")
    else:
        text = f"another user's call answered {answer.status}, and no operation shows what it changed"
        trial.lack(endpoint, "isolation", text)
    trial.judged(endpoint, "existence")
    ids = [value for values in owned.values() for value in values]
    others = [make_absent(object_id, number) for object_id in ids for number in range(2)]
    echoes = [*ids, *others, *texts_of(request, bob), *texts_of(absent, bob)]
    places = differ(take_fingerprint(answer, echoes), take_fingerprint(first, echoes))
    if places:
        # What differs between two ids that nothing has says nothing of the third.
        again, second = call_as(trial, endpoint, bob, absent_ids(owned, 1), attack="an absent id")
        if second is None:
            return
        echoes += texts_of(again, bob)
        places = differ(take_fingerprint(answer, echoes), take_fingerprint(first, echoes))
        places -= differ(take_fingerprint(first, echoes), take_fingerprint(second, echoes))
    if endpoint.method == "PUT" and first.succeeded and answer.succeeded:
        # What bob has named as something of hers is named is his.
        trial.alice.given |= {str(object_id) for object_id in (*ids, *others)}
    if not places:
        return
    # Where anybody may take an id that is free, that one is taken is no secret.
    if endpoint.method == "PUT" and first.succeeded and not answer.succeeded:
        return
    if answer.succeeded and not first.succeeded:
        text = f"as another user answered {answer.status}, and {first.status} for an id that is not there"
        trial.blame(endpoint, "isolation", text, request)
    elif answer.succeeded and shows(answer, trial.alice, request):
        trial.blame(endpoint, "isolation", "as another user shows what is not theirs", request)
    else:
        place = min(places)
        came = "" if place != "status" else f" ({answer.status}, and {first.status})"
        text = f"tells another user's id from one that is not there: {place} differs{came}"
        trial.blame(endpoint, "existence", text, request)


def _fits(trial: Trial, endpoint: Endpoint) -> bool:
    if endpoint.is_ending and not endpoint.names_object:
        # `PUT /users/{username}/password`: the path says whose password it is.
        return bool(endpoint.path_names)
    return endpoint.is_protected and trial.is_ordinary(endpoint)


CHECKS = (
    Check(
        name="isolation",
        order=30,
        title="for what another user owns",
        tries=(
            "bob sends alice's ids: in path, query and body, one at a time and beside his own; below "
            "a parent object of his own; with every option of an enumeration; with her name in "
            "headers and parameters that no contract names; with each kind of credential"
        ),
        requirements="each user sees and changes only their own data",
        fits=_fits,
        run=check_isolation,
        reports=("existence", "side_effect"),
    ),
    Check(
        name="existence",
        order=31,
        title="does not tell what another user owns",
        tries=(
            "bob learns whether alice's object exists: by another response than for a missing id, by "
            "a list that changes or has gaps when alice creates something, or by an error that shows "
            "the version or the state of her object. A login responds differently to a wrong password"
            " and to an unknown name"
        ),
        requirements="a response does not reveal that another user's object exists",
    ),
)
