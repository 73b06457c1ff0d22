"""Entry lists of transfers between bonded warehouses.

A new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "linked_list",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(3), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("document", sa.String(64), nullable=False),
        sa.Column("linked_to", sa.String(64)),
        sa.Column("clerk_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("order_id", "side"),
        sa.UniqueConstraint("warehouse_id", "document"),
        sa.CheckConstraint("(side = 'in') = (linked_to IS NOT NULL)", name="in_names_out"),
    )


def downgrade() -> None:
    op.drop_table("linked_list")
