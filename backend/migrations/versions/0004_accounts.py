"""Erasures and the audit, and the role of the retention job.

Revision: 0004, after 0003

An erasure is a tombstone: until its end, a trigger refuses rows of the user. Writers and the erasure of
the same user wait for each other by an advisory lock, so that no write follows the erasure unseen. The
owner of the tables sees all tombstones until migration 0005, so that the trigger also refuses rows from
a version that connects as the owner.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
phase = "expand"

APP, KEEPER = "tasks_app", "tasks_keeper"
OWNER = "user_id = nullif(current_setting('app.user_id', true), '')"
ACTOR = "actor = nullif(current_setting('app.actor', true), '')"


def upgrade() -> None:
    """Upgrade the database."""
    op.execute(
        f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{KEEPER}') then
                create role {KEEPER} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- another database of the same server was migrated at the same time
        end $$
        """
    )
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="erasures_pkey"),
    )
    op.create_index("erasures_until", "erasures", ["until"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_index("audit_actor", "audit", ["actor"])
    _hold_tables()
    _refuse_rows_of_the_erased()
    _refuse_changes_of_the_audit()


def _hold_tables() -> None:
    """Grant the rights of the roles, and add the policies and triggers."""
    op.execute(f"grant select, insert, update on erasures to {APP}")
    op.execute(f"grant select, insert on audit to {APP}")
    op.execute(f"grant select, delete on tasks, erasures, revocations, audit to {KEEPER}")
    op.execute(f"grant insert, update on erasures to {KEEPER}")
    for table in ("erasures", "audit"):
        op.execute(f"alter table {table} enable row level security")
    op.execute(f"create policy erasures_owner on erasures for all using ({OWNER}) with check ({OWNER})")
    op.execute(f"create policy audit_actor on audit for all using ({ACTOR}) with check ({ACTOR})")
    for table, writes in (("tasks", "false"), ("erasures", "true"), ("audit", "false")):
        op.execute(
            f"create policy {table}_keeper on {table} for all to {KEEPER} using (true) with check ({writes})"
        )


def _refuse_rows_of_the_erased() -> None:
    op.execute(
        """
        create function refuse_rows_of_the_erased() returns trigger language plpgsql as $$
        begin
            perform pg_advisory_xact_lock_shared(hashtextextended(new.user_id, 0));
            if exists (select from erasures where user_id = new.user_id and until > now()) then
                raise exception 'the account is erased' using errcode = 'P0E01';
            end if;
            return new;
        end $$
        """
    )
    op.execute(
        "create trigger tasks_of_the_erased before insert or update on tasks"
        " for each row execute function refuse_rows_of_the_erased()"
    )


def _refuse_changes_of_the_audit() -> None:
    op.execute(
        f"""
        create function refuse_changes_of_the_audit() returns trigger language plpgsql as $$
        begin
            -- Not pg_has_role, which is true for every superuser.
            if tg_op = 'DELETE' and exists (
                select from pg_auth_members join pg_roles keeper on keeper.oid = roleid
                join pg_roles one on one.oid = member
                where keeper.rolname = '{KEEPER}' and one.rolname = current_user
            ) then
                return old;  -- older than its retention period
            end if;
            raise exception 'the audit is append-only' using errcode = 'P0E02';
        end $$
        """
    )
    op.execute(
        "create trigger audit_is_append_only before update or delete on audit"
        " for each row execute function refuse_changes_of_the_audit()"
    )


def downgrade() -> None:
    """Downgrade the database."""
    op.execute("drop trigger tasks_of_the_erased on tasks")
    op.execute("drop function refuse_rows_of_the_erased")
    op.execute("drop policy tasks_keeper on tasks")
    op.drop_table("audit")
    op.execute("drop function refuse_changes_of_the_audit")
    op.drop_table("erasures")
    op.execute(f"revoke all on tasks, revocations from {KEEPER}")
