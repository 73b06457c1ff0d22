"""Numbers noted in cartons that are counted blind are found, whichever carton they were noted in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_carton_counted_blind", "carton", ["owner_id"],
        postgresql_where=sa.text("counting = 'blind' AND counted_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_carton_counted_blind", "carton")
