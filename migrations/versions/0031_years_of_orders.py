"""Lists, searches and figures cost after years what they cost on the first day.

Indexes for the newest of an owner or a warehouse, for what begins with a searched word, for the few that are open, were
cancelled or changed lately; a column that says which rows of the stock are not empty; a product's history and the open
layers with all that is counted from them inside the index.

Any release can live with it. Adding the column writes `balance` anew, and the indexes of `stock_move` are built while nothing
is posted: minutes at ten million moves.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

ENDS = {"outbound_order": "'cancelled', 'shipped'", "booking": "'cancelled', 'completed'",
        "return_order": "'cancelled', 'completed'"}  # fmt: skip
IS_THERE = sa.Column("is_there", sa.Boolean(), sa.Computed("on_hand > 0", persisted=True), nullable=False)
# Name, table, columns, condition, and what else the index holds.
MADE: list[tuple[str, str, list[str], str | None, list[str]]] = [
    ("ix_handling_unit_totes", "handling_unit", ["warehouse_id", "code"], "kind = 'tote'", []),
    ("ix_carton_states", "carton", ["booking_id", "state"], None, []),
    ("ix_booking_tracking", "booking", ["tracking_number"], "tracking_number IS NOT NULL", []),
    ("ix_return_order_here", "return_order", ["warehouse_id"], "state IN ('announced', 'receiving')", []),
    ("ix_return_order_order", "return_order", ["order_id"], None, []),
    ("ix_outbound_order_changed", "outbound_order", ["owner_id", "updated_at"], None, []),
    ("ix_outbound_order_shipped", "outbound_order", ["owner_id", "shipped_at", "warehouse_id"],
     "shipped_at IS NOT NULL", []),
    ("ix_outbound_order_gone", "outbound_order", ["warehouse_id", "shipped_at"], "shipped_at IS NOT NULL", []),
    ("ix_wave_newest", "wave", ["warehouse_id", "released_at", "id"], None, []),
    ("ix_parcel_handling_unit", "parcel", ["handling_unit_id"], "handling_unit_id IS NOT NULL", []),
    ("ix_outbox_job_dead", "outbox_job", ["sequence"], "state = 'dead'", []),
    ("ix_balance_aside", "balance", ["owner_id", "product_id", "warehouse_id"], "is_aside", []),
    ("ix_balance_there", "balance", ["id"], "is_there", []),
    ("ix_balance_there_product", "balance", ["product_id", "warehouse_id"], "is_there", []),
    ("ix_balance_there_location", "balance", ["location_id"], "is_there", []),
    ("ix_balance_there_unit", "balance", ["handling_unit_id"], "is_there AND handling_unit_id IS NOT NULL", []),
    ("ix_stock_move_history", "stock_move", ["owner_id", "product_id", "id"], None,
     ["warehouse_id", "created_at", "from_balance_id", "to_balance_id", "quantity"]),
    ("ix_stock_layer_open", "stock_layer", ["owner_id", "product_id", "warehouse_id", "opened_on", "move_id"],
     "remaining > 0", ["remaining"]),
    ("ix_stock_month_end_row_product", "stock_month_end_row", ["month_end_id", "product_id"], None, []),
]  # fmt: skip
# What stood under these names, or did this work, before.
BEFORE: list[tuple[str, str, list[str], str | None]] = [
    ("ix_outbound_order_listing", "outbound_order", ["owner_id", "created_at", "id"], None),
    ("ix_outbound_order_open", "outbound_order", ["owner_id", "state"], "state NOT IN ('shipped', 'cancelled')"),
    ("ix_booking_newest", "booking", ["owner_id", "created_at", "id"], None),
    ("ix_return_order_listing", "return_order", ["owner_id", "created_at", "id"], None),
    ("ix_return_order_open", "return_order", ["warehouse_id"], "state IN ('announced', 'receiving')"),
    ("ix_balance_aside", "balance", ["product_id", "warehouse_id"], "is_aside"),
    ("ix_stock_move_history", "stock_move", ["owner_id", "product_id", "id"], None),
    ("ix_stock_layer_open", "stock_layer", ["owner_id", "product_id", "warehouse_id", "opened_on", "move_id"],
     "remaining > 0"),
    ("ix_stock_month_end_row_month_end_id", "stock_month_end_row", ["month_end_id"], None),
]  # fmt: skip


def _listed(table: str) -> list[tuple[str, list[str | sa.TextClause], str | None]]:
    """The indexes of a list and its search (`wms.platform.listing`)."""
    return [
        (f"ix_{table}_listing", ["owner_id", "warehouse_id", "created_at", "id"], None),
        (f"ix_{table}_house", ["warehouse_id", "created_at", "id"], None),
        (f"ix_{table}_cancelled", ["owner_id", "created_at", "id"], "state = 'cancelled'"),
        (f"ix_{table}_open", ["owner_id", "state"], f"state NOT IN ({ENDS[table]})"),
        (f"ix_{table}_number_search", ["owner_id", sa.text("lower(number) text_pattern_ops")], None),
        (f"ix_{table}_reference_search", ["owner_id", sa.text("lower(reference) text_pattern_ops")], None),
    ]


def _key(*, nothing_is_an_id: bool) -> None:
    """The key of the stock's rows anew: with what may be missing as an id, or as NULL that is like any other."""
    missing = [f"coalesce({each}, '00000000-0000-0000-0000-000000000000'::uuid)" if nothing_is_an_id else each
               for each in ("lot_id", "book_item_id", "handling_unit_id")]  # fmt: skip
    op.drop_index("uq_balance_key", "balance")
    columns = ["warehouse_id", "product_id", "location_id", "owner_id", *map(sa.text, missing), "condition",
               "customs_status"]  # fmt: skip
    op.create_index(
        "uq_balance_key", "balance", columns, unique=True,
        postgresql_nulls_not_distinct=None if nothing_is_an_id else True,
    )  # fmt: skip


def _where(condition: str | None) -> sa.TextClause | None:
    return None if condition is None else sa.text(condition)


def upgrade() -> None:
    for name, table, _, _ in BEFORE:
        op.drop_index(name, table)
    op.add_column("balance", IS_THERE)
    _key(nothing_is_an_id=True)
    for table in ENDS:
        for name, listed, condition in _listed(table):
            op.create_index(name, table, listed, postgresql_where=_where(condition))
    for name, table, columns, condition, held in MADE:
        op.create_index(name, table, columns, postgresql_where=_where(condition), postgresql_include=held or None)


def downgrade() -> None:
    for name, table, *_ in MADE:
        op.drop_index(name, table)
    for table in ENDS:
        for name, *_ in _listed(table):
            op.drop_index(name, table)
    op.drop_column("balance", "is_there")
    _key(nothing_is_an_id=False)
    for name, table, columns, condition in BEFORE:
        op.create_index(name, table, columns, postgresql_where=_where(condition))
