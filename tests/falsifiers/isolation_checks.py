"""Falsifiers of the two locks on every row, and of what an erasure leaves behind."""

from __future__ import annotations

from tests.falsifiers.model import Falsifier

POLICY = "migrations/versions/0003_row_level_security.py"
FORCE = "migrations/versions/0005_force_row_level_security.py"
ACCOUNTS = "migrations/versions/0004_accounts.py"
DATABASE, TASK = "core/database/transactions.py", "models/task.py"
LEVEL = ("../../../isolation/test_row_level_security.py",)
FILTERS = ("../../../isolation/test_isolation_sql.py",)
COLD_START = ("../../../faults/test_cold_start.py",)
LOGS = ("../../../isolation/test_logs.py",)
ROLLOUT = ("../migrations/test_rollout.py",)
ACCOUNT = ("../../../isolation/test_account.py",)
POLICIES = "using ({OWNER}) with check ({OWNER})"
BY_OWNER = ".where(col(Task.id) == task_id, col(Task.user_id) == user_id)"

ISOLATION_FALSIFIERS = (
    Falsifier(
        "policy for reading", "003/FR-035", POLICY, POLICIES, "using (true) with check ({OWNER})", LEVEL
    ),
    Falsifier(
        "policy for writing", "003/FR-035", POLICY, POLICIES, "using ({OWNER}) with check (true)", LEVEL
    ),
    Falsifier(
        "policies are in force",
        "003/FR-035",
        POLICY,
        '    op.execute("alter table tasks enable row level security")\n',
        "",
        LEVEL,
    ),
    Falsifier(
        "policies hold the owner of the table",
        "003/FR-035",
        FORCE,
        'op.execute(f"alter table {table} force row level security")',
        "pass",
        LEVEL,
    ),
    Falsifier(
        "identity ends with its transaction",
        "003/FR-035",
        DATABASE,
        "set_config('app.user_id', :user_id, true)",
        "set_config('app.user_id', :user_id, false)",
        LEVEL,
    ),
    *(
        Falsifier(
            f"{name} ends with its transaction",
            "003/FR-035",
            DATABASE,
            f"set_config('app.{setting}', :{setting}, true)",
            f"set_config('app.{setting}', :{setting}, false)",
            LEVEL,
        )
        for name, setting in (("pseudonym", "actor"), ("issuer", "issuer"), ("session", "session_id"))
    ),
    *(
        Falsifier(
            f"policy of {table} for {use}",
            "003/FR-035",
            ACCOUNTS,
            f"on {table} for all using ({{{who}}}) with check ({{{who}}})",
            f"on {table} for all using ({using}) with check ({check})",
            LEVEL,
        )
        for table, who in (("erasures", "OWNER"), ("audit", "ACTOR"))
        for use, using, check in (("reading", "true", f"{{{who}}}"), ("writing", f"{{{who}}}", "true"))
    ),
    Falsifier(
        "no superuser", "003/FR-036", DATABASE, '(is_superuser, "is a superuser")', '(False, "")', LEVEL
    ),
    Falsifier("no BYPASSRLS", "003/FR-036", DATABASE, '(passes_by, "has BYPASSRLS")', '(False, "")', LEVEL),
    Falsifier("no owner", "003/FR-036", DATABASE, '(owns_tables, "owns the tables")', '(False, "")', LEVEL),
    Falsifier("no keeper", "003/FR-036", DATABASE, "(is_keeper, ", "(False, ", LEVEL),
    Falsifier("no role that may become one", "003/FR-036", DATABASE, "(may_pass_by, ", "(False, ", LEVEL),
    Falsifier(
        "filter of the list",
        "003/FR-009",
        TASK,
        "statement = select(Task).where(Task.user_id == user_id)",
        "statement = select(Task)",
        FILTERS,
    ),
    Falsifier(
        "filter of one task",
        "003/FR-009",
        TASK,
        "where(Task.id == task_id, Task.user_id == user_id)",
        "where(Task.id == task_id)",
        FILTERS,
    ),
    Falsifier(
        "filter of a replacement",
        "003/FR-009",
        TASK,
        f"{BY_OWNER}\n        .values(title=title",
        ".where(col(Task.id) == task_id)\n        .values(title=title",
        FILTERS,
    ),
    Falsifier(
        "filter of a completion",
        "003/FR-009",
        TASK,
        f"{BY_OWNER}\n        .values(completed=True",
        ".where(col(Task.id) == task_id)\n        .values(completed=True",
        FILTERS,
    ),
    Falsifier(
        "filter of a deletion",
        "003/FR-009",
        TASK,
        f"delete(Task){BY_OWNER}",
        "delete(Task).where(col(Task.id) == task_id)",
        FILTERS,
    ),
    Falsifier(
        "tombstone is asked",
        "003/FR-011",
        DATABASE,
        "if identity.user_id and not allow_erased and connection.scalar(",
        "if identity.user_id == '' and connection.scalar(",
        ("../../../bdd",),
    ),
    Falsifier(
        "database takes no row of the erased",
        "003/FR-011",
        ACCOUNTS,
        "where user_id = new.user_id and until > now()",
        "where user_id = new.user_id and until > now() and false",
        ACCOUNT,
    ),
    Falsifier(
        "audit is append-only",
        "003/FR-040",
        ACCOUNTS,
        "            raise exception 'the audit is append-only' using errcode = 'P0E02';",
        "            return new;",
        ACCOUNT,
    ),
    Falsifier(
        "audit in the same transaction",
        "003/FR-040",
        "api/account.py",
        '    await store.record_audit(session, database.pseudonym_of(principal), "erase")\n',
        "",
        ("../../../isolation/test_account.py", "../../../bdd"),
    ),
    Falsifier(
        "dead connections are replaced",
        "003/FR-043",
        "core/database/engine.py",
        "            raise InvalidatePoolError from error  # the pool retries with a new connection\n",
        "            raise\n",
        COLD_START,
    ),
    Falsifier(
        "begun when it is lent",
        "003/FR-043",
        "core/database/engine.py",
        '    event.listen(engine.sync_engine, "checkout", begin_transaction)\n',
        "",
        (*COLD_START, "database/test_transactions.py"),
    ),
    Falsifier(
        "connecting once more",
        "003/FR-043",
        "core/database/engine.py",
        '    event.listen(engine.sync_engine, "do_connect", _connect)\n',
        "",
        COLD_START,
    ),
    Falsifier(
        "waiting for whoever wakes the database",
        "003/FR-043",
        "core/database/engine.py",
        "pool_timeout=2 * max(timeout, _MIN_CONNECT_TIMEOUT) + _MARGIN,",
        "pool_timeout=timeout,",
        COLD_START,
    ),
    Falsifier(
        "all old connections are given up",
        "003/FR-043",
        "core/database/engine.py",
        "raise InvalidatePoolError from error",
        "raise psycopg.OperationalError from error",
        COLD_START,
    ),
    Falsifier(
        "time-out ends with its transaction",
        "003/FR-038",
        "core/database/engine.py",
        "'{timeout * 1000}', true)",
        "'{timeout * 1000}', false)",
        ("../../../pooler",),
    ),
    Falsifier(
        "server that says no is not asked twice",
        "003/FR-043",
        "core/database/database_errors.py",
        "return sqlstate is None or sqlstate.startswith(_TRANSIENT)",
        "return True",
        ("database/test_database_errors.py",),
    ),
    Falsifier(
        "role is asked while serving",
        "003/FR-036",
        DATABASE,
        '            _log.error("database_role_unfit", fault=str(error))\n            raise UnavailableError from error',
        "            raise",
        LEVEL,
    ),
    Falsifier(
        "callers by pseudonym",
        "003/FR-044",
        "core/http/middleware.py",
        "self._name_caller(principal)} if principal",
        "principal.subject} if principal",
        LOGS,
    ),
    Falsifier(
        "errors without their text",
        "003/FR-015",
        "core/logging.py",
        'return {"error": type(error).__qualname__, **',
        'return {"error": repr(error), **',
        LOGS,
    ),
    Falsifier(
        "errors of the database without their text",
        "003/FR-015",
        "core/database/database_errors.py",
        '"error": type(origin).__qualname__',
        '"error": str(origin)',
        ("database/test_database_errors.py", *LOGS),
    ),
    Falsifier(
        "uvicorn's words without what callers sent",
        "003/FR-015",
        "core/logging.py",
        'if record.name == "uvicorn.error" and message.startswith(_HARMLESS_MESSAGES):',
        'if record.name == "uvicorn.error":',
        LOGS,
    ),
    Falsifier(
        "hosts as the driver gets them",
        "003/FR-037",
        "core/settings/field_types.py",
        'for name in ("host", "hostaddr"))',
        'for name in ("host",))',
        ("test_backend_config.py",),
    ),
    Falsifier(
        "no service in the database's address",
        "003/FR-037",
        "core/settings/field_types.py",
        'if "service" in options:',
        'if "service" in ():',
        ("test_backend_config.py",),
    ),
    Falsifier(
        "steps that contract wait",
        "003/FR-045",
        "migrations/__init__.py",
        'if step.module.phase == "contract"',
        "if not step.module.phase",
        ROLLOUT,
    ),
    Falsifier(
        "owner is held last",
        "003/FR-045",
        POLICY,
        '    op.execute("alter table tasks enable row level security")\n',
        '    op.execute("alter table tasks enable row level security")\n'
        '    op.execute("alter table tasks force row level security")\n',
        ROLLOUT,
    ),
    Falsifier(
        "waiting for a table is bounded",
        "003/FR-045",
        "migrations/__init__.py",
        "set local lock_timeout = '2s'",
        "set local lock_timeout = '20s'",
        ROLLOUT,
    ),
    Falsifier(
        "waiting for another migration is bounded",
        "003/FR-045",
        "migrations/__init__.py",
        '    connection.execute(text(_LIMIT_WAITING))\n    connection.execute(text("select pg_adv',
        '    connection.execute(text("select pg_adv',
        ("../migrations/test_migrations.py",),
    ),
    Falsifier(
        "output that cannot be written is told",
        "003/FR-046",
        "retention.py",
        "        sys.stdout.flush()\n",
        "",
        ("../../../isolation/test_retention.py",),
    ),
    Falsifier(
        "the whole audit",
        "003/FR-046",
        "retention.py",
        "from audit order by id",
        "from audit where action = 'erase' order by id",
        ("../../../isolation/test_retention.py",),
    ),
)
