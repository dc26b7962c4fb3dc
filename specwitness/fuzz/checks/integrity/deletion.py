"""What was deleted is gone: for every operation, and from the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.api.purpose import noun_at
from specwitness.fuzz.api.words import same_noun
from specwitness.fuzz.checks.integrity.deletion_traces import (
    find_views,
    is_listed,
    read_children,
    read_id_traces,
    read_traces,
)
from specwitness.fuzz.checks.isolation.two_users import impersonate, make_absent, texts_of
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.session.api_keys import find_key
from specwitness.fuzz.session.baseline import spend
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
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
    signed = trial.request(endpoint, alice, thing.values) if thing else None
    if thing is None or signed is None or not thing.is_created:
        trial.lack(endpoint, "deletion", "no object of the run's own could be made to be deleted")
        return
    traces = read_traces(thing, alice)
    views = list(find_views(trial, thing, traces))
    children = list(read_children(trial, endpoint, thing, traces))
    key = find_key(trial, thing.answer, alice) if endpoint.is_of_keys else None
    if key:
        trial.ledger.redaction.hide(alice.name, [key.value])
    deleted = trial.prepare(endpoint, signed)
    if not deleted.succeeded:
        trial.lack(endpoint, "deletion", f"the deletion was refused with {deleted.status}")
        return
    looked = 0
    alice.things.pop(thing.prefix, None)
    for other in list(trial.reached()):
        is_of_it = other.last_collection == thing.prefix and other.method != "DELETE"
        if is_of_it and not other.keeps_deleted(thing.prefix):
            looked += _use(trial, other, thing.values)
    for other, looking in views:
        answer = trial.send(other, "deletion", "a view after a deletion", looking)
        trial.judged(other, "deletion")
        looked += 1
        if answer.succeeded and is_listed(answer, read_id_traces(thing, traces)):
            trial.blame(other, "deletion", "shows an object that was deleted", looking)
    is_key_taken = key and trial.send(key.probe, "deletion", "a key that was deleted", key.request).succeeded
    looked += bool(key)
    if key and is_key_taken:
        text = f"succeeds, and {key.probe.operation.name} takes the key as before"
        trial.blame(endpoint, "deletion", text, key.request)
    _look_at_children(trial, children, traces)
    looked += len(children) + _name(trial, endpoint, {thing.prefix: thing.values})
    _note_looks(trial, endpoint, deleted, looked)
    alice.things.pop(thing.prefix, None)


def _note_looks(trial: Trial, endpoint: Endpoint, deleted: Answer, looked: int) -> None:
    """Count a deletion as a case only if something was looked at after it."""
    if looked:
        trial.ledger.count(endpoint, "deletion", "the deletion", deleted.status)
        trial.judged(endpoint, "deletion")
    else:
        trial.lack(endpoint, "deletion", "no operation shows or uses the object after its deletion")


def _look_at_children(trial: Trial, children: list[Child], traces: list[str]) -> None:
    for other, looking, texts in children:
        answer = trial.send(other, "deletion", "what was made of a deleted object", looking)
        trial.judged(other, "deletion")
        if answer.succeeded and any(value in answer.text for value in traces):
            trial.blame(other, "deletion", "still shows an object that was deleted", looking)
        elif answer.succeeded and any(value in answer.text for value in texts):
            text = "still shows what was below an object that was deleted"
            trial.ledger.blame(other, "deletion", text, text=text, request=looking, level=Level.SHOULD)


def check_named_deletion(trial: Trial, endpoint: Endpoint) -> None:
    """Delete a new object whose id is in no path, and use it everywhere."""
    if not is_named_deletion(trial, endpoint):
        return
    alice = trial.alice
    spend(endpoint, alice)
    signed = trial.request(endpoint, alice)
    things = {user: alice.things[user] for user in alice.used if user in alice.things}
    named = {prefix: stored.values for prefix, stored in things.items()}
    if signed is None or not named:
        return
    traces = {prefix: read_traces(stored, alice) for prefix, stored in things.items()}
    views = [
        (traces[prefix], *view)
        for prefix, stored in things.items()
        for view in find_views(trial, stored, traces[prefix])
    ]
    deleted = trial.prepare(endpoint, signed)
    if not deleted.succeeded:
        trial.lack(endpoint, "deletion", f"the deletion was refused with {deleted.status}")
        return
    for texts, other, looking in views:
        answer = trial.send(other, "deletion", "a view after a deletion", looking)
        trial.judged(other, "deletion")
        if answer.succeeded and is_listed(answer, texts):
            trial.blame(other, "deletion", "shows an object that was deleted", looking)
    looked = len(views) + _name(trial, endpoint, named)
    _note_looks(trial, endpoint, deleted, looked)
    spend(endpoint, alice)


def is_named_deletion(trial: Trial, endpoint: Endpoint) -> bool:
    """Tell whether an operation deletes an object whose id is in no path."""
    return endpoint.is_deleting and not endpoint.names_object and bool(trial.uses.get(endpoint.id))


def _delete_full(trial: Trial, endpoint: Endpoint) -> None:
    """Delete an object with others below it: what is documented for an empty one has to hold for it too."""
    below = [
        operation
        for operation in trial.reached()
        if operation.method == "POST"
        and operation.shape.startswith(f"{endpoint.shape}/")
        and len(operation.path_names) == len(endpoint.path_names)
    ]
    # An action leaves nothing below, and may bring the object into a state in which it cannot be deleted.
    below = [creator for creator in below if trial.world.find("GET", creator.shape)] or below
    thing = trial.world.obtain(endpoint, trial.alice, fresh=True) if below else None
    if thing is None:
        return
    texts: list[str] = []
    for maker in below:
        exchange = trial.call(maker, trial.alice, thing.values)
        if exchange and exchange.answer.succeeded:
            texts += texts_of(exchange.request, trial.alice)
    views = list(find_views(trial, thing, texts)) if texts else []
    signed = trial.request(endpoint, trial.alice, thing.values)
    if signed is None:
        return
    is_gone = trial.prepare(endpoint, signed).succeeded
    trial.alice.things.pop(thing.prefix, None)
    if not is_gone:
        return
    for other in list(trial.reached()):
        is_below = other.method == "GET" and other.shape in {creator.shape for creator in below}
        if is_below and not other.keeps_deleted(thing.prefix):
            _use(trial, other, thing.values, texts)
    # What has a path of its own may live on without what it lay below.
    level = Level.SHOULD if _have_own_paths(trial, below) else Level.MUST
    for other, looking in views:
        answer = trial.send(other, "deletion", "a view after the deletion of what was above", looking)
        trial.judged(other, "deletion")
        if answer.succeeded and any(value in answer.text for value in texts):
            text = "shows what was below an object that was deleted"
            trial.ledger.blame(other, "deletion", text, text=text, request=looking, level=level)


def _have_own_paths(trial: Trial, below: list[Endpoint]) -> bool:
    nouns = [noun_at(f"{maker.shape}/{{}}") for maker in below]
    return any(
        any(same_noun(noun_at(endpoint.shape), noun) for noun in nouns)
        for endpoint in trial.surface.endpoints
        if endpoint.collections == (endpoint.shape,)
    )


def _name(trial: Trial, endpoint: Endpoint, named: dict[str, tuple[object, ...]]) -> int:
    """Name deleted objects wherever others of their kind are named, outside of paths.

    Returns:
        How many operations told something.
    """
    alice, looked = trial.alice, 0
    absent = {prefix: tuple(make_absent(value, 0) for value in values) for prefix, values in named.items()}
    for other in list(trial.reached()):
        if other is endpoint or not set(trial.uses.get(other.id, ())) & set(named):
            continue
        found = []
        for collection in (named, absent):
            case = Case("deletion", "the id of a deleted object")
            found.append(trial.call(other, impersonate(trial, alice, collection), case=case))
        used, reference = found
        if used and reference and not (used.answer.succeeded and reference.answer.succeeded):
            trial.judged(other, "deletion")
            looked += 1
        if used and reference and used.answer.succeeded and not reference.answer.succeeded:
            text = f"answered {used.answer.status} for an object that was deleted"
            trial.blame(other, "deletion", text, used.request)
    return looked


def _use(trial: Trial, endpoint: Endpoint, values: tuple[object, ...], texts: Sequence[str] = ()) -> bool:
    """Use a deleted object; texts are what lay below it, and may not be shown either.

    Returns:
        Whether the response told something: an operation may take any id, deleted or not.
    """
    attack = "the id of a deleted object"
    exchange = trial.call(endpoint, trial.alice, values, case=Case("deletion", attack))
    if exchange is None:
        return False
    if not exchange.answer.succeeded:
        trial.judged(endpoint, "deletion")
        return True
    absent = trial.call(endpoint, trial.alice, (*values[:-1], make_absent(values[-1], 0)))
    if absent is not None and not absent.answer.succeeded:
        text = f"answered {exchange.answer.status} for an object that was deleted"
    elif any(text in exchange.answer.text for text in texts):
        text = "shows what was below an object that was deleted"
    else:
        return False
    trial.judged(endpoint, "deletion")
    trial.blame(endpoint, "deletion", text, exchange.request)
    return True


CHECKS = (
    Check(
        name="deletion",
        order=50,
        title="for what was deleted",
        tries=(
            "a deleted object is still there: for any operation, in lists, searches and exports, or "
            "below it; what was made of it still works, such as a link. A deleted key still opens "
            "something"
        ),
        requirements="deleted data is gone",
        fits=lambda trial, endpoint: (
            trial.is_ordinary(endpoint) and endpoint.method == "DELETE" and endpoint.path.endswith("}")
        ),
        run=check_deletion,
    ),
    Check(
        name="deletion",
        order=51,
        fits=lambda trial, endpoint: (
            trial.is_ordinary(endpoint) and not endpoint.names_object and not endpoint.is_safe
        ),
        run=check_named_deletion,
    ),
)
