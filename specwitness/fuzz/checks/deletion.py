"""What was deleted is gone: for every operation, and from the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.checks.remains import (
    find_views,
    is_reviving,
    read_children,
    read_id_traces,
    read_traces,
)
from specwitness.fuzz.checks.strangers import impersonate, make_absent
from specwitness.fuzz.control import spend
from specwitness.fuzz.things import prefixes

if TYPE_CHECKING:
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.trial import Trial


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
    signed = trial.world.sign(endpoint, alice, request)
    if not trial.send(endpoint, "deletion", "the deletion", signed).succeeded:
        return
    alice.things.pop(thing.prefix, None)
    for other in list(trial.reached()):
        if (
            prefixes(other.path)[-1:] == [thing.prefix]
            and other.method != "DELETE"
            and not is_reviving(other)
        ):
            _use(trial, other, thing.values)
    for other, looking in views:
        answer = trial.send(other, "deletion", "a view after a deletion", looking)
        if answer.succeeded and any(each in answer.text for each in read_id_traces(thing, traces)):
            trial.blame(other, "deletion", "shows an object that was deleted", looking)
    for other, looking in children:
        answer = trial.send(other, "deletion", "what was made of a deleted object", looking)
        if answer.succeeded and any(each in answer.text for each in traces):
            trial.blame(other, "deletion", "still shows an object that was deleted", looking)
    alice.things.pop(thing.prefix, None)


def check_named_deletion(trial: Trial, endpoint: Endpoint) -> None:
    """Delete a new object whose id is in no path, and use it everywhere."""
    alice = trial.alice
    spend(trial, endpoint, alice)
    request = trial.world.build(endpoint, alice)
    named = {each: alice.things[each].values for each in alice.used if each in alice.things}
    if request is None or not named:
        return
    signed = trial.world.sign(endpoint, alice, request)
    if not trial.send(endpoint, "deletion", "the deletion", signed).succeeded:
        return
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
    spend(trial, endpoint, alice)


def is_named_deletion(trial: Trial, endpoint: Endpoint) -> bool:
    """Tell whether an operation deletes an object whose id is in no path."""
    last = endpoint.path.rstrip("/").rpartition("/")[2].lower()
    is_deleting = endpoint.method == "DELETE" or last.startswith(("delete", "remove", "destroy"))
    return is_deleting and not endpoint.path_names and bool(trial.uses.get(endpoint.id))


def _delete_full(trial: Trial, endpoint: Endpoint) -> None:
    """Delete an object with others below it: what is documented for an empty one has to hold for it too."""
    below = [
        each
        for each in trial.reached()
        if each.method == "POST"
        and each.shape.startswith(f"{endpoint.shape}/")
        and len(each.path_names) == len(endpoint.path_names)
    ]
    thing = trial.world.obtain(endpoint, trial.alice, fresh=True) if below else None
    if thing is None:
        return
    for each in below:
        request = trial.world.build(each, trial.alice, thing.values)
        if request is not None:
            trial.client.send(trial.world.sign(each, trial.alice, request))
    request = trial.world.build(endpoint, trial.alice, thing.values)
    if request is not None:
        signed = trial.world.sign(endpoint, trial.alice, request)
        trial.send(endpoint, "deletion", "the deletion of an object with others below it", signed)
    trial.alice.things.pop(thing.prefix, None)


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
