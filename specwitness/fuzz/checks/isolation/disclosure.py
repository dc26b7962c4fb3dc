"""Disclosure: lists, searches and exports show no object of another user, and do not depend on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import Endpoint, is_choice
from specwitness.fuzz.api.purpose import noun_at
from specwitness.fuzz.api.schema import Schema, resolve, type_of
from specwitness.fuzz.api.words import USERS, same_noun, snake
from specwitness.fuzz.checks.isolation.impersonation import Attempt, claim_identity, find_change_by_claim
from specwitness.fuzz.checks.isolation.options import describe_options, list_options, with_options
from specwitness.fuzz.checks.isolation.pages import find_next_pages, find_word, with_size
from specwitness.fuzz.checks.isolation.side_channels import (
    check_side_channels,
    find_makers_below,
    make_more,
    read_view,
)
from specwitness.fuzz.checks.isolation.two_users import find_trace
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.http.message import Request, Response, as_text
from specwitness.fuzz.requests.draft import Draft
from specwitness.fuzz.requests.responses import list_members
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.results.results import NO_SECOND_USER
from specwitness.fuzz.session.baseline import forget_consumed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

_OWN_OBJECTS = 2
_PLAIN_VIEW = "the caller's own view"


def check_disclosure(context: Context) -> None:
    """Read every list, search and export as bob, and look for alice's texts and ids."""
    bob = context.bob
    views = context.views()
    if bob is None:
        for endpoint in views:
            context.note_lack(endpoint, "disclosure", NO_SECOND_USER)
        return
    _populate(context, bob)
    telling = {endpoint.id for endpoint in views if _judge_view(context, endpoint, bob)}
    check_side_channels(context, views, bob)
    _check_reach(context, views, bob, telling)


def _judge_view(context: Context, endpoint: Endpoint, bob: Actor) -> bool:
    """Read a view as bob, and report texts and ids of alice.

    Returns:
        Whether the response depends on the caller, as that of `GET /notes`, and not of `GET /weather`.
    """
    # A view that shows alice no object of hers is no evidence: it could not show one to bob either.
    as_alice = read_view(context, endpoint, context.alice)
    shows_own = (
        as_alice is not None and as_alice[1].succeeded and find_trace(as_alice[1], context.alice) is not None
    )
    is_telling = shows_own
    if not shows_own:
        context.note_lack(endpoint, "disclosure", "it shows the owner nothing with a text or an id of hers")
    for attack, request, allowed in _requests(context, endpoint, bob):
        response = context.send(endpoint, "disclosure", attack, request, allowed=allowed)
        if shows_own:
            context.judged(endpoint, "disclosure")
        elif as_alice is not None and attack == _PLAIN_VIEW:
            is_telling = bool(differ(take_fingerprint(as_alice[1]), take_fingerprint(response)))
        trace = find_trace(response, context.alice, request) if response.succeeded else None
        if trace:
            context.report(endpoint, "disclosure", f"shows another user {trace}", request)
        # The service did not refuse the undocumented parameters: the attempt with headers alone adds nothing.
        if allowed and response.status not in allowed:
            break
    for attack, request in find_next_pages(context, endpoint, bob):
        response = context.send(endpoint, "disclosure", attack, request)
        if response.succeeded and (trace := find_trace(response, context.alice)):
            context.report(endpoint, "disclosure", f"shows another user {trace} on a later page", request)
    return is_telling


def _populate(context: Context, bob: Actor) -> None:
    """Create objects of each collection for both users, so that no list is empty."""
    for prefix in dict.fromkeys(shape for other in context.reached() for shape in other.collections):
        endpoint = next(other for other in context.reached() if prefix in other.collections)
        if endpoint.path_names and endpoint.last_collection == prefix:
            for _ in range(_OWN_OBJECTS):
                context.builder.obtain(endpoint, bob, fresh=True)
            context.builder.obtain(endpoint, context.alice, fresh=True)
    for operation in context.reached():
        if context.uses.get(operation.id):
            # Building a request creates the objects that it names outside of its path.
            for actor in (bob, context.alice):
                forget_consumed(operation, actor)
                context.builder.build(operation, actor)
    for maker in find_makers_below(context):
        # `POST /rooms/{id}/messages` makes messages, and no path names one: the loops above made none.
        if not maker.is_making:
            context.call(maker, context.alice)


def _requests(context: Context, endpoint: Endpoint, bob: Actor) -> list[Attempt]:
    """Give bob's requests: without parameters, with alice's texts and ids, and with her identity."""
    request = context.request(endpoint, bob)
    if request is None:
        return []
    plain = with_size(endpoint, request)
    found = [(_PLAIN_VIEW, plain)]
    texts = [
        parameter
        for parameter in endpoint.parameters
        if parameter.location == "query"
        and type_of(parameter.schema) == "string"
        and not parameter.schema.get("enum")
    ]
    for text_parameter in texts:
        marker = context.alice.maker.marker
        if endpoint.accepts(text_parameter.schema, marker):
            found.append(
                (
                    f"another's text for {text_parameter.name}",
                    plain.with_query(((text_parameter.name, marker),)),
                )
            )
        found += [
            (
                f"{text_parameter.name} of an object of another's",
                plain.with_query(((text_parameter.name, value),)),
            )
            for value in _find_shown(context.alice, text_parameter.name)
        ]
    found += _name_objects(context, endpoint, _with_word(endpoint, plain, context.alice))
    found += _with_options(endpoint, found)
    found += _search_by_body(context, endpoint, plain)
    subject = context.alice.identity.subject
    if subject is None:
        return [Attempt(*attempt) for attempt in found]
    people = [
        parameter
        for parameter in endpoint.parameters
        if parameter.location == "query" and _names_user(context, parameter.name)
    ]
    text = as_text(subject)
    found += [(f"another user for {user.name}", plain.with_query(((user.name, text),))) for user in people]
    claims = claim_identity(endpoint, plain, text) if text.isprintable() else ()
    return [
        *(Attempt(*attempt) for attempt in found),
        *(claim._replace(attack=f"the caller's own view, with {claim.attack}") for claim in claims),
    ]


def _find_referenced(owner: Actor, name: str, endpoint: Endpoint, schema: Schema) -> Any:
    """Find the value of a parameter in the owner's objects: `{"folder_id": 7}` gives 7 for `?folderId=`.

    Returns:
        The value; `...` if no object has a member of that name.
    """
    for stored in [*reversed(owner.owned), *owner.objects.values()] if snake(name).endswith("_id") else ():
        for key, value in list_members(stored.response.json() if stored.response else None):
            if snake(key) == snake(name) and value is not None and endpoint.accepts(schema, value):
                return value
    return ...


def _with_word(endpoint: Endpoint, plain: Request, owner: Actor) -> Request:
    """Put the owner's marker into a required search parameter, such as `q`; no change where there is none."""
    word = find_word(endpoint)
    if word is None or not word.required or not endpoint.accepts(word.schema, owner.maker.marker):
        return plain
    return plain.with_query(((word.name, owner.maker.marker),))


def _find_shown(owner: Actor, name: str) -> list[str]:
    """Find an owner's text by a parameter's name: `{"tags": ["alice-tag"]}` gives `alice-tag` for `tag`."""
    names = {snake(name), f"{snake(name)}s"}
    for stored in [*owner.objects.values(), *owner.owned[-_OWN_OBJECTS:]]:
        value = stored.response.json() if stored.response else None
        for key, member_value in list_members(value):
            values = member_value if isinstance(member_value, list) else [member_value]
            if snake(key) in names and values and isinstance(values[0], str) and owner.maker.is_in(values[0]):
                return [values[0]]
    return []


def _name_objects(context: Context, endpoint: Endpoint, plain: Request) -> list[tuple[str, Request]]:
    """Filter by an object of alice: `GET /payments?accountId=…`, or `?account=…`."""
    found, owner = [], context.alice
    for parameter in endpoint.parameters:
        if (
            parameter.location == "query"
            and not parameter.required
            and not _names_user(context, parameter.name)
        ):
            value = _find_referenced(owner, parameter.name, endpoint, parameter.schema)
            if value is ...:
                value = owner.maker.lookup(parameter.name, parameter.schema, Draft())
            if value is ... and not is_choice(parameter):
                noun = snake(parameter.name)
                known = (
                    known_object
                    for shape, known_object in owner.objects.items()
                    if same_noun(noun_at(shape), noun)
                )
                value = next(
                    (
                        known_object.values[-1]
                        for known_object in known
                        if endpoint.accepts(parameter.schema, known_object.values[-1])
                    ),
                    ...,
                )
            if value is not ...:
                request = plain.with_query(((parameter.name, as_text(value)),))
                found.append((f"another's object for {parameter.name}", request))
    return found


def _with_options(endpoint: Endpoint, found: list[tuple[str, Request]]) -> list[tuple[str, Request]]:
    """Repeat the last request with each option, such as `?format=csv`.

    It is the one with alice's texts or ids, if the operation has a parameter for them.
    """
    attack, request = found[-1] if len(found) > 1 else found[0]
    return [
        (f"{attack}, {describe_options(option)}", with_options(endpoint, request, option))
        for option in list_options(endpoint)
    ]


def _search_by_body(context: Context, endpoint: Endpoint, plain: Request) -> list[tuple[str, Request]]:
    schema = endpoint.body_schema
    body = plain.read_json()
    if schema is None or not isinstance(body, dict):
        return []
    marker = context.alice.maker.marker
    texts = [
        name
        for name, member in schema.get("properties", {}).items()
        if type_of(resolve(member, endpoint.document)) == "string" and endpoint.accepts(member, marker)
    ]
    if not texts:
        return []
    return [("another's text in the body", plain.with_json({**body, **dict.fromkeys(texts, marker)}))]


def _names_user(context: Context, name: str) -> bool:
    """Tell whether a parameter names a user.

    `user_id` does. `customer_id` does not if `POST /customers` exists: then customers are objects of users.
    """
    made = [noun_at(f"{maker.shape}/{{}}") for maker in context.reached() if maker.method == "POST"]
    return any(not any(same_noun(noun, other) for other in made) for noun in USERS.find_in(name))


def _check_reach(context: Context, views: list[Endpoint], bob: Actor, telling: set[str]) -> None:
    """Call operations that name no object, such as `POST /basket/clear`, as bob; report a change for alice.

    Args:
        context: The run.
        views: The operations that alice reads before and after.
        bob: The other user.
        telling: The ids of the views whose response depends on the caller. A view such as `GET /weather`
            is no evidence: it would not show a change.
    """
    for endpoint in context.reached():
        is_bare = not endpoint.names_object and not context.uses.get(endpoint.id) and not endpoint.is_ending
        if not is_bare or endpoint.is_reading or endpoint.is_safe or not endpoint.is_protected:
            continue
        make_more(context)
        _fill(context, endpoint)
        readings = [(view, exchange) for view, exchange in _read_own(context, views) if exchange[1].succeeded]
        signed = context.request(endpoint, bob)
        if signed is None:
            continue
        context.send(endpoint, "isolation", "a call for the caller's own objects", signed)
        before = [(view, *exchange) for view, exchange in readings]
        if any(view.id in telling or find_trace(response, context.alice) for view, (_, response) in readings):
            context.judged(endpoint, "isolation")
        else:
            context.note_lack(
                endpoint,
                "isolation",
                "no operation shows the owner the data that another user's call changes",
            )
        if change := context.find_change(before):
            context.report(endpoint, "isolation", f"called by another user, and then {change[0]}", signed)
        elif by_claim := find_change_by_claim(context, endpoint, signed, before):
            text = f"called by another user with {by_claim[0]}, and then {by_claim[1]}"
            context.report(endpoint, "isolation", text, by_claim[2])


def _fill(context: Context, endpoint: Endpoint) -> None:
    """Call PUT on the path before its DELETE: clearing an empty basket would show no change."""
    put = context.builder.find("PUT", endpoint.shape) if endpoint.is_deleting else None
    if put is not None and put.id in context.succeeded:
        context.call(put, context.alice)


def _read_own(context: Context, views: list[Endpoint]) -> Iterator[tuple[Endpoint, tuple[Request, Response]]]:
    """Read alice's views, and one new object of each collection, which a long list may show on page 2."""
    readers = [
        operation
        for operation in context.reached()
        if operation.method == "GET" and operation.collections == (operation.shape,)
    ]
    objects = [(reader, context.builder.obtain(reader, context.alice, fresh=True)) for reader in readers]
    wanted = [(view, ()) for view in views]
    wanted += [(reader, stored.values) for reader, stored in objects if stored]
    for endpoint, values in wanted:
        if exchange := read_view(context, endpoint, context.alice, values=values):
            yield endpoint, exchange


CHECKS = (
    Check(
        name="disclosure",
        order=100,
        title="shows nothing of another user",
        tries=(
            "lists, searches and exports show bob a text or an id of alice: with every option, with "
            "every filter, and on later pages. A response shows a secret, or personal data of others,"
            " that the contract does not name, or a member that is `writeOnly`"
        ),
        requirements="lists show only the caller's own data",
        scope=Scope.RUN,
        run_once=check_disclosure,
        reports=("existence",),
    ),
)
