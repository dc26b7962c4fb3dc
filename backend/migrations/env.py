"""The entry point of Alembic: runs the migrations on the connection of `migrate`."""

from __future__ import annotations

from alembic import context

from backend.models.account import AuditEntry
from backend.models.revocation import Revocation
from backend.models.task import Task

connection = context.config.attributes["connection"]
tables = [Task.metadata, Revocation.metadata, AuditEntry.metadata]
context.configure(connection=connection, target_metadata=tables, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
