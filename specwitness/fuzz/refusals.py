"""What a refusal must look like, and the calls that must be refused."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openapi_schema_validator import OAS30Validator, OAS31Validator

from specwitness.fuzz.target import Credential
from specwitness.openapi.references import dereference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_UNAUTHORIZED = 401
_CHALLENGE = re.compile(r"(?:^|,)\s*bearer(?=\s|,|$)", re.IGNORECASE)
_ERROR = re.compile(r'(?<![\w-])error\s*=\s*"?([\w-]*)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of a response that a refusal is judged by; header names are in lower case."""

    status: int
    headers: Mapping[str, list[str]]
    content: bytes


def judge_refusal(
    answer: Answer, credential: Credential, check_body: Callable[[Answer], str | None]
) -> Iterator[tuple[str, str]]:
    """Find what is wrong with the answer to a bad credential (RFC 6750 §3).

    Args:
        answer: What came.
        credential: What the request brought.
        check_body: Says what is wrong with the body, if anything.

    Yields:
        The kind of breach, and what was expected and what came.
    """
    if answer.status != _UNAUTHORIZED:
        yield f"status {answer.status}", f"expected 401, came {answer.status}"
        return
    challenge = ", ".join(answer.headers.get("www-authenticate", []))
    if not _CHALLENGE.search(challenge):
        came = f"came {challenge!r}" if challenge else "there is none"
        yield "challenge", f"expected a WWW-Authenticate: Bearer challenge, {came}"
    else:
        error = _ERROR.search(challenge)
        came = f"came {error[1]}" if error else "there is none"
        if credential is Credential.NONE and error:
            yield "error code", f"expected no error code, since no credentials came; {came}"
        elif credential is not Credential.NONE and (error is None or error[1] != "invalid_token"):
            yield "error code", f"expected the error code invalid_token, {came}"
    if said := check_body(answer):
        yield "body", said


class RefusalSchema:
    """The contract's word on the body of a 401, for one operation."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        item = dereference(document["paths"][path], document)
        responses = item[method.lower()].get("responses", {})
        key = next((name for name in ("401", "4XX", "4xx", "default") if name in responses), None)
        self._is_documented = key is not None
        response = dereference(responses[key], document) if key is not None else {}
        self._content = {
            name.partition(";")[0].strip().lower(): media
            for name, media in response.get("content", {}).items()
        }
        self._components = document.get("components", {})
        self._validator = OAS30Validator if document["openapi"].startswith("3.0") else OAS31Validator

    def check(self, answer: Answer) -> str | None:
        """Say what is wrong with the body of a refusal; None if it fits."""
        if not self._is_documented:
            return "the contract documents no 401 for this operation"
        if not self._content:
            return None
        media_type = next(iter(answer.headers.get("content-type", [])), "").partition(";")[0].strip().lower()
        if media_type not in self._content:
            return (
                f"expected the body as {' or '.join(sorted(self._content))}, came {media_type or 'no type'}"
            )
        schema = self._content[media_type].get("schema", True)
        try:
            body = json.loads(answer.content)
        except ValueError:
            return "expected a JSON body, came something else" if media_type.endswith("json") else None
        # The components come along, for the `$ref`s in the schema.
        validator = self._validator({"components": self._components, "allOf": [schema]})
        error = min(validator.iter_errors(body), key=lambda each: each.json_path, default=None)
        if error is None:
            return None
        # Other messages repeat the value, which may differ from run to run.
        said = (
            error.message
            if error.validator in {"additionalProperties", "required"}
            else f"`{error.validator}`"
        )
        return f"the body of the 401 does not fit the contract: {error.json_path}: {said}"
