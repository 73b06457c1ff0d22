"""An announced lot hangs on its line alone: nothing asks for it by its booking, which the line names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None
# Processes of the release before write the column.
older_must_stop = True


def upgrade() -> None:
    op.drop_index("ix_announced_lot_booking", "announced_lot")
    op.drop_column("announced_lot", "booking_id")


def downgrade() -> None:
    op.add_column(
        "announced_lot",
        sa.Column(
            "booking_id",
            sa.Uuid(),
            sa.ForeignKey("booking.id", name="fk_announced_lot_booking_id_booking"),
            nullable=True,
        ),
    )
    op.execute(
        "UPDATE announced_lot SET booking_id = carton_line.booking_id FROM carton_line"
        " WHERE carton_line.id = announced_lot.carton_line_id"
    )
    op.alter_column("announced_lot", "booking_id", nullable=False)
    op.create_index("ix_announced_lot_booking", "announced_lot", ["booking_id"])
