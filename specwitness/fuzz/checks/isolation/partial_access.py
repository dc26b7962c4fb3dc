"""One part of a call at a time: each way to sign it, each id that it names, each object above another."""

from __future__ import annotations

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
    from specwitness.fuzz.session.context import Trial

    Options = dict[str, Any]


_NOT_FOUND = 404


def check_alternatives(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with every kind of credential that the operation takes: each may be checked elsewhere."""
    alternatives = find_credentials(endpoint, trial.surface, bob.identity)
    if not endpoint.is_safe or len(alternatives) < 2:  # noqa: PLR2004  # the first was tried
        return
    path = owned.get(endpoint.last_collection)
    request = trial.world.build(endpoint, impersonate(trial, bob, owned), path)
    for credentials in alternatives[1:] if request else ():
        signed = authorize(request, credentials) if request else None
        if signed is None:
            continue
        answer = trial.send(endpoint, "isolation", f"another's id, by {credentials[0][0].scheme}", signed)
        trial.judged(endpoint, "isolation")
        if answer.succeeded and shows(answer, trial.alice, signed):
            text = f"as another user, by {credentials[0][0].scheme}, shows what is not theirs"
            trial.blame(endpoint, "isolation", text, signed)


def check_members(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object in one member at a time: one that is checked hides one that is not."""
    trial.world.build(endpoint, trial.alice)
    names = dict(trial.alice.named)
    if len(names) < 2 and not endpoint.path_names:  # noqa: PLR2004  # one was tried already
        return
    for name, prefix in names.items():
        # `to_account_id` names who is given something: it need not belong to the giver. `to_do_id` names
        # an object of `/to-dos`, and no recipient.
        is_recipient = RECIPIENTS.starts(name) and not same_noun(noun_of(name), noun_at(prefix))
        if prefix not in owned or is_recipient:
            continue
        absent = {prefix: tuple(make_absent(stored, 0) for stored in owned[prefix])}
        first, reference = call_as(trial, endpoint, bob, absent, attack=f"an absent id as {name}", only=name)
        # Where an absent one does no harm, such as in a list, only what changes tells.
        is_borne = reference is not None and reference.succeeded and not endpoint.is_safe
        before = observe_owned(trial, endpoint, {prefix: owned[prefix]}, ()) if is_borne else []
        request, answer = call_as(trial, endpoint, bob, owned, attack=f"another's id as {name}", only=name)
        if request is None or answer is None or reference is None:
            continue
        trial.judged(endpoint, "existence")
        if before or not (answer.succeeded and reference.succeeded):
            trial.judged(endpoint, "isolation")
        ids = [owned[prefix][-1], absent[prefix][-1], *texts_of(first, bob), *texts_of(request, bob)]
        places = differ(take_fingerprint(answer, ids), take_fingerprint(reference, ids))
        if answer.succeeded and not reference.succeeded:
            text = f"as another user, with another's id as {name}, answered {answer.status}"
            trial.blame(endpoint, "isolation", text, request)
        elif answer.status != reference.status:
            text = f"tells another's id as {name}: {answer.status}, not {reference.status}"
            trial.blame(endpoint, "existence", text, request)
        elif is_borne and places and answer.succeeded:
            text = f"tells another's id as {name} from one that is not there: {min(places)} differs"
            trial.blame(endpoint, "existence", text, request)
        judge_change(trial, endpoint, (request, answer), before, changed_state=None)


def _check_own_place(trial: Trial, endpoint: Endpoint, bob: Actor) -> None:
    """Call with another's parent and the caller's own name below it: who joins by himself was not invited."""
    subject, parents = bob.identity.subject, trial.world.obtain_parents(endpoint, trial.alice)
    if subject is None or not parents or endpoint.is_safe or endpoint.method == "DELETE":
        return
    absent = tuple(make_absent(entry, 0) for entry in parents)
    answers = []
    for above, attack in (
        (absent, "an absent parent and the own name"),
        (parents, "another's parent and the own name"),
    ):
        exchange = trial.call(endpoint, bob, (*above, subject), case=Case("isolation", attack))
        if exchange is None:
            return
        answers.append(exchange)
    (_, reference), (request, answer) = answers
    if not (answer.succeeded and reference.succeeded):
        trial.judged(endpoint, "isolation")
    if answer.succeeded and not reference.succeeded:
        text = f"as another user, by the own name below another's object, answered {answer.status}"
        trial.blame(endpoint, "isolation", text, request)


def check_versions(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object in a version that it never had: that it has another tells that it is there."""
    name = next(
        (parameter.name for parameter in endpoint.parameters if snake(parameter.name) == "if_match"), None
    )
    path = owned.get(endpoint.last_collection)
    if name is None or path is None or endpoint.is_safe:
        return
    header = ((name, '"none-of-yours"'),)
    answers = []
    for stored in (absent_ids(owned, 0), owned):
        place = stored[endpoint.last_collection]
        attack = "another's id in another version" if stored is owned else "an absent id in a version"
        exchange = trial.call(
            endpoint,
            impersonate(trial, bob, stored),
            place,
            case=Case("existence", attack),
            change=lambda request: request.with_headers(header),
        )
        if exchange is None:
            return
        answers.append(exchange)
    (_, reference), (signed, answer) = answers
    trial.judged(endpoint, "existence")
    if answer.status != reference.status:
        text = f"tells another's id in another version: {answer.status}, not {reference.status}"
        trial.blame(endpoint, "existence", text, signed)


def check_bad_body(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object with a body that does not fit: what is looked at first is told by the refusal."""
    path = owned.get(endpoint.last_collection)
    required = (endpoint.body_schema or {}).get("required", ())
    if path is None or endpoint.is_safe or not required or not (endpoint.media or "").endswith("json"):
        return
    answers = []
    for stored in (absent_ids(owned, 0), owned):
        place = stored[endpoint.last_collection]
        request = trial.request(endpoint, impersonate(trial, bob, stored), place)
        body = request.read_json() if request else None
        if request is None or not isinstance(body, dict):
            return
        rest = {name: value for name, value in body.items() if name != required[0]}
        signed = request.with_json(rest)
        whose = "another's" if stored is owned else "an absent"
        attack = f"{whose} id without {required[0]}"
        answers.append((signed, trial.send(endpoint, "existence", attack, signed)))
    (_, reference), (signed, answer) = answers
    if reference.status == _NOT_FOUND:
        trial.judged(endpoint, "existence")
    # Where anybody may take an id that is free, the body of an absent one is looked at.
    if reference.status == _NOT_FOUND and answer.status != reference.status and not answer.succeeded:
        text = f"tells another's id by a body that does not fit: {answer.status}, not {reference.status}"
        trial.blame(endpoint, "existence", text, signed)


def check_bulk(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name an own object and another's in one list: often the first alone is checked."""
    trial.world.build(endpoint, bob)
    body_names = {
        name: prefix for name, prefix in bob.named.items() if prefix in owned and _is_list(endpoint, name)
    }
    for name, prefix in body_names.items():
        signed = trial.request(endpoint, bob)
        body = signed.read_json() if signed else None
        if signed is None or not isinstance(body, dict) or not isinstance(body.get(name), list):
            continue
        before = [] if endpoint.is_safe else observe_owned(trial, endpoint, owned, ())
        for place, value in (
            ("another's", owned[prefix][-1]),
            ("an absent", make_absent(owned[prefix][-1], 0)),
        ):
            mixed = signed.with_json({**body, name: [*body[name], value]})
            answer = trial.send(endpoint, "isolation", f"an own id and {place} as {name}", mixed)
            if place == "another's" and answer.succeeded and shows(answer, trial.alice, mixed):
                text = "as another user, with an own id too, shows what is not theirs"
                trial.blame(endpoint, "isolation", text, mixed)
            elif place == "another's":
                judge_change(trial, endpoint, (mixed, answer), before, changed_state=None)


def _is_list(endpoint: Endpoint, name: str) -> bool:
    schema = (endpoint.body_schema or {}).get("properties", {}).get(name, {})
    return type_of(resolve(schema, endpoint.document)) == "array"


def check_nested(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with an own parent and another's child: the parent is checked, and the child often is not."""
    shapes = endpoint.collections
    values = owned.get(shapes[-1], ()) if shapes else ()
    # The child is the last that is an object: what follows it, such as a format, may stay.
    place = max((index for index, value in enumerate(values) if not isinstance(value, Choice)), default=0)
    if place == 0:
        return
    # Who is named below an own object is no object of theirs.
    if noun_for(endpoint.path_names[place], shapes[place]) in USERS:
        _check_own_place(trial, endpoint, bob)
        return
    parents = trial.world.obtain_parents(endpoint, bob)
    if parents is None or parents[:place] == values[:place]:
        return
    child, rest = values[place], values[place + 1 :]
    owned = {**owned, shapes[-1]: (*parents[:place], child, *rest)}
    if endpoint.is_safe:
        before = []
    else:
        trial.world.build(endpoint, trial.alice, fresh=False)
        before = observe_owned(trial, endpoint, {shapes[-1]: values}, values)
    request, answer = call_as(trial, endpoint, bob, owned, attack="an own parent and another's id")
    absent = {**owned, shapes[-1]: (*parents[:place], make_absent(child, 0), *rest)}
    reference = call_as(trial, endpoint, bob, absent, attack="an own parent and an absent id")[1]
    if request is None or answer is None or reference is None:
        return
    trial.judged(endpoint, "existence")
    if not (answer.succeeded and reference.succeeded):
        trial.judged(endpoint, "isolation")
    if answer.succeeded and not reference.succeeded:
        text = f"as another user, under an own parent, answered {answer.status}, not {reference.status}"
        trial.blame(endpoint, "isolation", text, request)
    elif answer.status != reference.status:
        text = f"tells another's id under an own parent: {answer.status}, not {reference.status}"
        trial.blame(endpoint, "existence", text, request)
    judge_change(trial, endpoint, (request, answer), before, changed_state=None)
