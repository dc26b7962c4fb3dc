"""Private answers stay out of shared caches (RFC 9111 §3, §3.5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.registry import Check

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.session.context import Trial

_DIRECTIVE = re.compile(r"""([\w-]+)(?:\s*=\s*"?([^",]*)"?)?""")


def check_caching(trial: Trial, endpoint: Endpoint) -> None:
    """Judge the answer to the good call; nothing more is sent."""
    if endpoint.id in trial.by_admin:
        request, answer = trial.by_admin[endpoint.id]
    else:
        request, answer = trial.succeeded[endpoint.id], trial.alice.answers[endpoint.id]
    if request.method not in {"GET", "HEAD"} or not endpoint.is_protected:
        return
    trial.ledger.count(endpoint, "caching", "the owner's answer", answer.status)
    trial.judged(endpoint, "caching")
    if said := find_sharing(request, answer):
        trial.blame(endpoint, "caching", f"lets shared caches give the answer to others: {said}", request)


def find_sharing(request: Request, answer: Answer) -> str | None:
    """Say why a shared cache may reuse an answer for somebody else; None where it may not."""
    said = answer.header("cache-control")
    directives = {name.lower(): value for name, value in _DIRECTIVE.findall(said)}
    if {"no-store", "private", "no-cache"} & directives.keys():
        return None
    # Which header tells callers apart: a cache that varies by it keeps their answers apart too.
    names = {name.lower() for name, _ in request.headers}
    carriers = names & {"authorization", "cookie", "x-api-key"} or {name for name in names if "key" in name}
    vary = {word.strip().lower() for word in answer.header("vary").split(",")}
    if "*" in vary or (carriers and carriers <= vary):
        return None
    fresh = _freshness(directives, answer)
    if "authorization" in names:
        allowed = {"public", "must-revalidate", "s-maxage"} & directives.keys()
        return f"Cache-Control: {said}" if allowed and fresh else None
    return (
        f"Cache-Control: {said or 'none'}"
        if fresh and ("public" in directives or "s-maxage" in directives or "max-age" in directives)
        else None
    )


def _freshness(directives: dict[str, str], answer: Answer) -> bool:
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return directives[name].strip() not in {"", "0"}
    # Without an explicit age, `public` lets a cache guess one (RFC 9111 §4.2.2).
    return "public" in directives or bool(answer.headers.get("expires"))


CHECKS = (
    Check(
        name="caching",
        order=20,
        title="keeps private responses out of shared caches",
        tries="a shared cache may keep the owner's response and give it to others (RFC 9111 §3.5)",
        requirements="private data is not cached",
        run=check_caching,
    ),
)
