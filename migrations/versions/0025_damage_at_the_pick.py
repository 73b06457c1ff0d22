"""What pickers find damaged: units, reason, photo. One new table, which earlier releases leave empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pick_damage",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), nullable=False),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("product.id"), nullable=False),
        sa.Column("location_id", sa.Uuid(), sa.ForeignKey("location.id"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("stored_file.id")),
        sa.Column("file_name", sa.String(120)),
        sa.Column("posting_id", sa.Uuid(), sa.ForeignKey("stock_posting.id")),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
    )
    op.create_index("ix_pick_damage_order_id", "pick_damage", ["order_id"])
    op.create_index(
        "ix_pick_damage_newest", "pick_damage", ["warehouse_id", "created_at"],
        postgresql_where=sa.text("undone_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("pick_damage")
