"""Two users at the same time: neither gets what is the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.checks.isolation.two_users import find_trace, texts_of
from specwitness.fuzz.checks.registry import Check
from specwitness.fuzz.requests.answers import read_id
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial

_PAIRS = 2
# Who calls at the same time as another may have to wait, and is no other.
_STRANGE = frozenset({401, 403, 404})


def check_race(trial: Trial, endpoint: Endpoint) -> None:
    """Call an operation as both users at once, a few times."""
    bob = trial.bob
    if bob is None or endpoint.is_shared or not endpoint.is_protected:
        return
    if endpoint.is_safe:
        _race_reads(trial, endpoint, bob)
    elif endpoint.method == "POST" and f"{endpoint.shape}/{{}}" in _collections(trial):
        _race_creations(trial, endpoint, bob)


def _collections(trial: Trial) -> set[str]:
    return {shape for endpoint in trial.surface.endpoints for shape in endpoint.collections}


def _race_reads(trial: Trial, endpoint: Endpoint, bob: Actor) -> None:
    users = (trial.alice, bob)
    requests = [trial.request(endpoint, actor) for actor in users]
    signed = [request for request in requests if request is not None]
    if len(signed) < len(users):
        return
    alone = [trial.client.send(entry) for entry in signed]
    together = trial.client.send_together(signed * _PAIRS)
    is_telling = any(response.succeeded for response in alone) and (
        bool(differ(take_fingerprint(alone[0]), take_fingerprint(alone[1])))
        or any(find_trace(response, user) for response, user in zip(alone, users, strict=True))
    )
    if is_telling:
        trial.judged(endpoint, "race")
    else:
        trial.lack(endpoint, "race", "both users get the same response alone: nothing could be mixed up")
    for index, answer in enumerate(together):
        trial.ledger.count(endpoint, "race", "both users at once", answer.status)
        mine, theirs = alone[index % 2], alone[1 - index % 2]
        strange = differ(take_fingerprint(mine), take_fingerprint(answer))
        is_theirs = not differ(take_fingerprint(theirs), take_fingerprint(answer))
        trace = (
            find_trace(answer, users[1 - index % 2]) if not find_trace(mine, users[1 - index % 2]) else None
        )
        if strange and answer.succeeded and (trace or (is_theirs and theirs.succeeded)):
            text = "gives one user what is another's when both call at once"
            trial.blame(endpoint, "race", text, signed[index % 2])
            return


def _race_creations(trial: Trial, endpoint: Endpoint, bob: Actor) -> None:
    users, requests = (trial.alice, bob), []
    for actor in users * _PAIRS:
        parents = trial.world.obtain(endpoint, actor) if endpoint.path_names else None
        request = trial.request(endpoint, actor, parents.values if parents else None)
        if request is not None:
            requests.append((actor, request))
    answers = trial.client.send_together([request for _, request in requests])
    if any(answer.succeeded or answer.crashed for answer in answers):
        trial.judged(endpoint, "race")
    else:
        trial.lack(endpoint, "race", "no call of both users at once succeeded")
    for (actor, request), answer in zip(requests, answers, strict=True):
        trial.ledger.count(endpoint, "race", "both users at once", answer.status)
        other = users[1] if actor is users[0] else users[0]
        if answer.crashed:
            trial.blame(endpoint, "race", f"answered {answer.status} when both users call at once", request)
        elif answer.status in _STRANGE and trial.client.send(request).succeeded:
            text = f"answered {answer.status} when both users call at once, and succeeds alone"
            trial.blame(endpoint, "race", text, request)
        elif answer.succeeded and other.maker.is_in(answer.text):
            trial.blame(endpoint, "race", "answers one user with what another sent at the same time", request)
    made = [read_id(answer, "id", "") for answer in answers if answer.succeeded]
    if len(set(made)) < len(made) and None not in made:
        text = "gives two objects the same id when both users call at once"
        trial.blame(endpoint, "race", text, requests[0][1])
    if not _read_back(trial, endpoint, list(zip(requests, answers, strict=True))[:_PAIRS]):
        _look_for_strangers(trial, endpoint, requests)


def _read_back(trial: Trial, endpoint: Endpoint, made: list[tuple[tuple[Actor, Request], Answer]]) -> bool:
    """Read as each user what they made just now: it may have become the other's. Say whether it was read."""
    reader = trial.world.find("GET", f"{endpoint.shape}/{{}}")
    if reader is None or reader.id not in trial.succeeded:
        return False
    for (actor, request), answer in made:
        value = trial.world.read_made(reader, answer) if answer.succeeded else None
        above = trial.world.obtain(endpoint, actor) if endpoint.path_names else None
        parents = above.values if above else ()
        plain = trial.world.build(reader, actor, (*parents, value)) if value is not None else None
        if plain is None:
            return False
        signed = trial.world.sign(reader, actor, plain)
        if not trial.client.send(signed).succeeded:
            other = next(user for user in (trial.alice, trial.bob) if user is not None and user is not actor)
            theirs = trial.client.send(trial.world.sign(reader, other, plain))
            if theirs.succeeded:
                text = "gives another user what was made when both call at once"
                trial.blame(endpoint, "race", text, request)
                return True
            return False
    return True


def _look_for_strangers(trial: Trial, endpoint: Endpoint, sent: list[tuple[Actor, Request]]) -> None:
    """Read both users' lists: what the other one sent just now is in neither."""
    reader = trial.world.find("GET", endpoint.shape)
    if reader is None or reader.id not in trial.succeeded or reader.is_shared:
        return
    for actor in {entry.name: entry for entry, _ in sent}.values():
        strange = [text for other, entry in sent if other is not actor for text in texts_of(entry, other)]
        signed = trial.request(reader, actor)
        if signed is None:
            continue
        answer = trial.client.send(signed)
        if answer.succeeded and any(value in answer.text for value in strange):
            text = "lists what another user made at the same time"
            trial.blame(endpoint, "race", text, signed)


CHECKS = (
    Check(
        name="race",
        order=80,
        title="keeps users apart at the same time",
        tries=(
            "two users call at once and get each other's data; calls at once succeed several times "
            "where only one may"
        ),
        requirements="users who call at the same time do not get each other's data",
        fits=lambda trial, endpoint: trial.is_ordinary(endpoint),
        run=check_race,
    ),
)
