"""What a carrier charged for a parcel's waybill by its own word, beside what it had quoted; and which sellers see it. And the
parcels that wait for a lorry, found by carrier and owner.

A new table, an index, and a column with a default: a release that does not know them leaves them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parcel_cost",
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id"), primary_key=True),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("surcharges", JSONB(), nullable=False),
        sa.Column("quoted_currency", sa.String(3)),
        sa.Column("quoted_minor", sa.BigInteger()),
        sa.Column("fault", sa.String(40)),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("total_minor >= 0 AND quoted_minor >= 0", name="no_price_below_nothing"),
        sa.CheckConstraint("(quoted_minor IS NULL) = (quoted_currency IS NULL)", name="quoted_in_a_currency"),
        sa.CheckConstraint(
            "source = 'waybill' AND fault IS NULL OR source = 'quote' AND quoted_minor IS NOT NULL"
            " AND quoted_minor = total_minor AND quoted_currency = currency",
            name="said_or_quoted",
        ),
    )
    op.create_index("ix_parcel_cost_said", "parcel_cost", ["said_at"])
    op.create_index(
        "ix_parcel_waiting", "parcel", ["warehouse_id", "carrier_id", "owner_id"],
        postgresql_where=sa.text("state = 'closed'"),
    )  # fmt: skip
    op.add_column(
        "seller", sa.Column("sees_carrier_costs", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )


def downgrade() -> None:
    op.drop_column("seller", "sees_carrier_costs")
    op.drop_index("ix_parcel_waiting", "parcel")
    op.drop_table("parcel_cost")
