"""Two users: neither can read, change, delete or detect an object of the other."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.checks.isolation.impersonation import check_impersonation
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
from specwitness.fuzz.results.results import NO_SECOND_USER
from specwitness.fuzz.session.baseline import forget_consumed

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.checks.isolation.two_users import Owned
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context


def check_isolation(context: Context, endpoint: Endpoint) -> None:
    """Call an operation as bob with alice's ids, and compare it with calls for ids that do not exist.

    The two responses must not differ, and no object of alice may change.
    """
    bob = context.bob
    if bob is None and endpoint.names_object:
        for check in ("isolation", "existence"):
            context.note_lack(endpoint, check, NO_SECOND_USER)
    if bob is None or endpoint.is_shared:
        return
    owned = find_owned(context, endpoint)
    if not owned:
        if endpoint.names_object:
            for check in ("isolation", "existence"):
                context.note_lack(
                    endpoint, check, "the owner has no object of her own that the operation names"
                )
        return
    path = owned.get(endpoint.last_collection, ())
    _fill_list(context, endpoint, path)
    below = _fill_below(context, endpoint, path)
    before = [] if endpoint.is_safe else observe_owned(context, endpoint, owned, path, more=below)
    state = context.state() if context.state and not endpoint.is_safe else None
    foreign, response = call_as(context, endpoint, bob, owned, attack="another's id")
    changed_state = state is not None and context.state is not None and context.state() != state
    if foreign is not None and response is not None:
        is_seen = endpoint.is_safe or bool(before) or state is not None or not response.succeeded
        _judge(context, endpoint, owned, bob, foreign=(foreign, response), is_seen=is_seen)
        judge_change(
            context,
            endpoint,
            (foreign, response),
            before,
            changed_state=changed_state if state is not None else None,
        )
    check_alternatives(context, endpoint, bob, owned)
    check_options(context, endpoint, bob, owned)
    check_impersonation(context, endpoint, bob, owned)
    check_members(context, endpoint, bob, owned)
    check_bulk(context, endpoint, bob, owned)
    check_nested(context, endpoint, bob, owned)
    check_versions(context, endpoint, bob, owned)
    check_bad_body(context, endpoint, bob, owned)
    forget_consumed(endpoint, context.alice)


def _fill_list(context: Context, endpoint: Endpoint, values: tuple[Any, ...]) -> None:
    """Add an item to a list below an object: `[]` looks the same for alice's room and an absent one."""
    maker = context.builder.find("POST", endpoint.shape)
    if not endpoint.is_safe or maker is None or not values or maker.id not in context.succeeded:
        return
    context.call(maker, context.alice, values)


def _fill_below(
    context: Context, endpoint: Endpoint, values: tuple[Any, ...]
) -> list[tuple[Endpoint, Request]]:
    """Create an object below one that is to be deleted, and give the requests that show it."""
    plan = []
    for maker in list(context.reached()) if endpoint.method == "DELETE" and values else ():
        reader = context.builder.find("GET", maker.shape)
        is_below = maker.method == "POST" and maker.collections == endpoint.collections
        if not is_below or reader is None or reader.id not in context.succeeded:
            continue
        create = context.request(maker, context.alice, values)
        read = context.request(reader, context.alice, values)
        if create and read and context.client.send(create).succeeded:
            plan.append((reader, read))
    return plan


def _judge(
    context: Context,
    endpoint: Endpoint,
    owned: Owned,
    bob: Actor,
    *,
    foreign: tuple[Request, Response],
    is_seen: bool,
) -> None:
    request, response = foreign
    absent, first = call_as(context, endpoint, bob, absent_ids(owned, 0), attack="an absent id")
    if absent is None or first is None or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return
    if is_seen:
        context.judged(endpoint, "isolation", by=response)
    else:
        text = f"another user's call answered {response.status}, and no operation shows what it changed"
        context.note_lack(endpoint, "isolation", text)
    context.judged(endpoint, "existence", by=response)
    ids = [value for values in owned.values() for value in values]
    others = [make_absent(object_id, number) for object_id in ids for number in range(2)]
    echoes = [*ids, *others, *texts_of(request, bob), *texts_of(absent, bob)]
    places = differ(take_fingerprint(response, echoes), take_fingerprint(first, echoes))
    if places:
        # A difference between two absent ids, such as a request id, is no finding.
        again, second = call_as(context, endpoint, bob, absent_ids(owned, 1), attack="an absent id")
        if second is None:
            return
        echoes += texts_of(again, bob)
        places = differ(take_fingerprint(response, echoes), take_fingerprint(first, echoes))
        places -= differ(take_fingerprint(first, echoes), take_fingerprint(second, echoes))
    if endpoint.method == "PUT" and first.succeeded and response.succeeded:
        # An object that bob put under one of alice's ids belongs to bob: its id is no trace of alice.
        context.alice.shared_texts |= {str(object_id) for object_id in (*ids, *others)}
    if not places:
        return
    # `PUT /handles/{handle}` may create an object with any free id: that an id is taken is public.
    if endpoint.method == "PUT" and first.succeeded and not response.succeeded:
        return
    if response.succeeded and not first.succeeded:
        text = f"as another user answered {response.status}, and {first.status} for an id that is not there"
        context.report(endpoint, "isolation", text, request)
    elif response.succeeded and shows(response, context.alice, request):
        context.report(endpoint, "isolation", "as another user shows data of the owner", request)
    else:
        place = min(places)
        came = "" if place != "status" else f" ({response.status}, and {first.status})"
        text = f"reveals whether another user's id exists: {place} differs{came}"
        context.report(endpoint, "existence", text, request)


def _fits(context: Context, endpoint: Endpoint) -> bool:
    if endpoint.is_ending and not endpoint.names_object:
        # `PUT /users/{username}/password`: the path says whose password it is.
        return bool(endpoint.path_names)
    return endpoint.is_protected and context.is_ordinary(endpoint)


CHECKS = (
    Check(
        name="isolation",
        order=30,
        title="for another user's objects",
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
        title="does not reveal another user's objects",
        tries=(
            "bob learns whether alice's object exists: by another response than for a missing id, by "
            "a list that changes or has gaps when alice creates something, or by an error that shows "
            "the version or the state of her object. A login responds differently to a wrong password"
            " and to an unknown name"
        ),
        requirements="a response does not reveal that another user's object exists",
    ),
)
