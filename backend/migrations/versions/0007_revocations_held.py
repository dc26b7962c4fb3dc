"""Row-level security on the deny-list: only the entries of the user of the transaction are visible.

Revision: 0007, after 0006

A version before this one sets no user when it queries the list: it would see no entries, and accept
revoked tokens. The retention job deletes ended entries.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
phase = "contract"

KEEPER = "tasks_keeper"
NAMED = (
    "issuer = nullif(current_setting('app.issuer', true), '') and value = nullif(current_setting("
    "case kind when 'subject' then 'app.user_id' else 'app.session_id' end, true), '')"
)


def upgrade() -> None:
    """Upgrade the database."""
    op.execute("alter table revocations enable row level security")
    op.execute("alter table revocations force row level security")
    op.execute(f"create policy revocations_named on revocations for all using ({NAMED}) with check ({NAMED})")
    op.execute(
        f"create policy revocations_keeper on revocations for all to {KEEPER} using (true) with check (false)"
    )


def downgrade() -> None:
    """Downgrade the database."""
    op.execute("drop policy revocations_named on revocations")
    op.execute("drop policy revocations_keeper on revocations")
    op.execute("alter table revocations no force row level security")
    op.execute("alter table revocations disable row level security")
