"""Indexes for what was read through as history grew: counts of open work, the receipts of one act, tabs of a list.

A release that does not know them only keeps them up. Building them holds up writers of these tables for as long as it
takes: about a second for a million rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_receipt_act", "receipt", ["act_id"], None),
    ("ix_return_order_open", "return_order", ["warehouse_id"], "state IN ('announced', 'receiving')"),
    ("ix_handling_unit_put_back", "handling_unit", ["warehouse_id"], "subject_kind = 'put_back'"),
    ("ix_carton_open", "carton", ["warehouse_id", "state"],
     "state IN ('declared', 'arrived', 'counting', 'counted', 'stowing')"),
    ("ix_outbound_order_open", "outbound_order", ["owner_id", "state"], "state NOT IN ('shipped', 'cancelled')"),
]  # fmt: skip


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, columns, postgresql_where=None if condition is None else sa.text(condition))


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
