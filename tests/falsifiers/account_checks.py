"""Falsifiers of what is done with an account as a whole: its export, its erasure, its audit."""

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
        "filter of the export's tasks",
        "003/FR-010",
        ACCOUNT,
        "select(Task).where(Task.user_id == user_id, ",
        "select(Task).where(",
        FILTERS,
    ),
    Falsifier(
        "filter of an erasure",
        "003/FR-011",
        ACCOUNT,
        "delete(Task).where(col(Task.user_id) == user_id)",
        "delete(Task)",
        FILTERS,
    ),
    Falsifier(
        "filter of the export's audit",
        "003/FR-010",
        ACCOUNT,
        "select(AuditEntry).where(AuditEntry.actor == actor)",
        "select(AuditEntry)",
        FILTERS,
    ),
    Falsifier(
        "filter of the export's deny-list",
        "003/FR-010",
        ACCOUNT,
        "Revocation.value == user_id",
        "Revocation.value != ''",
        FILTERS,
    ),
    Falsifier(
        "issuer of the export's deny-list",
        "003/FR-010",
        ACCOUNT,
        "Revocation.issuer == issuer",
        "Revocation.issuer != ''",
        FILTERS,
    ),
    Falsifier(
        "writers wait for an erasure before they lock a row",
        "003/FR-011",
        HOLD,
        "if named is not null then",
        "if false then",
        ERASURES,
    ),
    Falsifier(
        "export holds no connection while it is read",
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
        "export ends at the moment when it began",
        "003/FR-010",
        ACCOUNT,
        "Task.user_id == user_id, col(Task.created_at) <= until",
        "Task.user_id == user_id",
        EXPORT,
    ),
    Falsifier(
        "export that is cut is not called done",
        "003/FR-040",
        "api/account.py",
        'outcome: store.Outcome = "cut"',
        'outcome: store.Outcome = "done"',
        EXPORT,
    ),
    Falsifier(
        "erasing anew keeps what is newer",
        "003/FR-042",
        RETENTION,
        "delete from tasks where user_id = %s and created_at <= %s",
        "delete from tasks where user_id = %s and (created_at <= %s or true)",
        RESTORES,
    ),
    Falsifier(
        "erased anew and known by the pseudonym alone",
        "003/FR-042",
        "core/database/transactions.py",
        "where actor = :actor and action = 'erase'",
        "where actor = :actor and false",
        RESTORES,
    ),
    Falsifier(
        "erasures that were applied anew stay on the list",
        "003/FR-042",
        RETENTION,
        '"at": account.at, "actor": account.actor}',
        '"at": max(account.at, account.at.now(tz=account.at.tzinfo)), "actor": account.actor}',
        RESTORES,
    ),
    Falsifier(
        "tombstone of an erasure of long ago has ended",
        "003/FR-042",
        RETENTION,
        "select %(user_id)s::text, %(until)s where %(until)s > now()",
        "select %(user_id)s::text, %(until)s where %(until)s is not null",
        RESTORES,
    ),
    Falsifier(
        "job waits for an erasure before it locks a row",
        "003/FR-041",
        RETENTION,
        """    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [user_id])
""",
        "",
        RESTORES,
    ),
    Falsifier(
        "list of erasures is added to",
        "003/FR-042",
        "erasure_list.py",
        "*(read_list(file) if file.exists() else []), *erased",
        "*erased",
        RESTORES,
    ),
    Falsifier(
        "keeper writes erasures alone into the audit",
        "003/FR-040",
        HOLD,
        "with check (action = 'erase' and outcome = 'reapplied')",
        "with check (true)",
        RESTORES,
    ),
    Falsifier(
        "audit is not emptied",
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
            f"policy of the deny-list for {use}",
            "003/FR-035",
            "migrations/versions/0007_revocations_held.py",
            "for all using ({NAMED}) with check ({NAMED})",
            f"for all using ({using}) with check ({check})",
            ("../../../isolation/test_row_level_security.py",),
        )
        for use, using, check in (("reading", "true", "{NAMED}"), ("writing", "{NAMED}", "true"))
    ),
    Falsifier(
        "no token outlives a tombstone",
        "003/FR-028",
        "core/config.py",
        "return min(self.max_age_seconds or self.longest_token_seconds, self.longest_token_seconds)",
        "return self.max_age_seconds or 10**9",
        ERASURES,
    ),
    Falsifier(
        "tombstone reckons with the leeway on both sides",
        "003/FR-011",
        "core/database/transactions.py",
        "settings.longest_token_seconds + 2 * settings.leeway_seconds",
        "settings.longest_token_seconds",
        ERASURES,
    ),
)
