"""Deletion: every operation refuses a deleted object, and no list, search or export shows it."""

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
from specwitness.fuzz.results.severity import Severity
from specwitness.fuzz.session.api_keys import find_key
from specwitness.fuzz.session.baseline import forget_consumed
from specwitness.fuzz.session.context import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.session.context import Context

    Child = tuple[Endpoint, Request, list[str]]


def check_deletion(context: Context, endpoint: Endpoint) -> None:
    """Delete a new object, and look for it in every operation that used it or showed it.

    Args:
        context: The run.
        endpoint: A DELETE of one object.
    """
    alice = context.alice
    _delete_full(context, endpoint)
    stored = context.builder.obtain(endpoint, alice, fresh=True)
    signed = context.request(endpoint, alice, stored.values) if stored else None
    if stored is None or signed is None or not stored.is_created:
        context.note_lack(endpoint, "deletion", "no object of the run's own could be made to be deleted")
        return
    traces = read_traces(stored, alice)
    views = list(find_views(context, stored, traces))
    children = list(read_children(context, endpoint, stored, traces))
    key = find_key(context, stored.response, alice) if endpoint.is_of_keys else None
    if key:
        context.results.redaction.hide(alice.name, [key.value])
    deleted = context.prepare(endpoint, signed)
    if not deleted.succeeded:
        context.note_lack(endpoint, "deletion", f"the deletion was refused with {deleted.status}")
        return
    looked = 0
    alice.objects.pop(stored.prefix, None)
    for other in list(context.reached()):
        is_of_it = other.last_collection == stored.prefix and other.method != "DELETE"
        if is_of_it and not other.keeps_deleted(stored.prefix):
            looked += _use(context, other, stored.values)
    for other, looking in views:
        response = context.send(other, "deletion", "a view after a deletion", looking)
        context.judged(other, "deletion")
        looked += 1
        if response.succeeded and is_listed(response, read_id_traces(stored, traces)):
            context.report(other, "deletion", "shows an object that was deleted", looking)
    is_key_taken = (
        key and context.send(key.probe, "deletion", "a key that was deleted", key.request).succeeded
    )
    looked += bool(key)
    if key and is_key_taken:
        text = f"succeeds, and {key.probe.operation.name} takes the key as before"
        context.report(endpoint, "deletion", text, key.request)
    _look_at_children(context, children, traces)
    looked += len(children) + _name(context, endpoint, {stored.prefix: stored.values})
    _note_looks(context, endpoint, deleted, looked)
    alice.objects.pop(stored.prefix, None)


def _note_looks(context: Context, endpoint: Endpoint, deleted: Response, looked: int) -> None:
    """Count a deletion as a case only if at least one response after it was examined."""
    if looked:
        context.results.count(endpoint, "deletion", "the deletion", deleted.status)
        context.judged(endpoint, "deletion")
    else:
        context.note_lack(endpoint, "deletion", "no operation shows or uses the object after its deletion")


def _look_at_children(context: Context, children: list[Child], traces: list[str]) -> None:
    for other, looking, texts in children:
        response = context.send(other, "deletion", "an object made from a deleted one", looking)
        context.judged(other, "deletion")
        if response.succeeded and any(value in response.text for value in traces):
            context.report(other, "deletion", "still shows an object that was deleted", looking)
        elif response.succeeded and any(value in response.text for value in texts):
            text = "still shows objects below one that was deleted"
            context.results.report(
                other, "deletion", text, text=text, request=looking, severity=Severity.SHOULD
            )


def check_named_deletion(context: Context, endpoint: Endpoint) -> None:
    """Delete a new object that is named in the body, as in `POST /tags/delete`, and use its id elsewhere."""
    if not is_named_deletion(context, endpoint):
        return
    alice = context.alice
    forget_consumed(endpoint, alice)
    signed = context.request(endpoint, alice)
    objects = {user: alice.objects[user] for user in alice.used if user in alice.objects}
    named = {prefix: stored.values for prefix, stored in objects.items()}
    if signed is None or not named:
        return
    traces = {prefix: read_traces(stored, alice) for prefix, stored in objects.items()}
    views = [
        (traces[prefix], *view)
        for prefix, stored in objects.items()
        for view in find_views(context, stored, traces[prefix])
    ]
    deleted = context.prepare(endpoint, signed)
    if not deleted.succeeded:
        context.note_lack(endpoint, "deletion", f"the deletion was refused with {deleted.status}")
        return
    for texts, other, looking in views:
        response = context.send(other, "deletion", "a view after a deletion", looking)
        context.judged(other, "deletion")
        if response.succeeded and is_listed(response, texts):
            context.report(other, "deletion", "shows an object that was deleted", looking)
    looked = len(views) + _name(context, endpoint, named)
    _note_looks(context, endpoint, deleted, looked)
    forget_consumed(endpoint, alice)


def is_named_deletion(context: Context, endpoint: Endpoint) -> bool:
    """Tell whether an operation deletes an object whose id is in no path."""
    return endpoint.is_deleting and not endpoint.names_object and bool(context.uses.get(endpoint.id))


def _delete_full(context: Context, endpoint: Endpoint) -> None:
    """Delete an object that has others below it, such as a post with comments.

    The response has to be a documented one, and afterwards no view may show the comments.
    """
    below = [
        operation
        for operation in context.reached()
        if operation.method == "POST"
        and operation.shape.startswith(f"{endpoint.shape}/")
        and len(operation.path_names) == len(endpoint.path_names)
    ]
    # `POST /orders/{id}/pay` is an action: it creates nothing below the order, and a paid order may
    # refuse deletion. `POST /orders/{id}/items` has a GET beside it, and creates objects.
    below = [creator for creator in below if context.builder.find("GET", creator.shape)] or below
    stored = context.builder.obtain(endpoint, context.alice, fresh=True) if below else None
    if stored is None:
        return
    texts: list[str] = []
    for maker in below:
        exchange = context.call(maker, context.alice, stored.values)
        if exchange and exchange.response.succeeded:
            texts += texts_of(exchange.request, context.alice)
    views = list(find_views(context, stored, texts)) if texts else []
    signed = context.request(endpoint, context.alice, stored.values)
    if signed is None:
        return
    is_gone = context.prepare(endpoint, signed).succeeded
    context.alice.objects.pop(stored.prefix, None)
    if not is_gone:
        return
    for other in list(context.reached()):
        is_below = other.method == "GET" and other.shape in {creator.shape for creator in below}
        if is_below and not other.keeps_deleted(stored.prefix):
            _use(context, other, stored.values, texts)
    # `/comments/{id}` may outlive the post below which it was created.
    severity = Severity.SHOULD if _have_own_paths(context, below) else Severity.MUST
    for other, looking in views:
        response = context.send(other, "deletion", "a view after the deletion of the parent", looking)
        context.judged(other, "deletion")
        if response.succeeded and any(value in response.text for value in texts):
            text = "shows objects that were below a deleted one"
            context.results.report(other, "deletion", text, text=text, request=looking, severity=severity)


def _have_own_paths(context: Context, below: list[Endpoint]) -> bool:
    nouns = [noun_at(f"{maker.shape}/{{}}") for maker in below]
    return any(
        any(same_noun(noun_at(endpoint.shape), noun) for noun in nouns)
        for endpoint in context.surface.endpoints
        if endpoint.collections == (endpoint.shape,)
    )


def _name(context: Context, endpoint: Endpoint, named: dict[str, tuple[object, ...]]) -> int:
    """Send the ids of deleted objects in bodies and queries, such as `tag_id` of a new note.

    Returns:
        How many operations gave a response that could be compared.
    """
    alice, looked = context.alice, 0
    absent = {prefix: tuple(make_absent(value, 0) for value in values) for prefix, values in named.items()}
    for other in list(context.reached()):
        if other is endpoint or not set(context.uses.get(other.id, ())) & set(named):
            continue
        exchanges = []
        for collection in (named, absent):
            case = Case("deletion", "the id of a deleted object")
            exchanges.append(context.call(other, impersonate(context, alice, collection), case=case))
        with_deleted, reference = exchanges
        if (
            with_deleted
            and reference
            and not (with_deleted.response.succeeded and reference.response.succeeded)
        ):
            context.judged(other, "deletion")
            looked += 1
        if (
            with_deleted
            and reference
            and with_deleted.response.succeeded
            and not reference.response.succeeded
        ):
            text = f"answered {with_deleted.response.status} for an object that was deleted"
            context.report(other, "deletion", text, with_deleted.request)
    return looked


def _use(context: Context, endpoint: Endpoint, values: tuple[object, ...], texts: Sequence[str] = ()) -> bool:
    """Call an operation with the id of a deleted object.

    Args:
        context: The run.
        endpoint: The operation.
        values: The values of its path parameters.
        texts: Texts of objects that were below the deleted one. The response must not show them either.

    Returns:
        Whether the response could be compared: some operations accept any id, deleted or not.
    """
    attack = "the id of a deleted object"
    exchange = context.call(endpoint, context.alice, values, case=Case("deletion", attack))
    if exchange is None:
        return False
    if not exchange.response.succeeded:
        context.judged(endpoint, "deletion")
        return True
    absent = context.call(endpoint, context.alice, (*values[:-1], make_absent(values[-1], 0)))
    if absent is not None and not absent.response.succeeded:
        text = f"answered {exchange.response.status} for an object that was deleted"
    elif any(text in exchange.response.text for text in texts):
        text = "shows objects that were below a deleted one"
    else:
        return False
    context.judged(endpoint, "deletion")
    context.report(endpoint, "deletion", text, exchange.request)
    return True


CHECKS = (
    Check(
        name="deletion",
        order=50,
        title="for deleted objects",
        tries=(
            "a deleted object is still there: for any operation, in lists, searches and exports, or "
            "below it; an object made from it still works, such as a link. A deleted key still opens "
            "something"
        ),
        requirements="deleted data is gone",
        fits=lambda context, endpoint: (
            context.is_ordinary(endpoint) and endpoint.method == "DELETE" and endpoint.path.endswith("}")
        ),
        run=check_deletion,
    ),
    Check(
        name="deletion",
        order=51,
        fits=lambda context, endpoint: (
            context.is_ordinary(endpoint) and not endpoint.names_object and not endpoint.is_safe
        ),
        run=check_named_deletion,
    ),
)
