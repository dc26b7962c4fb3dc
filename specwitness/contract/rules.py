"""The rules of the contract check: what is told, of which kind, how gravely, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from specwitness.model import RuleLevel


class RuleKind(StrEnum):
    """What sort of thing a rule tells of."""

    LOOSENING = "loosening"
    TIGHTENING = "tightening"
    BREAKING = "breaking"
    LINT = "lint"


class Rule(NamedTuple):
    """A rule: its code, its kind, what it tells, and the way out."""

    code: str
    kind: RuleKind
    tells: str
    remedy: str
    level: RuleLevel = RuleLevel.ERROR


_WAIVE = "or waive it, with a reason, in [[tool.specwitness.contract.waivers]]"
_PROTECT = f"restore the protection, {_WAIVE}"
_WARN = f"tell the clients first, {_WAIVE}"
_KEEP = f"keep what clients rely on, {_WAIVE}"

_TABLE = (
    # Protection that loosened.
    Rule(
        "security-loosened",
        RuleKind.LOOSENING,
        "an operation grants a way in that it did not grant",
        _PROTECT,
    ),
    Rule("operation-added-open", RuleKind.LOOSENING, "a new operation that anybody may call", _PROTECT),
    Rule(
        "credential-parameter-loosened",
        RuleKind.LOOSENING,
        "a parameter that carries a credential is required no more, or gone",
        _PROTECT,
    ),
    # Protection that tightened.
    Rule(
        "security-tightened",
        RuleKind.TIGHTENING,
        "callers who were let in are refused: another scheme, more scopes, credentials at all",
        _WARN,
    ),
    # Operations.
    Rule("operation-removed", RuleKind.BREAKING, "an operation, or a whole path, is gone", _KEEP),
    # Calls that the service makes.
    Rule("callback-removed", RuleKind.BREAKING, "a callback is called no more, or at another address", _KEEP),
    Rule("webhook-removed", RuleKind.BREAKING, "a webhook is called no more", _KEEP),
    Rule(
        "outgoing-parameter-removed",
        RuleKind.BREAKING,
        "a callback or webhook sends a parameter no more",
        _KEEP,
    ),
    Rule(
        "outgoing-parameter-optional",
        RuleKind.BREAKING,
        "a parameter of a callback or webhook may be absent that never was",
        _KEEP,
    ),
    Rule(
        "outgoing-body-removed",
        RuleKind.BREAKING,
        "a callback or webhook sends its body no more, or not always",
        _KEEP,
    ),
    # Requests.
    Rule("request-parameter-removed", RuleKind.BREAKING, "a parameter is read no more", _KEEP),
    Rule("request-parameter-required", RuleKind.BREAKING, "a parameter is required that was not", _KEEP),
    Rule("request-parameter-style", RuleKind.BREAKING, "a parameter is spelt otherwise on the wire", _KEEP),
    Rule("request-body-removed", RuleKind.BREAKING, "a body is read no more", _KEEP),
    Rule("request-body-required", RuleKind.BREAKING, "a body is required that was not", _KEEP),
    Rule("request-media-type-removed", RuleKind.BREAKING, "a media type is taken no more", _KEEP),
    Rule("request-property-removed", RuleKind.BREAKING, "a property is read no more", _KEEP),
    Rule("request-property-required", RuleKind.BREAKING, "a property is required that was not", _KEEP),
    Rule("request-type-narrowed", RuleKind.BREAKING, "a type, or null, is taken no more", _KEEP),
    Rule("request-enum-narrowed", RuleKind.BREAKING, "a value is taken no more", _KEEP),
    Rule(
        "request-bounds-narrowed",
        RuleKind.BREAKING,
        "a bound, a pattern or a format takes less than before",
        _KEEP,
    ),
    Rule("request-schema-narrowed", RuleKind.BREAKING, "some other rule of the schema takes less", _KEEP),
    Rule("request-default-changed", RuleKind.BREAKING, "what is left out means something else", _KEEP),
    # Responses.
    Rule("response-status-removed", RuleKind.BREAKING, "a status is documented no more", _KEEP),
    Rule("response-media-type-removed", RuleKind.BREAKING, "a media type is answered no more", _KEEP),
    Rule("response-header-removed", RuleKind.BREAKING, "a header is gone", _KEEP),
    Rule("response-link-removed", RuleKind.BREAKING, "a link is gone", _KEEP),
    Rule(
        "response-link-changed",
        RuleKind.BREAKING,
        "a link leads to another operation, or hands over something else",
        _KEEP,
    ),
    Rule("response-header-optional", RuleKind.BREAKING, "a header may be absent that never was", _KEEP),
    Rule(
        "response-property-removed",
        RuleKind.BREAKING,
        "a property that was always there, or that only the service writes, is gone",
        _KEEP,
    ),
    Rule("response-property-optional", RuleKind.BREAKING, "a property may be absent that never was", _KEEP),
    Rule(
        "response-type-widened", RuleKind.BREAKING, "a type, or null, may be answered that never was", _KEEP
    ),
    Rule("response-enum-widened", RuleKind.BREAKING, "a value may be answered that never was", _KEEP),
    Rule(
        "response-bounds-widened",
        RuleKind.BREAKING,
        "a bound, a pattern or a format lets through more than before",
        _KEEP,
    ),
    Rule(
        "response-schema-widened", RuleKind.BREAKING, "some other rule of the schema lets through more", _KEEP
    ),
    Rule("response-default-changed", RuleKind.BREAKING, "what is left out means something else", _KEEP),
    # Lint.
    Rule(
        "operation-id-missing",
        RuleKind.LINT,
        "an operation without an `operationId`",
        "name it: reports and waivers speak of it",
    ),
    Rule(
        "security-unstated",
        RuleKind.LINT,
        "neither the operation nor the document says who may call it",
        "state `security`, as [] where anybody may call",
    ),
    Rule(
        "security-scheme-undefined",
        RuleKind.LINT,
        "a scheme that no component defines, so that nothing protects",
        "define it in components/securitySchemes",
    ),
    Rule(
        "unauthorized-undocumented",
        RuleKind.LINT,
        "a protected operation that does not document 401",
        "document 401",
    ),
    Rule(
        "challenge-undocumented",
        RuleKind.LINT,
        "a 401 without the `WWW-Authenticate` that RFC 9110 §11.6.1 demands",
        "document the header",
    ),
    Rule(
        "problem-type-missing",
        RuleKind.LINT,
        "an error that is not `application/problem+json` (RFC 9457)",
        "answer errors as problems",
        RuleLevel.WARNING,
    ),
    Rule(
        "request-unbounded",
        RuleKind.LINT,
        "a string, integer or array of a request without bounds (OWASP API4:2023)",
        "bound it: maxLength, minimum and maximum, maxItems",
    ),
    Rule(
        "example-invalid",
        RuleKind.LINT,
        "an example that does not fit its schema",
        "mend the example or the schema",
    ),
    Rule(
        "component-unused",
        RuleKind.LINT,
        "a component that nothing refers to",
        "remove it, or use it",
        RuleLevel.WARNING,
    ),
    Rule(
        "requirement-unknown",
        RuleKind.LINT,
        "a key in `x-requirements` that no spec holds",
        "mend the key, or state the requirement in a spec",
    ),
)

RULES = {rule.code: rule for rule in _TABLE}
