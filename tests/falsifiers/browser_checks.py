"""Falsifiers of CORS, and of the separation between Better Auth's tables and the service's."""

from __future__ import annotations

from tests.falsifiers.model import BROWSERS, Falsifier

CORS, ROLE = "core/http/cors.py", "migrations/auth_role.py"
SCHEMA = ("../../../isolation/test_auth_schema.py",)
POWERLESS = "login nosuperuser nobypassrls nocreatedb nocreaterole"

BROWSER_FALSIFIERS = (
    Falsifier(
        "other origins get no CORS headers",
        "003/FR-050",
        CORS,
        'Headers(scope=scope).get("origin") in self._origins',
        'Headers(scope=scope).get("origin") is not None',
        BROWSERS,
    ),
    Falsifier(
        "only the configured origins are allowed",
        "003/FR-050",
        CORS,
        "allow_origins=self._origins,",
        "allow_origins=('*',),",
        BROWSERS,
    ),
    Falsifier(
        "CORS allows no cookies",
        "003/FR-050",
        CORS,
        "            max_age=PREFLIGHT_SECONDS,\n",
        "            max_age=PREFLIGHT_SECONDS,\n            allow_credentials=True,\n",
        BROWSERS,
    ),
    Falsifier(
        "CORS allows only the methods of the contract",
        "003/FR-050",
        CORS,
        "allow_methods=tuple(methods)",
        "allow_methods=('*',)",
        BROWSERS,
    ),
    Falsifier(
        "CORS allows only the headers of the contract",
        "003/FR-050",
        CORS,
        "allow_headers=REQUEST_HEADERS",
        "allow_headers=('*',)",
        BROWSERS,
    ),
    Falsifier(
        "WWW-Authenticate and Retry-After are readable by pages",
        "003/FR-050",
        CORS,
        "expose_headers=EXPOSED_HEADERS",
        "expose_headers=()",
        BROWSERS,
    ),
    Falsifier(
        "responses have Vary: Origin",
        "003/FR-050",
        CORS,
        'add_vary_header("Origin")',
        'add_vary_header("Accept")',
        BROWSERS,
    ),
    Falsifier(
        "error responses have CORS headers too",
        "003/FR-050",
        "main.py",
        "    app.add_middleware(\n"
        "        RequestLogMiddleware, on_error=respond_to_internal_error, name_caller=database.pseudonym_of\n"
        "    )\n"
        "    app.add_middleware(\n"
        "        CrossOriginMiddleware, origins=settings.browser_origins, methods=contract.read_methods()\n"
        "    )\n",
        "    app.add_middleware(\n"
        "        CrossOriginMiddleware, origins=settings.browser_origins, methods=contract.read_methods()\n"
        "    )\n"
        "    app.add_middleware(\n"
        "        RequestLogMiddleware, on_error=respond_to_internal_error, name_caller=database.pseudonym_of\n"
        "    )\n",
        BROWSERS,
    ),
    Falsifier(
        "an origin with a path is rejected",
        "003/FR-050",
        "core/settings/field_types.py",
        "            _check_origin(origin)\n",
        '            _check_origin("/".join(origin.split("/")[:3]))\n',
        BROWSERS,
    ),
    Falsifier(
        "other roles have no access to Better Auth's schema",
        "003/FR-051",
        ROLE,
        'sql.SQL("create schema {} authorization {}").format(schema, role)',
        'sql.SQL("create schema {0} authorization {1}; grant usage on schema {0} to public").format('
        "schema, role)",
        SCHEMA,
    ),
    Falsifier(
        "other roles cannot read Better Auth's tables",
        "003/FR-051",
        ROLE,
        'sql.SQL("create schema {} authorization {}").format(schema, role)',
        'sql.SQL("create schema {0} authorization {1}; alter default privileges for role {1} in schema {0}'
        ' grant select on tables to tasks_app").format(schema, role)',
        SCHEMA,
    ),
    Falsifier(
        "Better Auth's role is not a member of another role",
        "003/FR-051",
        ROLE,
        'connection.execute(sql.SQL("alter role {} password {}")',
        "connection.execute(sql.SQL('grant tasks_app to {}').format(role))\n"
        '        connection.execute(sql.SQL("alter role {} password {}")',
        SCHEMA,
    ),
    Falsifier(
        "the role that creates Better Auth's role is not a member of it",
        "003/FR-051",
        ROLE,
        '        connection.execute(sql.SQL("revoke {} from current_user").format(role))\n',
        "",
        SCHEMA,
    ),
    Falsifier(
        "Better Auth's role has no special attributes",
        "003/FR-051",
        ROLE,
        POWERLESS,
        "login superuser",
        SCHEMA,
    ),
)
