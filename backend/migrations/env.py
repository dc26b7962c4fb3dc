"""Alembic's entry: runs the steps on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from backend.models.task import Task

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Task.metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
