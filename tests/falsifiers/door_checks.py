"""Falsifiers of what stands at the door: the header, the route, the deny-list, the scopes."""

from __future__ import annotations

from tests.falsifiers.model import HTTP, Falsifier

AUTHENTICATOR, DEPENDENCIES, ROUTING, REVOCATION = (
    "core/identity/authenticator.py",
    "core/dependencies.py",
    "core/http/routing.py",
    "core/identity/deny_list.py",
)
STORED = "models/revocation.py"
LISTS = ("identity/test_deny_list.py", "test_dependencies.py")

DOOR_FALSIFIERS = (
    Falsifier(
        "some header",
        "003/FR-001",
        AUTHENTICATOR,
        '        raise CredentialsMissingError("absent")',
        '        return ""',
        HTTP,
    ),
    Falsifier(
        "one header", "003/FR-001", AUTHENTICATOR, "if len(headers) > 1:", "if len(headers) > 9:", HTTP
    ),
    Falsifier(
        "bearer scheme", "003/FR-001", AUTHENTICATOR, 'if scheme.lower() != "bearer":', "if not scheme:", HTTP
    ),
    Falsifier(
        "scheme in any case",
        "003/FR-001",
        AUTHENTICATOR,
        'if scheme.lower() != "bearer":',
        'if scheme != "Bearer":',
        HTTP,
    ),
    Falsifier(
        "one token",
        "003/FR-001",
        AUTHENTICATOR,
        'if not bare or " " in bare or "\\t" in bare:',
        "if not bare:",
        HTTP,
    ),
    Falsifier(
        "some token",
        "003/FR-001",
        AUTHENTICATOR,
        'if not bare or " " in bare or "\\t" in bare:',
        'if " " in bare or "\\t" in bare:',
        HTTP,
    ),
    Falsifier(
        "refusal is logged",
        "003/FR-015",
        AUTHENTICATOR,
        '            _log.warning("credentials_refused"',
        '            _log.debug("nothing"',
        HTTP,
    ),
    Falsifier(
        "revocation is asked",
        "003/FR-031",
        AUTHENTICATOR,
        "if await self.deny_list.is_denied(principal):",
        "if principal is None:",
        LISTS,
    ),
    Falsifier(
        "unknown key is looked for",
        "003/FR-025",
        AUTHENTICATOR,
        "renewed = await self.keys.renew(error.key_id)",
        "renewed = keys",
        HTTP,
    ),
    Falsifier(
        "scopes",
        "003/FR-029",
        DEPENDENCIES,
        "if not principal.scopes.issuperset(scopes):",
        "if principal.scopes.isdisjoint(scopes):",
        HTTP,
    ),
    Falsifier(
        "caller before the body",
        "003/FR-005",
        ROUTING,
        "            if is_protected:\n",
        "            if is_protected is None:\n",
        HTTP,
    ),
    Falsifier(
        "open routes are found",
        "003/FR-030",
        ROUTING,
        "if context.path not in public",
        "if context.path is None",
        HTTP,
    ),
    Falsifier(
        "protected routes are told",
        "003/FR-007",
        ROUTING,
        "and (isinstance(dependency.call, CallerBearer) or requires_caller(dependency, overrides))",
        "and requires_caller(dependency, overrides)",
        ("http/test_routing.py::test_unprotected_routes_are_listed_with_their_places",),
    ),
    Falsifier(
        "nested dependencies count",
        "003/FR-007",
        ROUTING,
        "isinstance(dependency.call, CallerBearer) or requires_caller(dependency, overrides)",
        "isinstance(dependency.call, CallerBearer)",
        HTTP,
    ),
    Falsifier(
        "open routes stop the start",
        "003/FR-030",
        "main.py",
        "        refuse_open_routes(app, public)\n        try:",
        "        try:",
        ("../test_main.py",),
    ),
    Falsifier(
        "denied at its issuer",
        "003/FR-031",
        REVOCATION,
        'self._denied.get((issuer, "session", principal.session_id), now) > now',
        'any(key[1:] == ("session", principal.session_id) for key in self._denied)',
        LISTS,
    ),
    Falsifier(
        "subject is denied",
        "003/FR-031",
        REVOCATION,
        'self._denied.get((issuer, "subject", principal.subject), now) > now or',
        "False or",
        LISTS,
    ),
    Falsifier(
        "session is denied", "003/FR-031", REVOCATION, "principal.session_id is not None\n", "False\n", LISTS
    ),
    Falsifier(
        "denial ends",
        "003/FR-031",
        REVOCATION,
        'self._denied.get((issuer, "subject", principal.subject), now) > now or',
        '(issuer, "subject", principal.subject) in self._denied or',
        LISTS,
    ),
    Falsifier(
        "denial outlasts the leeway",
        "003/FR-031",
        REVOCATION,
        "max(until + GRACE_SECONDS,",
        "max(until,",
        LISTS,
    ),
    Falsifier(
        "longest denial wins",
        "003/FR-031",
        REVOCATION,
        "max(until + GRACE_SECONDS, self._denied.get(entry, until))",
        "until + GRACE_SECONDS",
        LISTS,
    ),
    Falsifier(
        "ended denials are forgotten", "003/FR-031", REVOCATION, "if end <= now]", "if end <= 0]", LISTS
    ),
    Falsifier(
        "stored: issuer",
        "003/FR-031",
        STORED,
        "        col(Revocation.issuer) == principal.issuer,\n",
        "",
        (*LISTS, "../../../isolation/test_isolation_sql.py"),
    ),
    Falsifier(
        "stored: subject",
        "003/FR-031",
        STORED,
        'names = [("subject", principal.subject)]',
        'names = [("subject", "")]',
        LISTS,
    ),
    Falsifier(
        "stored: session",
        "003/FR-031",
        STORED,
        "if principal.session_id is not None:",
        "if principal is None:",
        LISTS,
    ),
    Falsifier(
        "stored: end",
        "003/FR-031",
        STORED,
        "        col(Revocation.until) > now,\n",
        "",
        LISTS,
    ),
    Falsifier(
        "stored: longest denial wins",
        "003/FR-031",
        STORED,
        "func.greatest(col(Revocation.until), entry.excluded.until)",
        "entry.excluded.until",
        LISTS,
    ),
    Falsifier(
        "stored: ended denials are forgotten",
        "003/FR-041",
        "retention.py",
        "delete from revocations where until <= now()",
        "delete from revocations where until is null",
        ("../../../isolation/test_retention.py",),
    ),
)
