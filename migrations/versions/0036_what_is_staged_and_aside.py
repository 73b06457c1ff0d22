"""Summaries know what is staged and what is set aside, so that no page reads it from the rows; what is held or not good has
an index of its own instead; a balance's place is of its warehouse.

The sums are kept by this release's postings only: processes of the release before have to stop first, and refuse this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None
older_must_stop = True

_COLUMNS = ["owner_id", "product_id", "warehouse_id"]
_SUMS = (
    "INSERT INTO summary (warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised, staged,"
    " aside) SELECT b.warehouse_id, b.owner_id, b.product_id, b.customs_status, b.book_item_id, 0, 0,"
    " coalesce(sum(b.on_hand) FILTER (WHERE l.kind IN ('tote', 'packing', 'gate')), 0),"
    " coalesce(sum(b.on_hand) FILTER (WHERE l.kind NOT IN ('tote', 'packing', 'gate')), 0)"
    " FROM balance b JOIN location l ON l.id = b.location_id WHERE NOT b.is_sellable AND b.is_there"
    " GROUP BY 1, 2, 3, 4, 5 ON CONFLICT (warehouse_id, owner_id, product_id, customs_status, book_item_id)"
    " DO UPDATE SET staged = excluded.staged, aside = excluded.aside"
)


def upgrade() -> None:
    for name in ("staged", "aside"):
        op.add_column("summary", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
        op.create_check_constraint(f"{name}_not_negative", "summary", f"{name} >= 0")
    op.execute(_SUMS)
    op.drop_index("ix_balance_aside", "balance")
    op.drop_column("balance", "is_aside")
    unfit = sa.Computed("on_hand > 0 AND (held_by > 0 OR condition <> 'good')", persisted=True)
    op.add_column("balance", sa.Column("is_unfit", sa.Boolean(), unfit, nullable=False))
    # The last of its table: where indexes seem to cost the same, as all do in small tables, PostgreSQL takes the latest.
    op.create_index("ix_balance_unfit", "balance", _COLUMNS, postgresql_where=sa.text("is_unfit"))
    for name in ("warehouse_id", "location_id"):
        op.drop_constraint(f"fk_balance_{name}", "balance", type_="foreignkey")
    both = (["warehouse_id", "location_id"], ["warehouse_id", "id"])
    op.create_foreign_key("fk_balance_warehouse_id_location_id", "balance", "location", *both)


def downgrade() -> None:
    op.drop_constraint("fk_balance_warehouse_id_location_id", "balance", type_="foreignkey")
    for name in ("warehouse", "location"):
        op.create_foreign_key(f"fk_balance_{name}_id", "balance", name, [f"{name}_id"], ["id"])
    op.drop_index("ix_balance_unfit", "balance")
    op.drop_column("balance", "is_unfit")
    aside = sa.Computed("on_hand > 0 AND NOT is_sellable", persisted=True)
    op.add_column("balance", sa.Column("is_aside", sa.Boolean(), aside, nullable=False))
    op.create_index("ix_balance_aside", "balance", _COLUMNS, postgresql_where=sa.text("is_aside"))
    for name in ("staged", "aside"):
        op.drop_constraint(f"{name}_not_negative", "summary", type_="check")
        op.drop_column("summary", name)
