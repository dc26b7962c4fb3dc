"""Falsifiers of what is done with an account as a whole: its export, its erasure, its audit."""

from __future__ import annotations

from tests.falsifiers.model import Falsifier

ACCOUNT = "models/account.py"
HOLD = "migrations/versions/0006_erasures_hold.py"
ERASURES = ("../../../isolation/test_account.py",)
EXPORT = ("../../../isolation/test_export.py",)
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
                yield ", " + _join(page) if page.tasks else ""  # they may be deleted by now
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
)
