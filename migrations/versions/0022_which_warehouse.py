"""Sellers who let the house choose the warehouse, and why each order goes from where it does.

Expands only: a release that does not know the tables demands a warehouse of every order.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_routing",
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("seller.id"), primary_key=True),
        sa.Column("prefer", sa.String(8), nullable=False),
        sa.Column("may_split", sa.Boolean(), nullable=False),
        sa.Column("warehouses", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("zones", JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "order_route",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("reason", JSONB(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("order_route")
    op.drop_table("order_routing")
