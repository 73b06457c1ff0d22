"""Open holds are found by what they hold: a posting asks for its own four keys and no longer reads every open hold.

Changes indexes only: any release can live with either.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_stock_hold_key", "stock_hold", ["warehouse_id", "scope_key"], postgresql_where=OPEN)
    op.drop_index("ix_stock_hold_open", "stock_hold")  # the one by key begins with the warehouse too


def downgrade() -> None:
    op.create_index("ix_stock_hold_open", "stock_hold", ["warehouse_id", "scope"], postgresql_where=OPEN)
    op.drop_index("ix_stock_hold_key", "stock_hold")
