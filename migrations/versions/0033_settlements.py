"""Declarations that settle what is unaccounted in bond.

A new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "customs_settlement",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.String(40), nullable=False, unique=True),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("product.id"), nullable=False),
        sa.Column("book_item_id", sa.Uuid(), sa.ForeignKey("book_item.id"), nullable=False),
        sa.Column("balance_id", sa.BigInteger(), sa.ForeignKey("balance.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("serials", ARRAY(sa.String(40)), nullable=False),
        sa.Column("note", sa.String(200)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT),
        sa.Column("settled_by", sa.Uuid()),
        sa.Column("settled_at", INSTANT),
        sa.Column("posting_id", sa.Uuid(), sa.ForeignKey("stock_posting.id")),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("(state = 'settled') = (posting_id IS NOT NULL)", name="settled_is_posted"),
    )
    op.create_index(
        "ix_customs_settlement_open", "customs_settlement", ["balance_id"],
        postgresql_where=sa.text("state IN ('declared', 'accepted')"),
    )  # fmt: skip
    op.create_index("ix_customs_settlement_warehouse", "customs_settlement", ["warehouse_id", "declared_at"])


def downgrade() -> None:
    op.drop_table("customs_settlement")
