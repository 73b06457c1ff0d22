"""Order lines that name a carton or pallet; orders to a fulfilment centre of Amazon, with the labels of their units.

Expands only: a column that earlier releases leave empty, and new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("handling_unit_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_order_line_handling_unit_id_handling_unit"),
        "order_line",
        "handling_unit",
        ["handling_unit_id"],
        ["id"],
    )
    op.create_table(
        "fba_order",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("shipment_id", sa.String(12), nullable=False),
        sa.Column("reference_id", sa.String(20)),
        sa.Column("centre", sa.String(8), nullable=False),
    )
    op.create_index(op.f("ix_fba_order_shipment_id"), "fba_order", ["shipment_id"])
    op.create_table(
        "fba_line",
        sa.Column("order_line_id", sa.Uuid(), sa.ForeignKey("order_line.id"), primary_key=True),
        sa.Column("fnsku", sa.String(10), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("fba_line")
    op.drop_table("fba_order")
    op.drop_column("order_line", "handling_unit_id")
