"""Stock that does not sell and is not empty has an index of its own: a page of figures no longer reads every bin.

The summary knows what sells. `is_aside` is kept by PostgreSQL itself; adding it writes the table anew, during which nothing
is posted. Any release can live with it. The index it replaces was asked by that page
only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMN = sa.Column(
    "is_aside", sa.Boolean(), sa.Computed("on_hand > 0 AND NOT is_sellable", persisted=True), nullable=False
)


def upgrade() -> None:
    op.add_column("balance", COLUMN)
    op.create_index("ix_balance_aside", "balance", ["product_id", "warehouse_id"], postgresql_where=sa.text("is_aside"))
    op.drop_index("ix_balance_owner", "balance")


def downgrade() -> None:
    op.create_index("ix_balance_owner", "balance", ["owner_id", "warehouse_id", "product_id"])
    op.drop_index("ix_balance_aside", "balance")
    op.drop_column("balance", "is_aside")
