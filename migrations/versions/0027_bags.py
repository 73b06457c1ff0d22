"""Bags and pallets of parcels, with a number and a label of their own, and what is in which.

A new table and a column of `parcel` that earlier releases leave empty: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bag",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), sa.ForeignKey("carrier.id"), nullable=False),
        sa.Column("service_id", sa.Uuid(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("barcode", sa.String(48), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("weight_g", sa.Integer()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", sa.Uuid()),
        sa.Column("loaded_at", INSTANT),
        sa.Column("manifest_id", sa.Uuid(), sa.ForeignKey("manifest.id")),
        sa.UniqueConstraint("warehouse_id", "number"),
        sa.UniqueConstraint("warehouse_id", "barcode"),
        sa.CheckConstraint("weight_g > 0", name="weight_positive"),
        sa.CheckConstraint(
            "state NOT IN ('closed', 'loaded') OR (weight_g IS NOT NULL AND closed_at IS NOT NULL)",
            name="closed_is_weighed",
        ),
        sa.CheckConstraint(
            "(state = 'loaded') = (manifest_id IS NOT NULL AND loaded_at IS NOT NULL)", name="loaded_on_a_manifest"
        ),
    )
    here = sa.text("state IN ('open', 'closed')")
    op.create_index("ix_bag_here", "bag", ["warehouse_id", "created_at"], postgresql_where=here)
    op.create_index("ix_bag_manifest", "bag", ["manifest_id"], postgresql_where=sa.text("manifest_id IS NOT NULL"))
    op.add_column("parcel", sa.Column("bag_id", sa.Uuid(), sa.ForeignKey("bag.id")))
    op.create_index("ix_parcel_bag", "parcel", ["bag_id"], postgresql_where=sa.text("bag_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_parcel_bag", "parcel")
    op.drop_column("parcel", "bag_id")
    op.drop_table("bag")
