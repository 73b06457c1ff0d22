"""Walks parted by zone; photos of parcels, and who asks for them.

Columns that earlier releases leave empty or false, and one new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("pick_batch", sa.Column("zone_id", sa.Uuid(), sa.ForeignKey("zone.id")))
    op.add_column("packing_insert", sa.Column("platform", sa.String(32)))
    for table in ("product", "order_terms"):
        op.add_column(table, sa.Column("pack_photo", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_table(
        "parcel_photo",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id"), nullable=False),
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("stored_file.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
    )
    op.create_index("ix_parcel_photo_order", "parcel_photo", ["order_id", "taken_at"])


def downgrade() -> None:
    op.drop_table("parcel_photo")
    for table in ("product", "order_terms"):
        op.drop_column(table, "pack_photo")
    op.drop_column("packing_insert", "platform")
    op.drop_column("pick_batch", "zone_id")
