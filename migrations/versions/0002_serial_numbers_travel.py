"""Serial numbers go with every posting: what moved is noted, so that a reversal takes the same numbers back.

Expands only: a release that does not know the table never writes it; its numbers then stand where they stood.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "serial_move",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("posting_id", sa.Uuid, sa.ForeignKey("stock_posting.id"), nullable=False),
        sa.Column("serial_id", sa.Uuid, sa.ForeignKey("serial.id"), nullable=False),
        sa.Column("from_balance_id", sa.BigInteger, sa.ForeignKey("balance.id")),
        sa.Column("to_balance_id", sa.BigInteger, sa.ForeignKey("balance.id")),
        sa.CheckConstraint("from_balance_id IS NOT NULL OR to_balance_id IS NOT NULL", name="touches_stock"),
    )
    op.create_index("ix_serial_move_posting", "serial_move", ["posting_id"])
    op.create_index("ix_serial_move_serial", "serial_move", ["serial_id", "id"])
    for moment, scope in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        name = "append_only" if scope == "ROW" else "no_truncate"
        op.execute(
            f"CREATE TRIGGER serial_move_{name} BEFORE {moment} ON serial_move"
            f" FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("serial_move")
