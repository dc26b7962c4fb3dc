"""Caching: private responses stay out of shared caches (RFC 9111 §3, §3.5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.registry import Check

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.session.context import Context

_DIRECTIVE = re.compile(r"""([\w-]+)(?:\s*=\s*"?([^",]*)"?)?""")


def check_caching(context: Context, endpoint: Endpoint) -> None:
    """Judge the caching headers of the baseline response; no further request is sent."""
    if endpoint.id in context.by_admin:
        request, response = context.by_admin[endpoint.id]
    else:
        request, response = context.succeeded[endpoint.id], context.alice.responses[endpoint.id]
    if request.method not in {"GET", "HEAD"} or not endpoint.is_protected:
        return
    context.results.count(endpoint, "caching", "the owner's answer", response.status)
    context.judged(endpoint, "caching")
    if sharing := find_sharing(request, response):
        context.report(
            endpoint, "caching", f"lets shared caches give the answer to others: {sharing}", request
        )


def find_sharing(request: Request, response: Response) -> str | None:
    """Find the header by which a shared cache may reuse a response for another user.

    Returns:
        The header for a message, such as `Cache-Control: public`; None if no cache may reuse the response.
    """
    cache_control = response.header("cache-control")
    directives = {name.lower(): value for name, value in _DIRECTIVE.findall(cache_control)}
    if {"no-store", "private", "no-cache"} & directives.keys():
        return None
    # `Vary: Authorization` keeps the responses of different callers apart in a cache.
    header_names = {name.lower() for name, _ in request.headers}
    carriers = header_names & {"authorization", "cookie", "x-api-key"} or {
        name for name in header_names if "key" in name
    }
    vary = {word.strip().lower() for word in response.header("vary").split(",")}
    if "*" in vary or (carriers and carriers <= vary):
        return None
    fresh = _freshness(directives, response)
    if "authorization" in header_names:
        allowed = {"public", "must-revalidate", "s-maxage"} & directives.keys()
        return f"Cache-Control: {cache_control}" if allowed and fresh else None
    return (
        f"Cache-Control: {cache_control or 'none'}"
        if fresh and ("public" in directives or "s-maxage" in directives or "max-age" in directives)
        else None
    )


def _freshness(directives: dict[str, str], response: Response) -> bool:
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return directives[name].strip() not in {"", "0"}
    # With `public` and no `max-age`, a cache may estimate how long a response is fresh (RFC 9111 §4.2.2).
    return "public" in directives or bool(response.headers.get("expires"))


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
