"""Files of orders: read whole, what is wrong with each line told, made into orders when their seller says so.

A new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COUNTS = ("lines", "orders", "handled", "good", "there", "refused", "created", "more")


def upgrade() -> None:
    op.create_table(
        "order_import",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("seller.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("stored_file.id")),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("actor_kind", sa.String(8), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse", sa.String(16)),
        sa.Column("service", sa.String(32)),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("findings", JSONB(), nullable=False),
        sa.Column("unread", ARRAY(sa.String(60)), nullable=False),
        sa.Column("chosen", ARRAY(sa.Integer()), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("created <= good AND good + there + refused <= orders", name="orders_add_up"),
        sa.CheckConstraint(
            "(state IN ('checking', 'checked', 'creating')) = (file_id IS NOT NULL)", name="file_while_open"
        ),
    )
    op.create_index("ix_order_import_owner", "order_import", ["owner_id", "created_at", "id"])
    op.create_index(
        "ix_order_import_open", "order_import", ["created_at"], postgresql_where=sa.text("file_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("order_import")
