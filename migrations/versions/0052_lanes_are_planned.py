"""Walks that are planned as a fast lane, and how many orders one takes at most.

Expands only: walks of before are no lane's, and a release that does not know the columns leaves them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pick_batch", sa.Column("is_lane", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("wave_setting", sa.Column("lane_orders", sa.Integer(), nullable=False, server_default=sa.text("48")))
    op.create_check_constraint("lane_orders_positive", "wave_setting", "lane_orders > 0")


def downgrade() -> None:
    op.drop_constraint("lane_orders_positive", "wave_setting", type_="check")
    op.drop_column("wave_setting", "lane_orders")
    op.drop_column("pick_batch", "is_lane")
