"""Returns that changed lately are found by when they did: sellers' systems ask for them every few minutes.

Any release can live with it.
"""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_return_order_changed", "return_order", ["owner_id", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_return_order_changed", "return_order")
