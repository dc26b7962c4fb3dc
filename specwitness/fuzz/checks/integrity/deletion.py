"""What was deleted is gone: for every operation, and from the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.endpoint import Endpoint, prefixes
from specwitness.fuzz.api.purpose import is_deleting, is_key, is_reviving, names_object, noun_at
from specwitness.fuzz.checks.integrity.deletion_traces import (
    find_views,
    is_listed,
    read_children,
    read_id_traces,
    read_traces,
)
from specwitness.fuzz.checks.isolation.two_users import impersonate, make_absent, texts_of
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.session.api_keys import find_key
from specwitness.fuzz.session.baseline import spend

if TYPE_CHECKING:
    from specwitness.fuzz.http.message import Request
    from specwitness.fuzz.session.context import Trial

    Child = tuple[Endpoint, Request, list[str]]


def check_deletion(trial: Trial, endpoint: Endpoint) -> None:
    """Delete a new object, and look for it everywhere.

    Args:
        trial: The run.
        endpoint: A DELETE of one object.
    """
    alice = trial.alice
    _delete_full(trial, endpoint)
    thing = trial.world.obtain(endpoint, alice, fresh=True)
    request = trial.world.build(endpoint, alice, thing.values) if thing else None
    if thing is None or request is None or not thing.is_created:
        return
    traces = read_traces(thing, alice)
    views = list(find_views(trial, thing, traces))
    children = list(read_children(trial, endpoint, thing, traces))
    key = find_key(trial, thing.answer, alice) if is_key(endpoint) else None
    if key:
        trial.ledger.redaction.hide(alice.name, [key.value])
    signed = trial.world.sign(endpoint, alice, request)
    if not trial.send(endpoint, "deletion", "the deletion", signed).succeeded:
        return
    alice.things.pop(thing.prefix, None)
    for other in list(trial.reached()):
        is_of_it = prefixes(other.path)[-1:] == [thing.prefix] and other.method != "DELETE"
        if is_of_it and not is_reviving(other):
            _use(trial, other, thing.values)
    for other, looking in views:
        answer = trial.send(other, "deletion", "a view after a deletion", looking)
        if answer.succeeded and is_listed(answer, read_id_traces(thing, traces)):
            trial.blame(other, "deletion", "shows an object that was deleted", looking)
    if key and trial.send(key.probe, "deletion", "a key that was deleted", key.request).succeeded:
        text = f"succeeds, and {key.probe.operation.name} takes the key as before"
        trial.blame(endpoint, "deletion", text, key.request)
    _look_at_children(trial, children, traces)
    _name(trial, endpoint, {thing.prefix: thing.values})
    alice.things.pop(thing.prefix, None)


def _look_at_children(trial: Trial, children: list[Child], traces: list[str]) -> None:
    for other, looking, texts in children:
        answer = trial.send(other, "deletion", "what was made of a deleted object", looking)
        if answer.succeeded and any(each in answer.text for each in traces):
            trial.blame(other, "deletion", "still shows an object that was deleted", looking)
        elif answer.succeeded and any(each in answer.text for each in texts):
            text = "still shows what was below an object that was deleted"
            trial.ledger.blame(other, "deletion", text, text=text, request=looking, level=Level.SHOULD)


def check_named_deletion(trial: Trial, endpoint: Endpoint) -> None:
    """Delete a new object whose id is in no path, and use it everywhere."""
    alice = trial.alice
    spend(trial, endpoint, alice)
    request = trial.world.build(endpoint, alice)
    things = {each: alice.things[each] for each in alice.used if each in alice.things}
    named = {prefix: each.values for prefix, each in things.items()}
    if request is None or not named:
        return
    traces = {prefix: read_traces(each, alice) for prefix, each in things.items()}
    views = [
        (traces[prefix], *view)
        for prefix, each in things.items()
        for view in find_views(trial, each, traces[prefix])
    ]
    signed = trial.world.sign(endpoint, alice, request)
    if not trial.send(endpoint, "deletion", "the deletion", signed).succeeded:
        return
    for texts, other, looking in views:
        answer = trial.send(other, "deletion", "a view after a deletion", looking)
        if answer.succeeded and is_listed(answer, texts):
            trial.blame(other, "deletion", "shows an object that was deleted", looking)
    _name(trial, endpoint, named)
    spend(trial, endpoint, alice)


def is_named_deletion(trial: Trial, endpoint: Endpoint) -> bool:
    """Tell whether an operation deletes an object whose id is in no path."""
    return is_deleting(endpoint) and not names_object(endpoint) and bool(trial.uses.get(endpoint.id))


def _delete_full(trial: Trial, endpoint: Endpoint) -> None:
    """Delete an object with others below it: what is documented for an empty one has to hold for it too."""
    below = [
        each
        for each in trial.reached()
        if each.method == "POST"
        and each.shape.startswith(f"{endpoint.shape}/")
        and len(each.path_names) == len(endpoint.path_names)
    ]
    # An action leaves nothing below, and may bring the object into a state in which it cannot be deleted.
    below = [each for each in below if trial.world.find("GET", each.shape)] or below
    thing = trial.world.obtain(endpoint, trial.alice, fresh=True) if below else None
    if thing is None:
        return
    texts: list[str] = []
    for each in below:
        request = trial.world.build(each, trial.alice, thing.values)
        if request is not None and trial.world.call(each, trial.alice, request).succeeded:
            texts += texts_of(request, trial.alice)
    views = list(find_views(trial, thing, texts)) if texts else []
    request = trial.world.build(endpoint, trial.alice, thing.values)
    if request is None:
        return
    signed = trial.world.sign(endpoint, trial.alice, request)
    attack = "the deletion of an object with others below it"
    is_gone = trial.send(endpoint, "deletion", attack, signed).succeeded
    trial.alice.things.pop(thing.prefix, None)
    if not is_gone:
        return
    for other in list(trial.reached()):
        is_below = other.method == "GET" and other.shape in {each.shape for each in below}
        if is_below and not is_reviving(other):
            _use(trial, other, thing.values)
    # What has a path of its own may live on without what it lay below.
    level = Level.SHOULD if _have_own_paths(trial, below) else Level.MUST
    for other, looking in views:
        answer = trial.send(other, "deletion", "a view after the deletion of what was above", looking)
        if answer.succeeded and any(each in answer.text for each in texts):
            text = "shows what was below an object that was deleted"
            trial.ledger.blame(other, "deletion", text, text=text, request=looking, level=level)


def _have_own_paths(trial: Trial, below: list[Endpoint]) -> bool:
    nouns = {noun_at(f"{each.shape}/{{}}") for each in below}
    return any(
        noun_at(each.shape) in nouns
        for each in trial.surface.endpoints
        if prefixes(each.path) == [each.shape]
    )


def _name(trial: Trial, endpoint: Endpoint, named: dict[str, tuple[object, ...]]) -> None:
    """Name deleted objects wherever others of their kind are named, outside of paths."""
    alice = trial.alice
    absent = {prefix: tuple(make_absent(each, 0) for each in values) for prefix, values in named.items()}
    for other in list(trial.reached()):
        if other is endpoint or not set(trial.uses.get(other.id, ())) & set(named):
            continue
        found = []
        for each in (named, absent):
            plain = trial.world.build(other, impersonate(trial, alice, each))
            if plain is not None:
                used = trial.world.sign(other, alice, plain)
                found.append((used, trial.send(other, "deletion", "the id of a deleted object", used)))
        if len(found) == len((named, absent)) and found[0][1].succeeded and not found[1][1].succeeded:
            text = f"answered {found[0][1].status} for an object that was deleted"
            trial.blame(other, "deletion", text, found[0][0])


def _use(trial: Trial, endpoint: Endpoint, values: tuple[object, ...]) -> None:
    request = trial.world.build(endpoint, trial.alice, values)
    if request is None:
        return
    signed = trial.world.sign(endpoint, trial.alice, request)
    answer = trial.send(endpoint, "deletion", "the id of a deleted object", signed)
    if not answer.succeeded:
        return
    absent = trial.world.build(endpoint, trial.alice, (*values[:-1], make_absent(values[-1], 0)))
    if absent and not trial.client.send(trial.world.sign(endpoint, trial.alice, absent)).succeeded:
        trial.blame(endpoint, "deletion", f"answered {answer.status} for an object that was deleted", signed)
