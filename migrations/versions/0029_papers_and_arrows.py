"""Gate passes; which way a bin's label points; sellers who want a packing slip in every order.

A new table, and columns with a default: any release can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gate_pass",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle", sa.String(30), nullable=False),
        sa.Column("vehicle_weight_kg", sa.Integer()),
        sa.Column("container", sa.String(30)),
        sa.Column("seal", sa.String(30)),
        sa.Column("valid_until", sa.Date()),
        sa.Column("clerk_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("warehouse_id", "number"),
    )
    op.create_index("ix_gate_pass_subject", "gate_pass", ["subject_kind", "subject_id"])
    op.add_column("location", sa.Column("label_arrow", sa.String(5), nullable=False, server_default=sa.text("''")))
    op.add_column("order_terms", sa.Column("pack_slip", sa.Boolean(), nullable=False, server_default=sa.text("false")))


def downgrade() -> None:
    op.drop_column("order_terms", "pack_slip")
    op.drop_column("location", "label_arrow")
    op.drop_table("gate_pass")
