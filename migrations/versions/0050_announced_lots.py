"""Batches, days and serial numbers that a booking announces are kept, by the units of each line.

Expands only: a release that does not know the table announces without it. It deletes lines of cartons that are replaced, so
their lots go with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announced_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("carton_line_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(40)),
        sa.Column("made_on", sa.Date()),
        sa.Column("expires_on", sa.Date()),
        sa.Column("serial_numbers", postgresql.ARRAY(sa.String(40)), nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="pk_announced_lot"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_announced_lot_booking_id_booking"),
        sa.ForeignKeyConstraint(
            ["carton_line_id"], ["carton_line.id"], name="fk_announced_lot_carton_line_id_carton_line",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("carton_line_id", "position", name="uq_announced_lot_carton_line_id_position"),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.CheckConstraint("cardinality(serial_numbers) IN (0, quantity)", name="numbers_of_units"),
    )  # fmt: skip
    op.create_index("ix_announced_lot_booking", "announced_lot", ["booking_id"])


def downgrade() -> None:
    op.drop_table("announced_lot")
