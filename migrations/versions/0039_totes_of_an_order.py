"""The totes of an order are found by the order: a full one is joined by a further one. Damaged goods go in a tote of their own.

Columns and indexes: the release before can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_handling_unit_of_order", "handling_unit", ["subject_id"], postgresql_where=sa.text("subject_kind = 'order'")
    )
    op.create_index(
        "ix_handling_unit_damage",
        "handling_unit",
        ["warehouse_id"],
        postgresql_where=sa.text("subject_kind = 'damage'"),
    )
    op.add_column("pick_damage", sa.Column("tote_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_pick_damage_tote_id", "pick_damage", "handling_unit", ["tote_id"], ["id"])
    op.create_index("ix_pick_damage_tote", "pick_damage", ["tote_id"], postgresql_where=sa.text("tote_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_pick_damage_tote", "pick_damage")
    op.drop_column("pick_damage", "tote_id")
    op.drop_index("ix_handling_unit_damage", "handling_unit")
    op.drop_index("ix_handling_unit_of_order", "handling_unit")
