"""Row-level security on tasks, and the role of the service, which owns nothing.

Revision: 0003, after 0002

The role is a group without login: whoever the service connects as is a member of it. Roles belong
to the whole server, so going back takes its rights away and leaves the role.

The owner of the table is not held yet: the version before this step connects as the owner and names
nobody. Step 0005 holds it.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
phase = "expand"

ROLE = "tasks_app"
# After a transaction the setting is '' and not null; either way nobody is asking, and there are no rows.
OWNER = "user_id = nullif(current_setting('app.user_id', true), '')"


def upgrade() -> None:
    """Take the step."""
    op.execute(
        f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{ROLE}') then
                create role {ROLE} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- another database of the same server was migrated at the same moment
        end $$
        """
    )
    op.execute(f"grant select, insert, update, delete on tasks, revocations to {ROLE}")
    op.execute("alter table tasks enable row level security")
    op.execute(f"create policy tasks_owner on tasks for all using ({OWNER}) with check ({OWNER})")


def downgrade() -> None:
    """Take it back."""
    op.execute("drop policy tasks_owner on tasks")
    op.execute("alter table tasks disable row level security")
    op.execute(f"revoke all on tasks, revocations from {ROLE}")
