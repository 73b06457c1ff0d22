"""A load stands at a dock: two open ones of a carrier are told apart by it.

A column and an index: the release before can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0041"
branch_labels = None
depends_on = None
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.add_column("manifest", sa.Column("dock_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "fk_manifest_warehouse_id_dock_id", "manifest", "location", ["warehouse_id", "dock_id"], ["warehouse_id", "id"]
    )
    op.create_index(
        "uq_manifest_open_at", "manifest", ["warehouse_id", "carrier_id", "dock_id"], unique=True,
        postgresql_nulls_not_distinct=True, postgresql_where=OPEN,
    )  # fmt: skip
    op.drop_index("uq_manifest_open", "manifest")


def downgrade() -> None:
    op.create_index("uq_manifest_open", "manifest", ["warehouse_id", "carrier_id"], unique=True, postgresql_where=OPEN)
    op.drop_index("uq_manifest_open_at", "manifest")
    op.drop_constraint("fk_manifest_warehouse_id_dock_id", "manifest", type_="foreignkey")
    op.drop_column("manifest", "dock_id")
