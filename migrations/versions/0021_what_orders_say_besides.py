"""What an order says besides: platform, signature, insurance, packing, what customs is told; the buyer's tax ids, sealed.
And papers of orders.

Expands only: a release that does not know the tables and the two columns leaves them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consignee", sa.Column("tax_ids_sealed", sa.LargeBinary()))
    op.add_column("consignee", sa.Column("tax_ids_key", sa.String(16)))
    op.create_table(
        "order_extra",
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), primary_key=True),
        sa.Column("platform", sa.String(16)),
        sa.Column("signature", sa.String(12)),
        sa.Column("insured_minor", sa.Integer()),
        sa.Column("insured_currency", sa.String(3)),
        sa.Column("packing", ARRAY(sa.String(12)), nullable=False),
        sa.Column("packing_remark", sa.String(255)),
        sa.Column("contents", sa.String(12)),
        sa.Column("ioss", sa.String(12)),
        sa.Column("vat_id", sa.String(17)),
        sa.Column("eori", sa.String(17)),
        sa.CheckConstraint("(insured_minor IS NULL) = (insured_currency IS NULL)", name="insured_in_a_currency"),
        sa.CheckConstraint("insured_minor > 0", name="insured_positive"),
    )
    op.create_table(
        "order_paper",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("outbound_order.id"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid(), sa.ForeignKey("stored_file.id"), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_order_paper_order", "order_paper", ["order_id", "id"])


def downgrade() -> None:
    op.drop_table("order_paper")
    op.drop_table("order_extra")
    op.drop_column("consignee", "tax_ids_key")
    op.drop_column("consignee", "tax_ids_sealed")
