"""Members that are not the caller's to set: owner, role, id, and all that only answers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.schema import resolve, type_of
from specwitness.fuzz.api.words import ENVELOPE_MEMBERS, MOMENTS, OWNER_MEMBERS, PRIVILEGE_MEMBERS, snake
from specwitness.fuzz.checks.registry import Check

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.session.context import Trial

    Members = dict[str, Any]


_FAR = 1_000_000


def check_assignment(trial: Trial, endpoint: Endpoint) -> None:
    """Send members that the contract does not let the caller set, and see whether they took effect."""
    schema, normal = endpoint.body_schema, _object(trial.alice.answers.get(endpoint.id))
    if schema is None or type_of(schema) != "object" or not (endpoint.media or "").endswith("json"):
        return
    _try_below(trial, endpoint, normal)
    extras = _find_extras(trial, endpoint, normal)
    if not extras:
        return
    if _try(trial, endpoint, extras | _generic(trial, extras, schema), normal):
        return
    # One member that is refused would hide the others.
    for name, value in extras.items():
        if not _is_moment(name):
            _try(trial, endpoint, {name: value}, normal)


def _find_extras(trial: Trial, endpoint: Endpoint, normal: dict[str, Any]) -> dict[str, Any]:
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
        extras[name] = _alter(name, normal.get(name), known.get(name, {}), trial)
    extras |= {
        name: _alter(name, None, property_schema, trial)
        for name, property_schema in properties.items()
        if property_schema.get("readOnly")
    }
    for name, member in properties.items():
        # A state that answers know and bodies do not is set by others.
        several = known.get(name, {}).get("enum", ()) if member.get("enum") else ()
        others = [one for one in several if one not in member["enum"] and one not in [normal.get(name), None]]
        extras |= {name: others[0]} if others else {}
    return {name: value for name, value in extras.items() if value is not None}


def _try_below(trial: Trial, endpoint: Endpoint, normal: dict[str, Any]) -> None:
    """Send such members in the objects that a body holds: the price of an order's item."""
    for name, value in (endpoint.body_schema or {}).get("properties", {}).items():
        member = resolve(value, endpoint.document)
        inner = resolve(member.get("items", {}), endpoint.document) if type_of(member) == "array" else member
        shown = _first_object(normal.get(name))
        if not shown or not inner.get("properties"):
            continue
        extras = {
            key: altered
            for key, entry in shown.items()
            if key not in inner["properties"] and (altered := _alter(key, entry, {}, trial)) is not None
        }
        request = trial.request(endpoint, trial.alice) if extras else None
        body = request.read_json() if request else None
        held = _first_object(body.get(name)) if isinstance(body, dict) else None
        if request is None or not held:
            continue
        held.update(extras)
        signed = request.with_json(body)
        answer = trial.send(endpoint, "assignment", f"members {', '.join(extras)} in {name}", signed)
        taken = _first_object(_object(answer).get(name)) or {}
        if taken or not answer.succeeded:
            trial.judged(endpoint, "assignment")
        for key, item in extras.items():
            if answer.succeeded and taken.get(key) == item:
                text = f"takes `{key}` in `{name}`, which is not the caller's to set"
                trial.blame(endpoint, "assignment", text, signed)


def _first_object(value: Any) -> dict[str, Any] | None:
    """Give an object as it is, and the first one of a list."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else None


def _generic(trial: Trial, extras: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    taken = {*extras, *schema.get("properties", {})}
    subject = trial.bob.identity.subject if trial.bob else None
    owners = dict.fromkeys(("user_id", "owner_id", "owner"), subject) if subject else {}
    return {name: value for name, value in {**owners, **PRIVILEGE_MEMBERS}.items() if name not in taken}


def _alter(name: str, value: Any, schema: dict[str, Any], trial: Trial) -> Any:
    """Give another value of the kind that a member has; None where there is none."""
    if name in OWNER_MEMBERS and trial.bob and (subject := trial.bob.identity.subject):
        # The owner may be told with more than the id.
        own = trial.alice.identity.subject
        if isinstance(value, dict):
            return {key: subject if item == own else item for key, item in value.items()}
        return subject
    if snake(name) in PRIVILEGE_MEMBERS and not schema.get("enum"):
        return PRIVILEGE_MEMBERS[snake(name)]
    if schema.get("enum"):
        return next((item for item in reversed(schema["enum"]) if item not in {value, None}), None)
    return _alter_kind(value, schema, trial)


def _alter_kind(value: Any, schema: dict[str, Any], trial: Trial) -> Any:
    kind = type_of(schema)
    if isinstance(value, bool) or kind == "boolean":
        return not value
    if isinstance(value, int | float) or kind in {"integer", "number"}:
        return (value or 0) + min(_FAR, schema.get("maximum", _FAR))
    if kind in {"array", "object"} or isinstance(value, list | dict):
        return None
    made = trial.alice.maker.make(
        {key: item for key, item in schema.items() if key != "readOnly"} or {"type": "string"}
    )
    return made if made != value else None


def _try(trial: Trial, endpoint: Endpoint, extras: dict[str, Any], normal: dict[str, Any]) -> bool:
    """Send members, and judge what came; tell whether they were taken at all."""
    request = trial.request(endpoint, trial.alice)
    body = request.read_json() if request else None
    if request is None or not isinstance(body, dict):
        return False
    signed = request.with_json({**body, **extras})
    answer = trial.send(endpoint, "assignment", f"members {', '.join(extras)}", signed)
    if not answer.succeeded:
        trial.judged(endpoint, "assignment")
        return False
    if _object(answer):
        trial.judged(endpoint, "assignment")
    else:
        trial.lack(endpoint, "assignment", "its response holds no object that would show a member")
    _judge_values(trial, endpoint, (signed, answer), extras=extras, normal=normal)
    _judge_owner(trial, endpoint, (signed, answer))
    return True


def _judge_values(
    trial: Trial, endpoint: Endpoint, exchange: tuple[Request, Answer], *, extras: Members, normal: Members
) -> None:
    request, answer = exchange
    shown = _object(answer)
    is_open = bool((endpoint.body_schema or {}).get("additionalProperties"))
    for name, value in extras.items():
        is_new = name not in normal and (is_open or name not in PRIVILEGE_MEMBERS)
        is_taken = name in shown and shown[name] == value and normal.get(name, ...) != value and not is_new
        if is_taken and _follows(trial, endpoint, name, normal.get(name)):
            text = f"takes `{name}`, which is not the caller's to set"
            trial.blame(endpoint, "assignment", text, request)


def _follows(trial: Trial, endpoint: Endpoint, name: str, other: Any) -> bool:
    """Tell whether a flag is as it is sent: it may have changed of itself in the meantime."""
    if not isinstance(other, bool):
        return True
    request = trial.request(endpoint, trial.alice)
    body = request.read_json() if request else None
    if request is None or not isinstance(body, dict):
        return True
    answer = trial.client.send(request.with_json({**body, name: other}))
    return not answer.succeeded or _object(answer).get(name, other) == other


def _judge_owner(trial: Trial, endpoint: Endpoint, exchange: tuple[Request, Answer]) -> None:
    """See whether the object still is alice's, and not bob's."""
    request, answer = exchange
    shape = endpoint.shape
    prefix = shape if shape.endswith("{}") else f"{shape}/{{}}"
    reader = trial.world.find("GET", prefix)
    if reader is None or reader.id not in trial.succeeded or trial.bob is None:
        return
    values = _values_of(trial, endpoint, reader, answer)
    plain = trial.world.build(reader, trial.alice, values) if values else None
    if plain is None:
        return
    mine = trial.client.send(trial.world.sign(reader, trial.alice, plain))
    if mine.succeeded:
        return
    theirs = trial.client.send(trial.world.sign(reader, trial.bob, plain))
    trial.judged(endpoint, "assignment")
    if theirs.succeeded:
        trial.blame(endpoint, "assignment", "gives the object to another user", request)
        trial.alice.things.pop(prefix, None)


def _values_of(trial: Trial, endpoint: Endpoint, reader: Endpoint, answer: Answer) -> tuple[Any, ...] | None:
    if endpoint.last_collection == reader.last_collection:
        thing = trial.alice.things.get(reader.last_collection)
        return thing.values if thing else None
    found = trial.world.read_made(reader, answer)
    thing = trial.world.obtain(endpoint, trial.alice) if endpoint.path_names else None
    return (*(thing.values if thing else ()), found) if found is not None else None


def _object(answer: Answer | None) -> dict[str, Any]:
    value = answer.json() if answer else None
    if isinstance(value, dict):
        # What was made may stand in a member of its own, beside a message.
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
        fits=lambda trial, endpoint: trial.is_ordinary(endpoint),
        run=check_assignment,
    ),
)
