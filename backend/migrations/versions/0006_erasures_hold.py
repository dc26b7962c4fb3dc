"""Erasures without deadlocks, and an audit that cannot be truncated.

Revision: 0006, after 0005

Every writer takes the advisory lock of the user before it locks a row. Before this migration, a writer
could hold a row that the erasure waited for, while it waited for the erasure.
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
    """Upgrade the database."""
    _wait_before_rows_are_locked()
    # After a restore the keeper repeats erasures, and may add audit entries for that only.
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
    # A statement trigger, so that it runs before any row is read.
    op.execute(
        "create trigger tasks_wait_for_the_erasure before insert or update or delete on tasks"
        " for each statement execute function wait_for_the_erasure()"
    )


def downgrade() -> None:
    """Downgrade the database."""
    op.execute("drop trigger audit_is_not_truncated on audit")
    op.execute("drop policy audit_reapplied on audit")
    op.execute(f"revoke insert on audit from {KEEPER}")
    op.execute("drop trigger tasks_wait_for_the_erasure on tasks")
    op.execute("drop function wait_for_the_erasure")
