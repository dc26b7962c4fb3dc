"""Conformance of a response to the contract: documented headers and body."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from specwitness.fuzz.api.schema import resolve, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Response

_JSON = re.compile(r"(application|text)/json|.+\+json")  # but not `application/x-ndjson`


def describe_headers(response: Response, endpoint: Endpoint) -> Iterator[str]:
    """Describe headers that are missing or do not fit their schema in the contract, one by one."""
    for name, header in (endpoint.response_for(response.status) or {}).get("headers", {}).items():
        lines = response.headers.get(name.lower(), [])
        schema = resolve(header.get("schema", {}), endpoint.document)
        if not any(lines) and header.get("required"):
            yield f"without {name}"
        # Only text in one line is compared: how a list or a number is written depends on the header's style.
        elif len(lines) == 1 and type_of(schema) == "string" and not endpoint.accepts(schema, lines[0]):
            yield f"with a {name} that does not fit the contract"


def describe_misfit(response: Response, endpoint: Endpoint) -> str | None:
    """Describe the first misfit between the body and its schema in the contract; None if it fits.

    A response to HEAD has no body (RFC 9110 §9.3.2), and always fits.
    """
    documented = endpoint.response_for(response.status)
    content = {
        name.partition(";")[0].strip().lower(): media
        for name, media in (documented or {}).get("content", {}).items()
    }
    if not content or endpoint.method == "HEAD":
        return None
    media_type = response.header("content-type").partition(";")[0].strip().lower()
    if media_type not in content and not any(name.endswith("*") for name in content):
        expected = " or ".join(sorted(content))
        return f"expected the body as {expected}, came {media_type or 'no type'}"
    if not _JSON.fullmatch(media_type) or media_type not in content:
        return None
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return "expected a JSON body, came something else"
    errors = endpoint.find_errors(content[media_type].get("schema", {}), body)
    error = min(errors, key=lambda entry: entry.json_path, default=None)
    if error is None:
        return None
    # `'x81' is too short` contains a value of this run: the keyword, `minLength`, is the same in every run.
    problem = (
        error.message if error.validator in {"additionalProperties", "required"} else f"`{error.validator}`"
    )
    return f"the body of the {response.status} does not fit the contract: {error.json_path}: {problem}"
