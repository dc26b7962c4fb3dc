"""The rules of the contract check: code, kind, level, meaning and remedy of each."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from specwitness.model import RuleLevel


class RuleKind(StrEnum):
    """The kind of a rule: looser or tighter protection, a breaking change, or a lint finding."""

    LOOSENING = "loosening"
    TIGHTENING = "tightening"
    BREAKING = "breaking"
    LINT = "lint"


class Rule(NamedTuple):
    """A rule: its code, its kind, what it reports, the remedy, and its level by default."""

    code: str
    kind: RuleKind
    reports: str
    remedy: str
    level: RuleLevel = RuleLevel.ERROR


_WAIVE = "or waive it, with a reason, in [[tool.specwitness.contract.waivers]]"
_PROTECT = f"restore the protection, {_WAIVE}"
_WARN = f"inform the clients first, {_WAIVE}"
_KEEP = f"undo the change for the clients that rely on it, {_WAIVE}"

_TABLE = (
    # Protection that loosened.
    Rule(
        "security-loosened",
        RuleKind.LOOSENING,
        "an operation accepts weaker or fewer credentials than before",
        _PROTECT,
    ),
    Rule("operation-added-open", RuleKind.LOOSENING, "a new operation that anybody may call", _PROTECT),
    Rule(
        "credential-parameter-loosened",
        RuleKind.LOOSENING,
        "a required parameter with a credential was removed or became optional",
        _PROTECT,
    ),
    # Protection that tightened.
    Rule(
        "security-tightened",
        RuleKind.TIGHTENING,
        "an operation needs another scheme, more scopes, or credentials for the first time",
        _WARN,
    ),
    # Operations.
    Rule("operation-removed", RuleKind.BREAKING, "an operation or a whole path was removed", _KEEP),
    # Calls that the service makes.
    Rule("callback-removed", RuleKind.BREAKING, "a callback was removed or has another address", _KEEP),
    Rule("webhook-removed", RuleKind.BREAKING, "a webhook was removed", _KEEP),
    Rule(
        "outgoing-parameter-removed",
        RuleKind.BREAKING,
        "a callback or webhook no longer sends a parameter",
        _KEEP,
    ),
    Rule(
        "outgoing-parameter-optional",
        RuleKind.BREAKING,
        "a required parameter of a callback or webhook became optional",
        _KEEP,
    ),
    Rule(
        "outgoing-body-removed",
        RuleKind.BREAKING,
        "the body of a callback or webhook was removed or became optional",
        _KEEP,
    ),
    # Requests.
    Rule("request-parameter-removed", RuleKind.BREAKING, "a parameter was removed", _KEEP),
    Rule(
        "request-parameter-required",
        RuleKind.BREAKING,
        "a parameter became required, or a new one is required",
        _KEEP,
    ),
    Rule("request-parameter-style", RuleKind.BREAKING, "a parameter has another `style` or `explode`", _KEEP),
    Rule("request-body-removed", RuleKind.BREAKING, "the body was removed", _KEEP),
    Rule("request-body-required", RuleKind.BREAKING, "the body became required", _KEEP),
    Rule("request-media-type-removed", RuleKind.BREAKING, "a media type is no longer accepted", _KEEP),
    Rule("request-property-removed", RuleKind.BREAKING, "a property was removed", _KEEP),
    Rule("request-property-required", RuleKind.BREAKING, "a property became required", _KEEP),
    Rule("request-type-narrowed", RuleKind.BREAKING, "a type or null is no longer accepted", _KEEP),
    Rule("request-enum-narrowed", RuleKind.BREAKING, "a value is no longer accepted", _KEEP),
    Rule(
        "request-bounds-narrowed",
        RuleKind.BREAKING,
        "a bound, pattern or format accepts fewer values",
        _KEEP,
    ),
    Rule(
        "request-schema-narrowed",
        RuleKind.BREAKING,
        "another keyword of the schema accepts fewer values",
        _KEEP,
    ),
    Rule("request-default-changed", RuleKind.BREAKING, "a default changed or was removed", _KEEP),
    # Responses.
    Rule("response-status-removed", RuleKind.BREAKING, "a status is no longer documented", _KEEP),
    Rule("response-media-type-removed", RuleKind.BREAKING, "a media type is no longer sent", _KEEP),
    Rule("response-header-removed", RuleKind.BREAKING, "a header was removed", _KEEP),
    Rule("response-link-removed", RuleKind.BREAKING, "a link was removed", _KEEP),
    Rule(
        "response-link-changed",
        RuleKind.BREAKING,
        "a link has another operation or passes other values",
        _KEEP,
    ),
    Rule("response-header-optional", RuleKind.BREAKING, "a required header became optional", _KEEP),
    Rule(
        "response-property-removed",
        RuleKind.BREAKING,
        "a required or readOnly property was removed",
        _KEEP,
    ),
    Rule("response-property-optional", RuleKind.BREAKING, "a required property became optional", _KEEP),
    Rule("response-type-widened", RuleKind.BREAKING, "a new type or null may be sent", _KEEP),
    Rule("response-enum-widened", RuleKind.BREAKING, "a new value may be sent", _KEEP),
    Rule(
        "response-bounds-widened",
        RuleKind.BREAKING,
        "a bound, pattern or format allows more values",
        _KEEP,
    ),
    Rule(
        "response-schema-widened",
        RuleKind.BREAKING,
        "another keyword of the schema allows more values",
        _KEEP,
    ),
    Rule("response-default-changed", RuleKind.BREAKING, "a default changed or was removed", _KEEP),
    # Lint.
    Rule(
        "operation-id-missing",
        RuleKind.LINT,
        "an operation without an `operationId`",
        "add one: reports and waivers use it",
    ),
    Rule(
        "security-unstated",
        RuleKind.LINT,
        "neither the operation nor the document has `security`",
        "add `security`; [] for an operation that anybody may call",
    ),
    Rule(
        "security-scheme-undefined",
        RuleKind.LINT,
        "`security` names a scheme that is not defined",
        "define it in components/securitySchemes",
    ),
    Rule(
        "unauthorized-undocumented",
        RuleKind.LINT,
        "a protected operation does not document 401",
        "document 401",
    ),
    Rule(
        "challenge-undocumented",
        RuleKind.LINT,
        "a 401 does not document `WWW-Authenticate` (RFC 9110 §11.6.1)",
        "document the header",
    ),
    Rule(
        "problem-type-missing",
        RuleKind.LINT,
        "an error response is not `application/problem+json` (RFC 9457)",
        "use application/problem+json for errors",
        RuleLevel.WARNING,
    ),
    Rule(
        "request-unbounded",
        RuleKind.LINT,
        "a string, integer or array of a request has no bounds (OWASP API4:2023)",
        "add bounds: maxLength, minimum and maximum, or maxItems",
    ),
    Rule(
        "example-invalid",
        RuleKind.LINT,
        "an example is invalid by its schema",
        "fix the example or the schema",
    ),
    Rule(
        "component-unused",
        RuleKind.LINT,
        "a component is not used",
        "remove it, or use it",
        RuleLevel.WARNING,
    ),
    Rule(
        "requirement-unknown",
        RuleKind.LINT,
        "a key in `x-requirements` is not defined in any spec",
        "fix the key, or write the requirement into a spec",
    ),
)

RULES = {rule.code: rule for rule in _TABLE}
