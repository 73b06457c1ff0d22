"""What parcels that left cost by their services' tables, line by line: an invoice points at it.

A new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "parcel_rate",
        sa.Column("parcel_id", sa.Uuid(), sa.ForeignKey("parcel.id"), primary_key=True),
        sa.Column("service_id", sa.Uuid(), sa.ForeignKey("service.id"), nullable=False),
        sa.Column("table_of", INSTANT, nullable=False),
        sa.Column("rated_at", INSTANT, nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("dimensional_g", sa.Integer(), nullable=False),
        sa.Column("charged_g", sa.Integer()),
        sa.Column("zone", sa.String(40)),
        sa.Column("currency", sa.String(3)),
        sa.Column("base_minor", sa.BigInteger()),
        sa.Column("surcharges", JSONB(), nullable=False),
        sa.Column("total_minor", sa.BigInteger()),
        sa.Column("why", sa.String(16)),
        sa.CheckConstraint(
            "(why IS NULL) = (total_minor IS NOT NULL AND currency IS NOT NULL AND zone IS NOT NULL)",
            name="priced_or_not",
        ),
    )


def downgrade() -> None:
    op.drop_table("parcel_rate")
