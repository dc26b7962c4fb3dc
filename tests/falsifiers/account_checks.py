"""Falsifiers of the account: export, erasure, audit and the retention job."""

from __future__ import annotations

from tests.falsifiers.model import Falsifier

ACCOUNT = "models/account.py"
HOLD = "migrations/versions/0006_erasures_hold.py"
ERASURES = ("../../../isolation/test_account.py",)
EXPORT = ("../../../isolation/test_export.py",)
RETENTION = "retention.py"
RESTORES = ("../../../isolation/test_retention.py",)
FILTERS = ("../../../isolation/test_isolation_sql.py",)

ACCOUNT_FALSIFIERS = (
    Falsifier(
        "the export's query for tasks filters by user",
        "003/FR-010",
        ACCOUNT,
        "select(Task).where(Task.user_id == user_id, ",
        "select(Task).where(",
        FILTERS,
    ),
    Falsifier(
        "the erasure's query filters by user",
        "003/FR-011",
        ACCOUNT,
        "delete(Task).where(col(Task.user_id) == user_id)",
        "delete(Task)",
        FILTERS,
    ),
    Falsifier(
        "the export's query for the audit filters by user",
        "003/FR-010",
        ACCOUNT,
        "select(AuditEntry).where(AuditEntry.actor == actor)",
        "select(AuditEntry)",
        FILTERS,
    ),
    Falsifier(
        "the export's query for the deny-list filters by user",
        "003/FR-010",
        ACCOUNT,
        "Revocation.value == user_id",
        "Revocation.value != ''",
        FILTERS,
    ),
    Falsifier(
        "the export's query for the deny-list filters by issuer",
        "003/FR-010",
        ACCOUNT,
        "Revocation.issuer == issuer",
        "Revocation.issuer != ''",
        FILTERS,
    ),
    Falsifier(
        "writes wait for an erasure before they lock a row",
        "003/FR-011",
        HOLD,
        "if named is not null then",
        "if false then",
        ERASURES,
    ),
    Falsifier(
        "an export holds no database connection while the client reads",
        "003/FR-010",
        "api/account.py",
        """                async with self._transaction() as session:
                    page = await self.read_page(session, page.end)
                yield ", " + _join(page) if page.tasks else ""  # they may have been deleted since
""",
        """                async with self._transaction() as session:
                    page = await self.read_page(session, page.end)
                    yield ", " + _join(page) if page.tasks else ""
""",
        EXPORT,
    ),
    Falsifier(
        "an export contains no tasks that are newer than its beginning",
        "003/FR-010",
        ACCOUNT,
        "Task.user_id == user_id, col(Task.created_at) <= until",
        "Task.user_id == user_id",
        EXPORT,
    ),
    Falsifier(
        "an export that is cut off is not audited as done",
        "003/FR-040",
        "api/account.py",
        'outcome: store.Outcome = "cut"',
        'outcome: store.Outcome = "done"',
        EXPORT,
    ),
    Falsifier(
        "a reapplied erasure keeps newer tasks",
        "003/FR-042",
        RETENTION,
        "delete from tasks where user_id = %s and created_at <= %s",
        "delete from tasks where user_id = %s and (created_at <= %s or true)",
        RESTORES,
    ),
    Falsifier(
        "a reapplied erasure closes the account by its pseudonym",
        "003/FR-042",
        "core/database/transactions.py",
        "where actor = :actor and action = 'erase'",
        "where actor = :actor and false",
        RESTORES,
    ),
    Falsifier(
        "a reapplied erasure keeps its original time on the list",
        "003/FR-042",
        RETENTION,
        '"at": account.at, "actor": account.actor}',
        '"at": max(account.at, account.at.now(tz=account.at.tzinfo)), "actor": account.actor}',
        RESTORES,
    ),
    Falsifier(
        "a reapplied erasure of long ago leaves no tombstone",
        "003/FR-042",
        RETENTION,
        "select %(user_id)s::text, %(until)s where %(until)s > now()",
        "select %(user_id)s::text, %(until)s where %(until)s is not null",
        RESTORES,
    ),
    Falsifier(
        "the job waits for an erasure before it locks a row",
        "003/FR-041",
        RETENTION,
        """    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [user_id])
""",
        "",
        RESTORES,
    ),
    Falsifier(
        "earlier erasures stay on the list",
        "003/FR-042",
        "erasure_list.py",
        "*(read_list(file) if file.exists() else []), *erased",
        "*erased",
        RESTORES,
    ),
    Falsifier(
        "the keeper can audit reapplied erasures only",
        "003/FR-040",
        HOLD,
        "with check (action = 'erase' and outcome = 'reapplied')",
        "with check (true)",
        RESTORES,
    ),
    Falsifier(
        "the audit cannot be truncated",
        "003/FR-040",
        HOLD,
        """    op.execute(
        "create trigger audit_is_not_truncated before truncate on audit"
        " for each statement execute function refuse_changes_of_the_audit()"
    )
""",
        "",
        ERASURES,
    ),
    *(
        Falsifier(
            f"the policy on the deny-list restricts {use}",
            "003/FR-035",
            "migrations/versions/0007_revocations_held.py",
            "for all using ({NAMED}) with check ({NAMED})",
            f"for all using ({using}) with check ({check})",
            ("../../../isolation/test_row_level_security.py",),
        )
        for use, using, check in (("reading", "true", "{NAMED}"), ("writing", "{NAMED}", "true"))
    ),
    Falsifier(
        "tokens older than the longest lifetime are rejected",
        "003/FR-028",
        "core/config.py",
        "return min(self.max_age_seconds or self.longest_token_seconds, self.longest_token_seconds)",
        "return self.max_age_seconds or 10**9",
        ERASURES,
    ),
    Falsifier(
        "a tombstone lasts for the leeway twice in addition",
        "003/FR-011",
        "core/database/transactions.py",
        "settings.longest_token_seconds + 2 * settings.leeway_seconds",
        "settings.longest_token_seconds",
        ERASURES,
    ),
)
