"""Cartons may be counted blind: what was counted is noted, and compared when the carton is closed.

Processes of the release before would show a blind carton's announcement and post its counts at once: they have to stop first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None
older_must_stop = True

_KNOWN = "counting IN ('guided', 'blind')"
_TABLES = ("booking", "carton", "inbound_terms")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("counting", sa.String(6)))
        op.create_check_constraint("counting_known", table, _KNOWN)
    op.add_column("carton", sa.Column("recount_at", sa.DateTime(timezone=True)))
    op.create_check_constraint("recounted_blind", "carton", "recount_at IS NULL OR counting IS NOT NULL")
    op.create_table(
        "receiving_rule",
        sa.Column("warehouse_id", sa.Uuid(), sa.ForeignKey("warehouse.id"), primary_key=True),
        sa.Column("counting", sa.String(6), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KNOWN, name="counting_known"),
    )
    op.create_table(
        "carton_tally",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("carton_id", sa.Uuid(), sa.ForeignKey("carton.id"), nullable=False),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("product.id"), nullable=False),
        sa.Column("is_second", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.String(12), nullable=False),
        sa.Column("batch", sa.String(40)),
        sa.Column("expires_on", sa.Date()),
        sa.Column("made_on", sa.Date()),
        sa.Column("finding", sa.String(12)),
        sa.Column("serial_numbers", postgresql.ARRAY(sa.String(40)), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.Uuid(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_taken_back", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
    )
    op.create_index("ix_carton_tally_carton", "carton_tally", ["carton_id", "id"])


def downgrade() -> None:
    op.drop_table("carton_tally")
    op.drop_table("receiving_rule")
    op.drop_constraint("recounted_blind", "carton", type_="check")
    op.drop_column("carton", "recount_at")
    for table in reversed(_TABLES):
        op.drop_constraint("counting_known", table, type_="check")
        op.drop_column(table, "counting")
