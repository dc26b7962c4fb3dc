"""Two users: what one owns, the other can neither read, change, delete nor tell from what is not there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from specwitness.fuzz.control import spend
from specwitness.fuzz.extraction import find_values
from specwitness.fuzz.fingerprint import differ, take_fingerprint
from specwitness.fuzz.seats import authorize, find_credentials
from specwitness.fuzz.things import Actor, Thing, prefixes

if TYPE_CHECKING:
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.trial import Trial
    from specwitness.fuzz.wire import Answer, Request

    Owned = dict[str, tuple[Any, ...]]
    Exchange = tuple[Request | None, Answer | None]

_NAMESPACE = UUID("0c4f1f0e-1a5b-4b3b-8f39-52d7f6a0f3f1")
_FAR = 900_001
_SHORTEST_ID = 6


def make_absent(value: Any, number: int) -> Any:
    """Make an id like another one, which nothing has."""
    if isinstance(value, int):
        return value + _FAR + number
    text = str(value)
    try:
        UUID(text)
    except ValueError:
        pass
    else:
        return str(uuid5(_NAMESPACE, f"{text} {number}"))
    if text.isdecimal():
        return str(int(text) + _FAR + number)
    # The same shape with other characters: the beginning often says what kind of id it is.
    return text[:-6] + "".join(_shift(each, number + 1) for each in text[-6:])


def _shift(character: str, by: int) -> str:
    for alphabet in ("0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"):
        if character in alphabet:
            return alphabet[(alphabet.index(character) + by) % len(alphabet)]
    return character


def impersonate(trial: Trial, bob: Actor, values: Owned, only: str | None = None) -> Actor:
    """Give bob with references to somebody's objects, by collection; in one member `only`, if it is named."""
    actor = Actor(bob.identity, replace(bob.maker))
    for prefix, each in values.items():
        actor.things[prefix] = Thing(prefix, each)
    theirs = trial.world.lookup_of(actor)
    own = trial.world.lookup_of(bob)
    bob.focus = None

    def look_up(name: str, schema: dict[str, Any]) -> Any:
        bob.focus = actor.focus
        return own(name, schema) if only is not None and name != only else theirs(name, schema)

    actor.maker.lookup = look_up
    return actor


def check_isolation(trial: Trial, endpoint: Endpoint) -> None:
    """Call an operation as bob with alice's ids: as if they did not exist, and nothing of hers changes."""
    bob = trial.bob
    if bob is None or endpoint.raw.get("x-shared"):
        return
    owned = _references(trial, endpoint)
    if not owned:
        return
    path = next((owned[each] for each in prefixes(endpoint.path)[-1:] if each in owned), ())
    _fill_list(trial, endpoint, path)
    before = [] if endpoint.is_safe else _observe(trial, endpoint, owned, path)
    state = trial.state() if trial.state and not endpoint.is_safe else None
    foreign, answer = _call_as(trial, endpoint, bob, owned, attack="another's id")
    changed_state = state is not None and trial.state is not None and trial.state() != state
    absents = [
        _call_as(trial, endpoint, bob, _absent(owned, number), attack="an absent id") for number in range(2)
    ]
    if foreign is not None and answer is not None:
        _judge(trial, endpoint, owned, foreign=(foreign, answer), absents=absents)
        _judge_change(trial, endpoint, (foreign, answer), before, changed_state=changed_state)
    _check_alternatives(trial, endpoint, bob, owned)
    _check_members(trial, endpoint, bob, owned)
    _check_nested(trial, endpoint, bob, owned)
    spend(trial, endpoint, trial.alice)


def _fill_list(trial: Trial, endpoint: Endpoint, values: tuple[Any, ...]) -> None:
    """Put something into a list below an object: an empty one looks like that of an absent object."""
    maker = trial.world.find("POST", endpoint.shape)
    if not endpoint.is_safe or maker is None or not values or maker.id not in trial.succeeded:
        return
    request = trial.world.build(maker, trial.alice, values)
    if request is not None:
        trial.client.send(trial.world.sign(maker, trial.alice, request))


def _check_alternatives(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
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
        if answer.succeeded and _shows(answer, trial.alice):
            text = f"as another user, by {credentials[0][0].scheme}, shows what is not theirs"
            trial.blame(endpoint, "isolation", text, signed)


def _check_members(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Name another's object in one member at a time: one that is checked hides one that is not."""
    trial.world.build(endpoint, trial.alice)
    names = dict(trial.alice.named)
    if len(names) < 2:  # noqa: PLR2004  # one was tried already
        return
    for name, prefix in names.items():
        if prefix not in owned:
            continue
        absent = {prefix: tuple(make_absent(each, 0) for each in owned[prefix])}
        reference = _call_as(trial, endpoint, bob, absent, attack=f"an absent id as {name}", only=name)[1]
        request, answer = _call_as(trial, endpoint, bob, owned, attack=f"another's id as {name}", only=name)
        if request is None or answer is None or reference is None:
            continue
        if answer.succeeded and not reference.succeeded:
            text = f"as another user, with another's id as {name}, answered {answer.status}"
            trial.blame(endpoint, "isolation", text, request)
        elif answer.status != reference.status:
            text = f"tells another's id as {name}: {answer.status}, not {reference.status}"
            trial.blame(endpoint, "existence", text, request)


def _references(trial: Trial, endpoint: Endpoint) -> Owned:
    """Give the objects of alice that a good call of hers names, by collection."""
    alice = trial.alice
    request = trial.world.build(endpoint, alice, fresh=not endpoint.is_safe and bool(endpoint.path_names))
    if request is None:
        return {}
    named = [*prefixes(endpoint.path), *alice.used]
    return {each: alice.things[each].values for each in named if each in alice.things}


def _observe(
    trial: Trial, endpoint: Endpoint, owned: Owned, path: tuple[Any, ...]
) -> list[tuple[Endpoint, Request, Answer]]:
    seen = trial.observe(endpoint, path)
    for prefix, values in owned.items():
        reader = trial.world.find("GET", prefix) or trial.world.find("GET", prefix.removesuffix("/{}"))
        if (
            reader is not None
            and reader.id in trial.succeeded
            and all(reader is not each for each, _, _ in seen)
        ):
            request = trial.world.build(reader, trial.alice, values[: len(reader.path_names)])
            if request is not None:
                signed = trial.world.sign(reader, trial.alice, request)
                seen.append((reader, signed, trial.client.send(signed)))
        for other in trial.readers_of(prefix):
            request = trial.world.build(other, trial.alice)
            if request is not None:
                signed = trial.world.sign(other, trial.alice, request)
                seen.append((other, signed, trial.client.send(signed)))
    return [each for each in seen if each[2].succeeded]


def _call_as(  # who, what, with what, and why
    trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned, *, attack: str, only: str | None = None
) -> Exchange:
    actor = impersonate(trial, bob, owned, only)
    path = next((owned[each] for each in prefixes(endpoint.path)[-1:] if each in owned), None)
    request = trial.world.build(endpoint, actor, path)
    if request is None:
        return None, None
    signed = trial.world.sign(endpoint, bob, request)
    return signed, trial.send(endpoint, "isolation", attack, signed)


def _absent(owned: Owned, number: int) -> Owned:
    return {prefix: tuple(make_absent(each, number) for each in values) for prefix, values in owned.items()}


def _judge(
    trial: Trial, endpoint: Endpoint, owned: Owned, *, foreign: Exchange, absents: list[Exchange]
) -> None:
    request, answer = foreign
    (_, first), (_, second) = absents
    if request is None or answer is None or first is None or second is None:
        return
    ids = [each for values in owned.values() for each in values]
    others = [make_absent(each, number) for each in ids for number in range(2)]
    echoes = [
        *ids,
        *others,
        *_texts(request, trial),
        *_texts(absents[0][0], trial),
        *_texts(absents[1][0], trial),
    ]
    prints = [take_fingerprint(each, echoes) for each in (answer, first, second)]
    places = differ(prints[0], prints[1]) - differ(prints[1], prints[2])
    if answer.status == 429 or not places:  # noqa: PLR2004  # too many requests: nothing is told
        return
    if answer.succeeded and not first.succeeded:
        text = f"as another user answered {answer.status}, and {first.status} for an id that is not there"
        trial.blame(endpoint, "isolation", text, request)
    elif answer.succeeded and _shows(answer, trial.alice):
        trial.blame(endpoint, "isolation", "as another user shows what is not theirs", request)
    else:
        place = min(places)
        came = "" if place != "status" else f" ({answer.status}, and {first.status})"
        text = f"tells another user's id from one that is not there: {place} differs{came}"
        trial.blame(endpoint, "existence", text, request)


def _judge_change(
    trial: Trial,
    endpoint: Endpoint,
    foreign: tuple[Request, Answer],
    before: list[tuple[Endpoint, Request, Answer]],
    *,
    changed_state: bool,
) -> None:
    request, answer = foreign
    change = trial.find_change(before)
    check = "isolation" if answer.succeeded else "side_effect"
    if change:
        text = f"as another user answered {answer.status}, and then {change[0]}"
        trial.blame(endpoint, check, text, request)
    elif changed_state and not answer.succeeded:
        text = f"as another user answered {answer.status}, and the stored state changed"
        trial.blame(endpoint, check, text, request)
    elif before:
        trial.ledger.tally(endpoint, "side_effect").attacks["another's id"] += 1


def _check_nested(trial: Trial, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call with an own parent and another's child: the parent is checked, and the child often is not."""
    shapes = prefixes(endpoint.path)
    if len(shapes) < 2 or shapes[-1] not in owned:  # noqa: PLR2004  # a parent and a child
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
        before = _observe(trial, endpoint, {shapes[-1]: values}, values)
    request, answer = _call_as(trial, endpoint, bob, owned, attack="an own parent and another's id")
    absent = {**owned, shapes[-1]: (*parents, make_absent(values[-1], 0))}
    reference = _call_as(trial, endpoint, bob, absent, attack="an own parent and an absent id")[1]
    if request is None or answer is None or reference is None:
        return
    if answer.succeeded and not reference.succeeded:
        text = f"as another user, under an own parent, answered {answer.status}, not {reference.status}"
        trial.blame(endpoint, "isolation", text, request)
    elif answer.status != reference.status:
        text = f"tells another's id under an own parent: {answer.status}, not {reference.status}"
        trial.blame(endpoint, "existence", text, request)
    _judge_change(trial, endpoint, (request, answer), before, changed_state=False)


def _shows(answer: Answer, owner: Actor) -> bool:
    return find_trace(answer, owner) is not None


def find_trace(answer: Answer, owner: Actor) -> str | None:
    """Say what of a user's an answer shows: a marker of theirs, or the id of an object that they made."""
    text = answer.text
    if owner.maker.marker in text:
        return "a text of theirs"
    ids = {each.values[-1] for each in owner.owned}
    long = {each for each in ids if isinstance(each, str) and len(each) >= _SHORTEST_ID}
    if any(each in text for each in long):
        return "the id of an object of theirs"
    return None


def _texts(request: Request | None, trial: Trial) -> list[str]:
    """Give the texts that the caller sent: they are echoed, and differ from call to call."""
    body = request.body if request else None
    if not body or trial.bob is None:
        return []
    marker = trial.bob.maker.marker
    try:
        value = json.loads(body)
    except ValueError:
        return []
    return [each for _, each in find_values(value) if isinstance(each, str) and marker in each]
