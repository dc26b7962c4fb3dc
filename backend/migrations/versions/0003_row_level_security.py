"""Row-level security on tasks, and the role of the service, which owns no table.

Revision: 0003, after 0002

The role is a group without login; the login role of the service is a member of it. Roles belong to the
whole server, so the downgrade revokes the rights of the role and does not drop it.

Row-level security does not apply to the owner of the table yet, because the version before this
migration connects as the owner and sets no user id. Migration 0005 applies it to the owner.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
phase = "expand"

ROLE = "tasks_app"
# After a transaction the setting is '' in place of null; in both cases no row is visible.
OWNER = "user_id = nullif(current_setting('app.user_id', true), '')"


def upgrade() -> None:
    """Upgrade the database."""
    op.execute(
        f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{ROLE}') then
                create role {ROLE} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- another database of the same server was migrated at the same time
        end $$
        """
    )
    op.execute(f"grant select, insert, update, delete on tasks, revocations to {ROLE}")
    op.execute("alter table tasks enable row level security")
    op.execute(f"create policy tasks_owner on tasks for all using ({OWNER}) with check ({OWNER})")


def downgrade() -> None:
    """Downgrade the database."""
    op.execute("drop policy tasks_owner on tasks")
    op.execute("alter table tasks disable row level security")
    op.execute(f"revoke all on tasks, revocations from {ROLE}")
