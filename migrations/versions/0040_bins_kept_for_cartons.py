"""A bin is kept for all that is in a carton, not for one product alone."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None
# Processes of the release before name the old index when they keep a bin.
older_must_stop = True

_NAME = "uq_bin_reservation_holder"


def upgrade() -> None:
    op.drop_index(_NAME, "bin_reservation")
    columns = ["holder_kind", "holder_id", "product_id", "lot_id", "customs_status"]
    op.create_index(_NAME, "bin_reservation", columns, unique=True, postgresql_nulls_not_distinct=True)


def downgrade() -> None:
    op.execute("DELETE FROM bin_reservation")  # a matter of minutes: the bins are suggested anew
    op.drop_index(_NAME, "bin_reservation")
    op.create_index(_NAME, "bin_reservation", ["holder_kind", "holder_id"], unique=True)
