"""Audits are remembered, and a job knows what wrote it.

Expands only: a release that does not know the column writes jobs without a cause, which run all the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_job", sa.Column("cause", postgresql.JSONB))
    op.create_table(
        "audit_run",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("violations", postgresql.JSONB, nullable=False),
    )
    op.create_index("ix_audit_run_finished_at", "audit_run", ["finished_at"])


def downgrade() -> None:
    op.drop_table("audit_run")
    op.drop_column("outbox_job", "cause")
