"""The totes of an order are found by the order: a full one is joined by a further one. Damaged goods go in a tote of their own;
moves between bins are asked for.

Columns and indexes: the release before can live with them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
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
    op.create_table(
        "move_task",
        *(
            sa.Column(name, sa.Uuid(), nullable=False)
            for name in ("id", "warehouse_id", "product_id", "origin_id", "target_id")
        ),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("saves_m", sa.Numeric(10, 1), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("came_back", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_move_task"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_move_task_product_id"),
        sa.ForeignKeyConstraint(["partner_id"], ["product.id"], name="fk_move_task_partner_id"),
        *(
            sa.ForeignKeyConstraint(
                ["warehouse_id", name],
                ["location.warehouse_id", "location.id"],
                name=f"fk_move_task_warehouse_id_{name}",
            )
            for name in ("origin_id", "target_id")
        ),
        sa.CheckConstraint("origin_id <> target_id AND partner_id IS DISTINCT FROM product_id", name="between_two"),
        sa.CheckConstraint("moved >= 0 AND came_back >= 0", name="counted"),
    )
    op.create_index(
        "uq_move_task_open", "move_task", ["warehouse_id", "origin_id", "product_id"], unique=True,
        postgresql_where=sa.text("state IN ('open', 'moving')"),
    )  # fmt: skip
    op.create_index(
        "ix_move_task_done", "move_task", ["warehouse_id", "finished_at"], postgresql_where=sa.text("state = 'done'")
    )


def downgrade() -> None:
    op.drop_table("move_task")
    op.drop_index("ix_pick_damage_tote", "pick_damage")
    op.drop_column("pick_damage", "tote_id")
    op.drop_index("ix_handling_unit_damage", "handling_unit")
    op.drop_index("ix_handling_unit_of_order", "handling_unit")
