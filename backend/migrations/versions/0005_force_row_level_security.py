"""Row-level security for the owner of the tables too.

Revision: 0005, after 0004

A version before 0003 connects as the owner and sets no user id, so it would see no rows any more.
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
    """Upgrade the database."""
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    """Downgrade the database."""
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
