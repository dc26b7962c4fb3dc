"""Lists, searches and exports show nothing of another user, and do not change with what another does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.strangers import find_trace
from specwitness.fuzz.control import is_ending, spend
from specwitness.fuzz.fingerprint import differ, take_fingerprint
from specwitness.fuzz.surface import resolve, type_of
from specwitness.fuzz.things import prefixes
from specwitness.fuzz.wire import as_text

if TYPE_CHECKING:
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.things import Actor
    from specwitness.fuzz.trial import Trial
    from specwitness.fuzz.wire import Answer, Request

_OWN_OBJECTS = 2


def find_views(trial: Trial) -> list[Endpoint]:
    """Give the operations that show many objects, or the caller's own: their path names no object."""
    return [
        each
        for each in trial.reached()
        if trial.reads_like(each)
        and each.security
        and not each.path_names
        and not each.raw.get("x-shared")
        and not trial.uses.get(each.id)
    ]


def check_disclosure(trial: Trial) -> None:
    """Read as bob what alice reads, before and after she makes something."""
    bob = trial.bob
    if bob is None:
        return
    views = find_views(trial)
    _populate(trial, bob)
    before = {each.id: [_read(trial, each, bob), _read_short(trial, each, bob)] for each in views}
    for endpoint in views:
        for attack, request in _requests(trial, endpoint, bob):
            answer = trial.send(endpoint, "disclosure", attack, request)
            trace = find_trace(answer, trial.alice) if answer.succeeded else None
            if trace:
                trial.blame(endpoint, "disclosure", f"shows another user {trace}", request)
    _check_influence(trial, views, before)
    _check_reach(trial, views, bob)


def _populate(trial: Trial, bob: Actor) -> None:
    """Give both users objects of each collection, so that lists have something to show."""
    for prefix in dict.fromkeys(shape for each in trial.reached() for shape in prefixes(each.path)):
        endpoint = next(each for each in trial.reached() if prefix in prefixes(each.path))
        if endpoint.path_names and prefixes(endpoint.path)[-1] == prefix:
            for _ in range(_OWN_OBJECTS):
                trial.world.obtain(endpoint, bob, fresh=True)
            trial.world.obtain(endpoint, trial.alice, fresh=True)
    for each in trial.reached():
        if trial.uses.get(each.id):
            # Objects whose ids are in no path are made by the way.
            for actor in (bob, trial.alice):
                spend(trial, each, actor)
                trial.world.build(each, actor)


def _read(trial: Trial, endpoint: Endpoint, actor: Actor) -> tuple[Request, Answer] | None:
    request = trial.world.build(endpoint, actor)
    if request is None:
        return None
    signed = trial.world.sign(endpoint, actor, request)
    return signed, trial.client.send(signed)


def _read_short(trial: Trial, endpoint: Endpoint, actor: Actor) -> tuple[Request, Answer] | None:
    """Read the shortest page but one: where pages are cut before they are filtered, it has gaps."""
    request = trial.world.build(endpoint, actor)
    if request is None or endpoint.parameter("limit", "query") is None:
        return None
    signed = trial.world.sign(endpoint, actor, request).with_query((("limit", "2"),))
    return signed, trial.client.send(signed)


def _requests(trial: Trial, endpoint: Endpoint, bob: Actor) -> list[tuple[str, Request]]:
    """Give bob's requests: plain, right after alice's; and with her texts in what is searched for."""
    _read(trial, endpoint, trial.alice)
    request = trial.world.build(endpoint, bob)
    if request is None:
        return []
    plain = trial.world.sign(endpoint, bob, request)
    found = [("the caller's own view", plain)]
    texts = [
        each
        for each in endpoint.parameters
        if each.location == "query" and type_of(each.schema) == "string" and not each.schema.get("enum")
    ]
    for each in texts:
        marker = trial.alice.maker.marker
        if endpoint.accepts(each.schema, marker):
            found.append((f"another's text for {each.name}", plain.with_query(((each.name, marker),))))
    found += _search_by_body(trial, endpoint, plain)
    subject = trial.alice.identity.subject
    if subject is None:
        return found
    people = [each for each in endpoint.parameters if each.location == "query" and _names_user(each.name)]
    text = as_text(subject)
    found += [(f"another user for {each.name}", plain.with_query(((each.name, text),))) for each in people]
    return found


def _search_by_body(trial: Trial, endpoint: Endpoint, plain: Request) -> list[tuple[str, Request]]:
    schema = endpoint.body_schema
    body = json.loads(plain.body or b"null") if (endpoint.media or "").endswith("json") else None
    if schema is None or not isinstance(body, dict):
        return []
    marker = trial.alice.maker.marker
    texts = [
        name
        for name, each in schema.get("properties", {}).items()
        if type_of(resolve(each, endpoint.document)) == "string" and endpoint.accepts(each, marker)
    ]
    if not texts:
        return []
    return [("another's text in the body", plain.with_json({**body, **dict.fromkeys(texts, marker)}))]


def _names_user(name: str) -> bool:
    return any(word in name.lower() for word in ("user", "owner", "account"))


def _check_influence(
    trial: Trial, views: list[Endpoint], before: dict[str, list[tuple[Request, Answer] | None]]
) -> None:
    """Let alice make objects, and see whether what bob reads tells of it: by count, order or header."""
    _make_more(trial)
    for endpoint, seen in ((each, one) for each in views for one in before[each.id]):
        if seen is None or not seen[1].succeeded:
            continue
        request, old = seen
        new = trial.send(endpoint, "existence", "what another user made", request)
        places = differ(take_fingerprint(old), take_fingerprint(new))
        if not places or find_trace(new, trial.alice):
            continue
        # Some answers differ each time: only what another making changes again, and waiting does not, counts.
        places -= differ(take_fingerprint(new), take_fingerprint(trial.client.send(request)))
        _make_more(trial)
        places &= differ(take_fingerprint(new), take_fingerprint(trial.client.send(request)))
        if places:
            text = f"changes with what another user makes: {min(places)} differs"
            trial.blame(endpoint, "existence", text, request)


def _check_reach(trial: Trial, views: list[Endpoint], bob: Actor) -> None:
    """Let bob call what names no object, such as `clear`: nothing that alice reads changes."""
    for endpoint in trial.reached():
        is_bare = not endpoint.path_names and not trial.uses.get(endpoint.id) and not is_ending(endpoint)
        if not is_bare or trial.reads_like(endpoint) or endpoint.is_safe or not endpoint.is_protected:
            continue
        seen = [(each, exchange) for each in views if (exchange := _read(trial, each, trial.alice))]
        request = trial.world.build(endpoint, bob)
        if request is None:
            continue
        signed = trial.world.sign(endpoint, bob, request)
        trial.send(endpoint, "isolation", "a call for the caller's own objects", signed)
        change = trial.find_change([(each, *exchange) for each, exchange in seen])
        if change:
            trial.blame(endpoint, "isolation", f"called by another user, and then {change[0]}", signed)


def _make_more(trial: Trial) -> None:
    makers = [each for each in trial.reached() if each.method == "POST" and not trial.reads_like(each)]
    for endpoint in makers:
        made = trial.alice.answers[endpoint.id].json()
        is_making = isinstance(made, dict) and not endpoint.path_names and not is_ending(endpoint)
        request = trial.world.build(endpoint, trial.alice) if is_making else None
        if request is not None:
            answer = trial.client.send(trial.world.sign(endpoint, trial.alice, request))
            trial.ledger.redaction.learn(request, answer)
