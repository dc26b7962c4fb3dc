"""Mass assignment: members that the caller may not set, such as owner, role and id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import ENVELOPE_MEMBERS, MOMENTS, OWNER_MEMBERS, PRIVILEGE_MEMBERS, snake
from specwitness.fuzz.checks.registry import Check

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.session.context import Context

    Members = dict[str, Any]


_FAR = 1_000_000


def check_assignment(context: Context, endpoint: Endpoint) -> None:
    """Send members that the contract does not let the caller set, and see whether they took effect."""
    schema, normal = endpoint.body_schema, _object(context.alice.responses.get(endpoint.id))
    if schema is None or type_of(schema) != "object" or not (endpoint.media or "").endswith("json"):
        return
    _try_below(context, endpoint, normal)
    extras = _find_extras(context, endpoint, normal)
    if not extras:
        return
    if _try(context, endpoint, extras | _generic(context, extras, schema), normal):
        return
    # A service that refuses `role` refuses the whole body: `owner_id` is then tried alone.
    for name, value in extras.items():
        if not _is_moment(name):
            _try(context, endpoint, {name: value}, normal)


def _find_extras(context: Context, endpoint: Endpoint, normal: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: resolve(property_schema, endpoint.document)
        for name, property_schema in (endpoint.body_schema or {}).get("properties", {}).items()
    }
    settable = {name for name, property_schema in properties.items() if not property_schema.get("readOnly")}
    known = endpoint.response_properties()
    extras: dict[str, Any] = {}
    for name in dict.fromkeys([*normal, *known]):
        if name in settable or (normal and name not in normal):
            continue
        extras[name] = _alter(name, normal.get(name), known.get(name, {}), context)
    extras |= {
        name: _alter(name, None, property_schema, context)
        for name, property_schema in properties.items()
        if property_schema.get("readOnly")
    }
    for name, member in properties.items():
        # Responses have `status: draft | approved`, bodies only `draft`: the caller may not send `approved`.
        shown_states = known.get(name, {}).get("enum", ()) if member.get("enum") else ()
        others = [
            state
            for state in shown_states
            if state not in member["enum"] and state not in [normal.get(name), None]
        ]
        extras |= {name: others[0]} if others else {}
    return {name: value for name, value in extras.items() if value is not None}


def _try_below(context: Context, endpoint: Endpoint, normal: dict[str, Any]) -> None:
    """Send such members in objects inside the body: `price` in the items of an order."""
    for name, value in (endpoint.body_schema or {}).get("properties", {}).items():
        member = resolve(value, endpoint.document)
        inner = resolve(member.get("items", {}), endpoint.document) if type_of(member) == "array" else member
        shown = _first_object(normal.get(name))
        if not shown or not inner.get("properties"):
            continue
        extras = {
            key: altered
            for key, item_value in shown.items()
            if key not in inner["properties"]
            and (altered := _alter(key, item_value, {}, context)) is not None
        }
        request = context.request(endpoint, context.alice) if extras else None
        body = request.read_json() if request else None
        nested = _first_object(body.get(name)) if isinstance(body, dict) else None
        if request is None or not nested:
            continue
        nested.update(extras)
        signed = request.with_json(body)
        response = context.send(endpoint, "assignment", f"members {', '.join(extras)} in {name}", signed)
        taken = _first_object(_object(response).get(name)) or {}
        if taken or not response.succeeded:
            context.judged(endpoint, "assignment")
        for key, item in extras.items():
            if response.succeeded and taken.get(key) == item:
                text = f"takes `{key}` in `{name}`, which is not the caller's to set"
                context.report(endpoint, "assignment", text, signed)


def _first_object(value: Any) -> dict[str, Any] | None:
    """Give an object unchanged; of a list, its first object."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else None


def _generic(context: Context, extras: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    taken = {*extras, *schema.get("properties", {})}
    subject = context.bob.identity.subject if context.bob else None
    owners = dict.fromkeys(("user_id", "owner_id", "owner"), subject) if subject else {}
    return {name: value for name, value in {**owners, **PRIVILEGE_MEMBERS}.items() if name not in taken}


def _alter(name: str, value: Any, schema: dict[str, Any], context: Context) -> Any:
    """Make a different value of the same type, such as bob's id for an owner; None if there is none."""
    if name in OWNER_MEMBERS and context.bob and (subject := context.bob.identity.subject):
        # The owner may be an object: `{"owner": {"id": 7, "name": "Ann"}}`.
        alice_subject = context.alice.identity.subject
        if isinstance(value, dict):
            return {key: subject if item == alice_subject else item for key, item in value.items()}
        return subject
    if snake(name) in PRIVILEGE_MEMBERS and not schema.get("enum"):
        return PRIVILEGE_MEMBERS[snake(name)]
    if schema.get("enum"):
        return next((item for item in reversed(schema["enum"]) if item not in {value, None}), None)
    return _alter_kind(value, schema, context)


def _alter_kind(value: Any, schema: dict[str, Any], context: Context) -> Any:
    kind = type_of(schema)
    if isinstance(value, bool) or kind == "boolean":
        return not value
    if isinstance(value, int | float) or kind in {"integer", "number"}:
        return (value or 0) + min(_FAR, schema.get("maximum", _FAR))
    if kind in {"array", "object"} or isinstance(value, list | dict):
        return None
    made = context.alice.maker.make(
        {key: item for key, item in schema.items() if key != "readOnly"} or {"type": "string"}
    )
    return made if made != value else None


def _try(context: Context, endpoint: Endpoint, extras: dict[str, Any], normal: dict[str, Any]) -> bool:
    """Send a body with extra members, and judge the response. Returns whether it was a 2xx."""
    request = context.request(endpoint, context.alice)
    body = request.read_json() if request else None
    if request is None or not isinstance(body, dict):
        return False
    signed = request.with_json({**body, **extras})
    response = context.send(endpoint, "assignment", f"members {', '.join(extras)}", signed)
    if not response.succeeded:
        context.judged(endpoint, "assignment")
        return False
    if _object(response):
        context.judged(endpoint, "assignment")
    else:
        context.note_lack(endpoint, "assignment", "its response holds no object that would show a member")
    _judge_values(context, endpoint, (signed, response), extras=extras, normal=normal)
    _judge_owner(context, endpoint, (signed, response))
    return True


def _judge_values(
    context: Context,
    endpoint: Endpoint,
    exchange: tuple[Request, Response],
    *,
    extras: Members,
    normal: Members,
) -> None:
    request, response = exchange
    shown = _object(response)
    is_open = bool((endpoint.body_schema or {}).get("additionalProperties"))
    for name, value in extras.items():
        is_new = name not in normal and (is_open or name not in PRIVILEGE_MEMBERS)
        is_taken = name in shown and shown[name] == value and normal.get(name, ...) != value and not is_new
        if is_taken and _follows(context, endpoint, name, normal.get(name)):
            text = f"takes `{name}`, which is not the caller's to set"
            context.report(endpoint, "assignment", text, request)


def _follows(context: Context, endpoint: Endpoint, name: str, other: Any) -> bool:
    """Send the flag's other value too, and check that the response shows it.

    A service may change a flag by itself, such as `is_new`: then the response does not follow the request.
    """
    if not isinstance(other, bool):
        return True
    request = context.request(endpoint, context.alice)
    body = request.read_json() if request else None
    if request is None or not isinstance(body, dict):
        return True
    response = context.client.send(request.with_json({**body, name: other}))
    return not response.succeeded or _object(response).get(name, other) == other


def _judge_owner(context: Context, endpoint: Endpoint, exchange: tuple[Request, Response]) -> None:
    """Report an object that alice can no longer read, and bob can: its owner was changed."""
    request, response = exchange
    shape = endpoint.shape
    prefix = shape if shape.endswith("{}") else f"{shape}/{{}}"
    reader = context.builder.find("GET", prefix)
    if reader is None or reader.id not in context.succeeded or context.bob is None:
        return
    values = _values_of(context, endpoint, reader, response)
    unsigned = context.builder.build(reader, context.alice, values) if values else None
    if unsigned is None:
        return
    as_alice = context.client.send(context.builder.sign(reader, context.alice, unsigned))
    if as_alice.succeeded:
        return
    as_bob = context.client.send(context.builder.sign(reader, context.bob, unsigned))
    context.judged(endpoint, "assignment")
    if as_bob.succeeded:
        context.report(endpoint, "assignment", "gives the object to another user", request)
        context.alice.objects.pop(prefix, None)


def _values_of(
    context: Context, endpoint: Endpoint, reader: Endpoint, response: Response
) -> tuple[Any, ...] | None:
    if endpoint.last_collection == reader.last_collection:
        stored = context.alice.objects.get(reader.last_collection)
        return stored.values if stored else None
    found = context.builder.read_made(reader, response)
    stored = context.builder.obtain(endpoint, context.alice) if endpoint.path_names else None
    return (*(stored.values if stored else ()), found) if found is not None else None


def _object(response: Response | None) -> dict[str, Any]:
    value = response.json() if response else None
    if isinstance(value, dict):
        # `{"message": "made", "note": {…}}` holds the new object in a member.
        inner = [item for item in value.values() if isinstance(item, dict)]
        rest = [name for name, item in value.items() if not isinstance(item, dict)]
        return (
            {**inner[0], **value}
            if len(inner) == 1 and all(name in ENVELOPE_MEMBERS for name in rest)
            else value
        )
    return {}


def _is_moment(name: str) -> bool:
    return MOMENTS.ends(name) or name in MOMENTS


CHECKS = (
    Check(
        name="assignment",
        order=40,
        title="takes no member that is not the caller's to set",
        tries=(
            "alice sets members that are not hers to set, in the body and in the objects inside it: "
            "the owner, a role, the id, a state, and every other member that only responses have"
        ),
        requirements="the service sets owner and role itself",
        fits=lambda context, endpoint: context.is_ordinary(endpoint),
        run=check_assignment,
    ),
)
