"""Erasures that no writer can be locked with, and an audit that nobody empties.

Revision: 0006, after 0005

A writer waits for the erasure of its user before it locks a row, and not when it holds one that the
erasure wants: all take the advisory lock of a user first, and rows after it, so that no two can
wait for each other.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
phase = "expand"

KEEPER = "tasks_keeper"


def upgrade() -> None:
    """Take the step."""
    _wait_before_rows_are_locked()
    # After a restore the keeper erases anew, and writes that down as nothing else.
    op.execute(f"grant insert on audit to {KEEPER}")
    op.execute(
        f"create policy audit_reapplied on audit for insert to {KEEPER}"
        " with check (action = 'erase' and outcome = 'reapplied')"
    )
    op.execute(
        "create trigger audit_is_not_truncated before truncate on audit"
        " for each statement execute function refuse_changes_of_the_audit()"
    )


def _wait_before_rows_are_locked() -> None:
    op.execute(
        """
        create function wait_for_the_erasure() returns trigger language plpgsql as $$
        declare
            named text := nullif(current_setting('app.user_id', true), '');
        begin
            if named is not null then
                perform pg_advisory_xact_lock_shared(hashtextextended(named, 0));
            end if;
            return null;
        end $$
        """
    )
    # Of a statement, so that it comes before any row is looked at.
    op.execute(
        "create trigger tasks_wait_for_the_erasure before insert or update or delete on tasks"
        " for each statement execute function wait_for_the_erasure()"
    )


def downgrade() -> None:
    """Take it back."""
    op.execute("drop trigger audit_is_not_truncated on audit")
    op.execute("drop policy audit_reapplied on audit")
    op.execute(f"revoke insert on audit from {KEEPER}")
    op.execute("drop trigger tasks_wait_for_the_erasure on tasks")
    op.execute("drop function wait_for_the_erasure")
