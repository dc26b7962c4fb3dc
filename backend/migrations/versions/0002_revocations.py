"""The table of revoked sessions and subjects.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    """Upgrade the database."""
    op.create_table(
        "revocations",
        sa.Column("issuer", sa.String(2048), nullable=False),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "kind", "value", name="revocations_pkey"),
        sa.CheckConstraint("kind in ('session', 'subject')", name="revocations_kind_known"),
    )
    op.create_index("revocations_until", "revocations", ["until"])


def downgrade() -> None:
    """Downgrade the database."""
    op.drop_table("revocations")
