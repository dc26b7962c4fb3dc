"""Partial checks of ownership: one credential, one id in the body, or one object of the path at a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.purpose import noun_at, noun_for
from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import RECIPIENTS, USERS, noun_of, same_noun, snake
from specwitness.fuzz.checks.isolation.two_users import (
    absent_ids,
    call_as,
    impersonate,
    judge_change,
    make_absent,
    observe_owned,
    shows,
    texts_of,
)
from specwitness.fuzz.requests.actor import Actor, Choice
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.session.context import Case
from specwitness.fuzz.users.credentials import authorize, find_credentials

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.checks.isolation.two_users import Owned
    from specwitness.fuzz.session.context import Context

    Options = dict[str, Any]


_NOT_FOUND = HTTPStatus.NOT_FOUND


def check_alternatives(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with every kind of credential that the operation accepts: other code may check an API key."""
    alternatives = find_credentials(endpoint, context.surface, bob.identity)
    if not endpoint.is_safe or len(alternatives) < 2:  # noqa: PLR2004  # the first was tried
        return
    path = owned.get(endpoint.last_collection)
    request = context.builder.build(endpoint, impersonate(context, bob, owned), path)
    for credentials in alternatives[1:] if request else ():
        signed = authorize(request, credentials) if request else None
        if signed is None:
            continue
        response = context.send(endpoint, "isolation", f"another's id, by {credentials[0][0].scheme}", signed)
        context.judged(endpoint, "isolation", by=response)
        if response.succeeded and shows(response, context.alice, signed):
            text = f"as another user, by {credentials[0][0].scheme}, shows data of the owner"
            context.report(endpoint, "isolation", text, signed)


def names_recipient(name: str, collection: str) -> bool:
    """Tell whether a member names a recipient, whose object need not be the caller's.

    `to_account_id` does; `to_do_id` names an object of `/to-dos`.
    """
    return RECIPIENTS.starts(name) and not same_noun(noun_of(name), noun_at(collection))


def check_members(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name alice's object in one member at a time, and bob's in the others.

    A service that checks only `folder_id` refuses a request with both, and accepts alice's `tag_id` alone.
    """
    context.builder.build(endpoint, context.alice)
    names = dict(context.alice.named)
    if len(names) < 2 and not endpoint.path_names:  # noqa: PLR2004  # one was tried already
        return
    for name, prefix in names.items():
        if prefix not in owned or names_recipient(name, prefix):
            continue
        absent = {prefix: tuple(make_absent(object_id, 0) for object_id in owned[prefix])}
        first, reference = call_as(
            context, endpoint, bob, absent, attack=f"an absent id as {name}", only=name
        )
        # An absent id in a list may be ignored: then only a change of the owner's object is a finding.
        is_absent_accepted = reference is not None and reference.succeeded and not endpoint.is_safe
        before = observe_owned(context, endpoint, {prefix: owned[prefix]}, ()) if is_absent_accepted else []
        request, response = call_as(
            context, endpoint, bob, owned, attack=f"another's id as {name}", only=name
        )
        if request is None or response is None or reference is None:
            continue
        context.judged(endpoint, "existence", by=response)
        if before or not (response.succeeded and reference.succeeded):
            context.judged(endpoint, "isolation", by=response)
        ids = [owned[prefix][-1], absent[prefix][-1], *texts_of(first, bob), *texts_of(request, bob)]
        places = differ(take_fingerprint(response, ids), take_fingerprint(reference, ids))
        if response.succeeded and not reference.succeeded:
            text = f"as another user, with another's id as {name}, answered {response.status}"
            context.report(endpoint, "isolation", text, request)
        elif response.status != reference.status:
            text = f"reveals another user's id as {name}: {response.status}, not {reference.status}"
            context.report(endpoint, "existence", text, request)
        elif is_absent_accepted and places and response.succeeded:
            text = f"reveals whether another user's id exists, as {name}: {min(places)} differs"
            context.report(endpoint, "existence", text, request)
        judge_change(context, endpoint, (request, response), before, changed_state=None)


def _check_own_place(context: Context, endpoint: Endpoint, bob: Actor) -> None:
    """Call with alice's object and bob's own id below it: `PUT /teams/{id}/members/{bob}` joins her team.

    A parent that does not exist is tried too; a service that accepts both has not been shown to be at fault.
    """
    subject, parents = bob.identity.subject, context.builder.obtain_parents(endpoint, context.alice)
    if subject is None or not parents or endpoint.is_safe or endpoint.method == "DELETE":
        return
    absent = tuple(make_absent(parent, 0) for parent in parents)
    responses = []
    for above, attack in (
        (absent, "an absent parent and the own name"),
        (parents, "another's parent and the own name"),
    ):
        exchange = context.call(endpoint, bob, (*above, subject), case=Case("isolation", attack))
        if exchange is None:
            return
        responses.append(exchange)
    (_, reference), (request, response) = responses
    if not (response.succeeded and reference.succeeded):
        context.judged(endpoint, "isolation", by=response)
    if response.succeeded and not reference.succeeded:
        text = f"as another user, by the own name below another's object, answered {response.status}"
        context.report(endpoint, "isolation", text, request)


def check_versions(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another user's object with a version that it never had: 412 in place of 404 reveals the object."""
    name = next(
        (parameter.name for parameter in endpoint.parameters if snake(parameter.name) == "if_match"), None
    )
    path = owned.get(endpoint.last_collection)
    if name is None or path is None or endpoint.is_safe:
        return
    header = ((name, '"none-of-yours"'),)
    responses = []
    for named_objects in (absent_ids(owned, 0), owned):
        path_values = named_objects[endpoint.last_collection]
        attack = "another's id in another version" if named_objects is owned else "an absent id in a version"
        exchange = context.call(
            endpoint,
            impersonate(context, bob, named_objects),
            path_values,
            case=Case("existence", attack),
            change=lambda request: request.with_headers(header),
        )
        if exchange is None:
            return
        responses.append(exchange)
    (_, reference), (signed, response) = responses
    context.judged(endpoint, "existence", by=response)
    if response.status != reference.status:
        text = f"reveals another user's id by a version: {response.status}, not {reference.status}"
        context.report(endpoint, "existence", text, signed)


def check_bad_body(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another user's object with an invalid body: 422 in place of 404 reveals the object."""
    path = owned.get(endpoint.last_collection)
    required = (endpoint.body_schema or {}).get("required", ())
    if path is None or endpoint.is_safe or not required or not (endpoint.media or "").endswith("json"):
        return
    responses = []
    for named_objects in (absent_ids(owned, 0), owned):
        path_values = named_objects[endpoint.last_collection]
        request = context.request(endpoint, impersonate(context, bob, named_objects), path_values)
        body = request.read_json() if request else None
        if request is None or not isinstance(body, dict):
            return
        incomplete = {name: value for name, value in body.items() if name != required[0]}
        signed = request.with_json(incomplete)
        whose = "another's" if named_objects is owned else "an absent"
        attack = f"{whose} id without {required[0]}"
        responses.append((signed, context.send(endpoint, "existence", attack, signed)))
    (_, reference), (signed, response) = responses
    if reference.status == _NOT_FOUND:
        context.judged(endpoint, "existence", by=response)
    # `PUT /handles/{handle}` may create an object with any free id: its body is validated.
    if reference.status == _NOT_FOUND and response.status != reference.status and not response.succeeded:
        text = f"reveals another user's id by an invalid body: {response.status}, not {reference.status}"
        context.report(endpoint, "existence", text, signed)


def check_bulk(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name bob's object and alice's in one list, `{"ids": [bob's, alice's]}`: a service may check one id."""
    context.builder.build(endpoint, bob)
    body_names = {
        name: prefix for name, prefix in bob.named.items() if prefix in owned and _is_list(endpoint, name)
    }
    for name, prefix in body_names.items():
        signed = context.request(endpoint, bob)
        body = signed.read_json() if signed else None
        if signed is None or not isinstance(body, dict) or not isinstance(body.get(name), list):
            continue
        before = [] if endpoint.is_safe else observe_owned(context, endpoint, owned, ())
        for whose, value in (
            ("another's", owned[prefix][-1]),
            ("an absent", make_absent(owned[prefix][-1], 0)),
        ):
            mixed = signed.with_json({**body, name: [*body[name], value]})
            response = context.send(endpoint, "isolation", f"an own id and {whose} as {name}", mixed)
            if whose == "another's" and response.succeeded and shows(response, context.alice, mixed):
                text = "as another user, with an own id too, shows data of the owner"
                context.report(endpoint, "isolation", text, mixed)
            elif whose == "another's":
                judge_change(context, endpoint, (mixed, response), before, changed_state=None)


def _is_list(endpoint: Endpoint, name: str) -> bool:
    schema = (endpoint.body_schema or {}).get("properties", {}).get(name, {})
    return type_of(resolve(schema, endpoint.document)) == "array"


def check_nested(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with bob's parent and alice's child, `/projects/{bob's}/tasks/{alice's}`.

    A service may check only the parent.
    """
    shapes = endpoint.collections
    values = owned.get(shapes[-1], ()) if shapes else ()
    # The child is the last object in the path: `/notes/{id}/export/{format}` ends with a choice.
    place = max((index for index, value in enumerate(values) if not isinstance(value, Choice)), default=0)
    if place == 0:
        return
    # `/teams/{id}/members/{userId}` names a user below an own object, and no object of that user.
    if noun_for(endpoint.path_names[place], shapes[place]) in USERS:
        _check_own_place(context, endpoint, bob)
        return
    parents = context.builder.obtain_parents(endpoint, bob)
    if parents is None or parents[:place] == values[:place]:
        return
    child, rest = values[place], values[place + 1 :]
    owned = {**owned, shapes[-1]: (*parents[:place], child, *rest)}
    if endpoint.is_safe:
        before = []
    else:
        context.builder.build(endpoint, context.alice, fresh=False)
        before = observe_owned(context, endpoint, {shapes[-1]: values}, values)
    request, response = call_as(context, endpoint, bob, owned, attack="an own parent and another's id")
    absent = {**owned, shapes[-1]: (*parents[:place], make_absent(child, 0), *rest)}
    reference = call_as(context, endpoint, bob, absent, attack="an own parent and an absent id")[1]
    if request is None or response is None or reference is None:
        return
    context.judged(endpoint, "existence", by=response)
    if not (response.succeeded and reference.succeeded):
        context.judged(endpoint, "isolation", by=response)
    if response.succeeded and not reference.succeeded:
        text = f"as another user, under an own parent, answered {response.status}, not {reference.status}"
        context.report(endpoint, "isolation", text, request)
    elif response.status != reference.status:
        text = f"reveals another user's id below an own parent: {response.status}, not {reference.status}"
        context.report(endpoint, "existence", text, request)
    judge_change(context, endpoint, (request, response), before, changed_state=None)
