"""The rules of the contract check: what is told, of which kind, how gravely, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from specwitness.model import Level


class Kind(StrEnum):
    """What sort of thing a rule tells of."""

    LOOSENING = "loosening"
    TIGHTENING = "tightening"
    BREAKING = "breaking"
    LINT = "lint"


class Rule(NamedTuple):
    """A rule: its code, its kind, what it tells, and the way out."""

    code: str
    kind: Kind
    tells: str
    remedy: str
    level: Level = Level.ERROR


_WAIVE = "or waive it, with a reason, in [[tool.specwitness.contract.waivers]]"
_PROTECT = f"restore the protection, {_WAIVE}"
_WARN = f"tell the clients first, {_WAIVE}"
_KEEP = f"keep what clients rely on, {_WAIVE}"

_TABLE = (
    # Protection that loosened.
    Rule("security-loosened", Kind.LOOSENING, "an operation grants a way in that it did not grant", _PROTECT),
    Rule("operation-added-open", Kind.LOOSENING, "a new operation that anybody may call", _PROTECT),
    Rule(
        "credential-parameter-loosened",
        Kind.LOOSENING,
        "a parameter that carries a credential is required no more, or gone",
        _PROTECT,
    ),
    # Protection that tightened.
    Rule(
        "security-tightened",
        Kind.TIGHTENING,
        "callers who were let in are refused: another scheme, more scopes, credentials at all",
        _WARN,
    ),
    # Operations.
    Rule("operation-removed", Kind.BREAKING, "an operation, or a whole path, is gone", _KEEP),
    # Calls that the service makes.
    Rule("callback-removed", Kind.BREAKING, "a callback is called no more, or at another address", _KEEP),
    Rule("webhook-removed", Kind.BREAKING, "a webhook is called no more", _KEEP),
    Rule(
        "outgoing-parameter-removed", Kind.BREAKING, "a callback or webhook sends a parameter no more", _KEEP
    ),
    Rule(
        "outgoing-parameter-optional",
        Kind.BREAKING,
        "a parameter of a callback or webhook may be absent that never was",
        _KEEP,
    ),
    Rule(
        "outgoing-body-removed",
        Kind.BREAKING,
        "a callback or webhook sends its body no more, or not always",
        _KEEP,
    ),
    # Requests.
    Rule("request-parameter-removed", Kind.BREAKING, "a parameter is read no more", _KEEP),
    Rule("request-parameter-required", Kind.BREAKING, "a parameter is required that was not", _KEEP),
    Rule("request-parameter-style", Kind.BREAKING, "a parameter is spelt otherwise on the wire", _KEEP),
    Rule("request-body-removed", Kind.BREAKING, "a body is read no more", _KEEP),
    Rule("request-body-required", Kind.BREAKING, "a body is required that was not", _KEEP),
    Rule("request-media-type-removed", Kind.BREAKING, "a media type is taken no more", _KEEP),
    Rule("request-property-removed", Kind.BREAKING, "a property is read no more", _KEEP),
    Rule("request-property-required", Kind.BREAKING, "a property is required that was not", _KEEP),
    Rule("request-type-narrowed", Kind.BREAKING, "a type, or null, is taken no more", _KEEP),
    Rule("request-enum-narrowed", Kind.BREAKING, "a value is taken no more", _KEEP),
    Rule(
        "request-bounds-narrowed",
        Kind.BREAKING,
        "a bound, a pattern or a format takes less than before",
        _KEEP,
    ),
    Rule("request-schema-narrowed", Kind.BREAKING, "some other rule of the schema takes less", _KEEP),
    Rule("request-default-changed", Kind.BREAKING, "what is left out means something else", _KEEP),
    # Responses.
    Rule("response-status-removed", Kind.BREAKING, "a status is documented no more", _KEEP),
    Rule("response-media-type-removed", Kind.BREAKING, "a media type is answered no more", _KEEP),
    Rule("response-header-removed", Kind.BREAKING, "a header is gone", _KEEP),
    Rule("response-link-removed", Kind.BREAKING, "a link is gone", _KEEP),
    Rule(
        "response-link-changed",
        Kind.BREAKING,
        "a link leads to another operation, or hands over something else",
        _KEEP,
    ),
    Rule("response-header-optional", Kind.BREAKING, "a header may be absent that never was", _KEEP),
    Rule(
        "response-property-removed",
        Kind.BREAKING,
        "a property that was always there, or that only the service writes, is gone",
        _KEEP,
    ),
    Rule("response-property-optional", Kind.BREAKING, "a property may be absent that never was", _KEEP),
    Rule("response-type-widened", Kind.BREAKING, "a type, or null, may be answered that never was", _KEEP),
    Rule("response-enum-widened", Kind.BREAKING, "a value may be answered that never was", _KEEP),
    Rule(
        "response-bounds-widened",
        Kind.BREAKING,
        "a bound, a pattern or a format lets through more than before",
        _KEEP,
    ),
    Rule("response-schema-widened", Kind.BREAKING, "some other rule of the schema lets through more", _KEEP),
    Rule("response-default-changed", Kind.BREAKING, "what is left out means something else", _KEEP),
    # Lint.
    Rule(
        "operation-id-missing",
        Kind.LINT,
        "an operation without an `operationId`",
        "name it: reports and waivers speak of it",
    ),
    Rule(
        "security-unstated",
        Kind.LINT,
        "neither the operation nor the document says who may call it",
        "state `security`, as [] where anybody may call",
    ),
    Rule(
        "security-scheme-undefined",
        Kind.LINT,
        "a scheme that no component defines, so that nothing protects",
        "define it in components/securitySchemes",
    ),
    Rule(
        "unauthorized-undocumented",
        Kind.LINT,
        "a protected operation that does not document 401",
        "document 401",
    ),
    Rule(
        "challenge-undocumented",
        Kind.LINT,
        "a 401 without the `WWW-Authenticate` that RFC 9110 §11.6.1 demands",
        "document the header",
    ),
    Rule(
        "problem-type-missing",
        Kind.LINT,
        "an error that is not `application/problem+json` (RFC 9457)",
        "answer errors as problems",
        Level.WARNING,
    ),
    Rule(
        "request-unbounded",
        Kind.LINT,
        "a string, integer or array of a request without bounds (OWASP API4:2023)",
        "bound it: maxLength, minimum and maximum, maxItems",
    ),
    Rule(
        "example-invalid",
        Kind.LINT,
        "an example that does not fit its schema",
        "mend the example or the schema",
    ),
    Rule(
        "component-unused",
        Kind.LINT,
        "a component that nothing refers to",
        "remove it, or use it",
        Level.WARNING,
    ),
    Rule(
        "requirement-unknown",
        Kind.LINT,
        "a key in `x-requirements` that no spec holds",
        "mend the key, or state the requirement in a spec",
    ),
)

RULES = {rule.code: rule for rule in _TABLE}
