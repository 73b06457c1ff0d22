"""Docks have hours of the week; sellers choose a time that is offered.

Expands only: a dock without a row takes lorries at any time, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dock_hours",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "weekday", name="pk_dock_hours"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name="fk_dock_hours_location_id_location"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        sa.CheckConstraint("opens < closes OR closes = '00:00'", name="closes_later"),
    )


def downgrade() -> None:
    op.drop_table("dock_hours")
