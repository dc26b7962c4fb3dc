"""Row-level security holds the owner of the tables too.

Revision: 0005, after 0004

A version before 0003 connects as the owner and names nobody: it would find no rows any more.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
phase = "contract"

TABLES = ("tasks", "erasures", "audit")


def upgrade() -> None:
    """Take the step."""
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
