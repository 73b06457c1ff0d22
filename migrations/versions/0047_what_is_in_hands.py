"""A count asks what people of its warehouse have in hand.

An index over works that are open: none of its columns changes with a scan.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_floor_task_here", "floor_task", ["warehouse_id"], postgresql_where=sa.text("closed_at IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_floor_task_here", table_name="floor_task")
