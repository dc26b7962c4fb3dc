"""One part of a call at a time: each way to sign it, each id that it names, each object above another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.strangers import (
    absent_ids,
    call_as,
    impersonate,
    judge_change,
    make_absent,
    observe_owned,
    shows,
)
from specwitness.fuzz.names import USERS, noun_for
from specwitness.fuzz.seats import authorize, find_credentials
from specwitness.fuzz.surface import resolve, type_of
from specwitness.fuzz.things import Actor, prefixes
from specwitness.fuzz.wire import as_text

if TYPE_CHECKING:
    from specwitness.fuzz.checks.strangers import Owned
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.trial import Trial


def check_alternatives(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with every kind of credential that the operation takes: each may be checked elsewhere."""
    alternatives = find_credentials(endpoint, trial.surface, bob.identity)
    if not endpoint.is_safe or len(alternatives) < 2:  # noqa: PLR2004  # the first was tried
        return
    path = next((owned[each] for each in prefixes(endpoint.path)[-1:] if each in owned), None)
    request = trial.world.build(endpoint, impersonate(trial, bob, owned), path)
    for credentials in alternatives[1:] if request else ():
        signed = authorize(request, credentials) if request else None
        if signed is None:
            continue
        answer = trial.send(endpoint, "isolation", f"another's id, by {credentials[0][0].scheme}", signed)
        if answer.succeeded and shows(answer, trial.alice):
            text = f"as another user, by {credentials[0][0].scheme}, shows what is not theirs"
            trial.blame(endpoint, "isolation", text, signed)


def check_members(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object in one member at a time: one that is checked hides one that is not."""
    trial.world.build(endpoint, trial.alice)
    names = dict(trial.alice.named)
    if len(names) < 2 and not endpoint.path_names:  # noqa: PLR2004  # one was tried already
        return
    for name, prefix in names.items():
        if prefix not in owned:
            continue
        absent = {prefix: tuple(make_absent(each, 0) for each in owned[prefix])}
        reference = call_as(trial, endpoint, bob, absent, attack=f"an absent id as {name}", only=name)[1]
        request, answer = call_as(trial, endpoint, bob, owned, attack=f"another's id as {name}", only=name)
        if request is None or answer is None or reference is None:
            continue
        if answer.succeeded and not reference.succeeded:
            text = f"as another user, with another's id as {name}, answered {answer.status}"
            trial.blame(endpoint, "isolation", text, request)
        elif answer.status != reference.status:
            text = f"tells another's id as {name}: {answer.status}, not {reference.status}"
            trial.blame(endpoint, "existence", text, request)


def check_options(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object with each option set: what is checked without it may not be with it."""
    options = {
        each.name: (each.schema.get("enum") or ["true"])[0]
        for each in endpoint.parameters
        if each.location == "query"
        and not each.required
        and (each.schema.get("enum") or type_of(each.schema) == "boolean")
    }
    path = next((owned[each] for each in prefixes(endpoint.path)[-1:] if each in owned), None)
    if not options or path is None or not endpoint.is_safe:
        return
    query = tuple((name, as_text(value)) for name, value in options.items())
    answers = []
    for each in (owned, absent_ids(owned, 0)):
        place = next(each[shape] for shape in prefixes(endpoint.path)[-1:] if shape in each)
        request = trial.world.build(endpoint, impersonate(trial, bob, each), place)
        if request is None:
            return
        signed = trial.world.sign(endpoint, bob, request).with_query(query)
        attack = f"another's id with {', '.join(options)}" if each is owned else "an absent id with options"
        answers.append((signed, trial.send(endpoint, "isolation", attack, signed)))
    (request, answer), (_, absent) = answers
    if answer.succeeded and (not absent.succeeded or shows(answer, trial.alice)):
        text = f"as another user, with {', '.join(options)}, answered {answer.status}"
        trial.blame(endpoint, "isolation", text, request)


def check_bulk(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name an own object and another's in one list: often the first alone is checked."""
    trial.world.build(endpoint, bob)
    body_names = {
        name: prefix for name, prefix in bob.named.items() if prefix in owned and _is_list(endpoint, name)
    }
    for name, prefix in body_names.items():
        request = trial.world.build(endpoint, bob, fresh=False)
        body = json.loads(request.body) if request and request.body else None
        if request is None or not isinstance(body, dict) or not isinstance(body.get(name), list):
            continue
        signed = trial.world.sign(endpoint, bob, request)
        before = [] if endpoint.is_safe else observe_owned(trial, endpoint, owned, ())
        for place, value in (
            ("another's", owned[prefix][-1]),
            ("an absent", make_absent(owned[prefix][-1], 0)),
        ):
            mixed = signed.with_json({**body, name: [*body[name], value]})
            answer = trial.send(endpoint, "isolation", f"an own id and {place} as {name}", mixed)
            if place == "another's" and answer.succeeded and shows(answer, trial.alice):
                text = "as another user, with an own id too, shows what is not theirs"
                trial.blame(endpoint, "isolation", text, mixed)
            elif place == "another's":
                judge_change(trial, endpoint, (mixed, answer), before, changed_state=False)


def _is_list(endpoint: Endpoint, name: str) -> bool:
    schema = (endpoint.body_schema or {}).get("properties", {}).get(name, {})
    return type_of(resolve(schema, endpoint.document)) == "array"


def check_nested(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with an own parent and another's child: the parent is checked, and the child often is not."""
    shapes = prefixes(endpoint.path)
    if len(shapes) < 2 or shapes[-1] not in owned:  # noqa: PLR2004  # a parent and a child
        return
    # Who is named below an own object is no object of theirs.
    if noun_for(endpoint.path_names[-1], shapes[-1]) in USERS:
        return
    values = owned[shapes[-1]]
    parents = trial.world.obtain_parents(endpoint, bob)
    if parents is None or parents == values[:-1]:
        return
    owned = {**owned, shapes[-1]: (*parents, values[-1])}
    if endpoint.is_safe:
        before = []
    else:
        trial.world.build(endpoint, trial.alice, fresh=False)
        before = observe_owned(trial, endpoint, {shapes[-1]: values}, values)
    request, answer = call_as(trial, endpoint, bob, owned, attack="an own parent and another's id")
    absent = {**owned, shapes[-1]: (*parents, make_absent(values[-1], 0))}
    reference = call_as(trial, endpoint, bob, absent, attack="an own parent and an absent id")[1]
    if request is None or answer is None or reference is None:
        return
    if answer.succeeded and not reference.succeeded:
        text = f"as another user, under an own parent, answered {answer.status}, not {reference.status}"
        trial.blame(endpoint, "isolation", text, request)
    elif answer.status != reference.status:
        text = f"tells another's id under an own parent: {answer.status}, not {reference.status}"
        trial.blame(endpoint, "existence", text, request)
    judge_change(trial, endpoint, (request, answer), before, changed_state=False)
