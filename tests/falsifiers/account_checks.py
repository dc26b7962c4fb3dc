"""Falsifiers of what is done with an account as a whole: its export, its erasure, its audit."""

from __future__ import annotations

from tests.falsifiers.model import Falsifier

ACCOUNT = "models/account.py"
HOLD = "migrations/versions/0006_erasures_hold.py"
ERASURES = ("../../../isolation/test_account.py",)
FILTERS = ("../../../isolation/test_isolation_sql.py",)

ACCOUNT_FALSIFIERS = (
    Falsifier(
        "filter of the export's tasks",
        "003/FR-010",
        ACCOUNT,
        "select(Task).where(Task.user_id == user_id)",
        "select(Task)",
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
)
