"""What a driver does at the door: money, age, tail lift, day and hours. And of an address its district and a third line.

Expands only: a release that does not know the columns leaves them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_RULES = {
    "cod_in_a_currency": "(cod_minor IS NULL) = (cod_currency IS NULL)",
    "cod_positive": "cod_minor > 0",
    "age_is_checked": "age_check IN (16, 18)",
    "hours_of_a_day": "(deliver_from IS NULL) = (deliver_until IS NULL) AND (deliver_from IS NULL OR deliver_on IS NOT NULL)",
    "hours_in_order": "deliver_from < deliver_until",
}


def upgrade() -> None:
    op.add_column("consignee", sa.Column("district", sa.String(60)))
    op.add_column("consignee", sa.Column("address3", sa.String(120)))
    op.add_column("order_extra", sa.Column("cod_minor", sa.Integer()))
    op.add_column("order_extra", sa.Column("cod_currency", sa.String(3)))
    op.add_column("order_extra", sa.Column("age_check", sa.Integer()))
    op.add_column("order_extra", sa.Column("liftgate", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("order_extra", sa.Column("deliver_on", sa.Date()))
    op.add_column("order_extra", sa.Column("deliver_from", sa.Time()))
    op.add_column("order_extra", sa.Column("deliver_until", sa.Time()))
    for name, rule in _RULES.items():
        op.create_check_constraint(name, "order_extra", rule)


def downgrade() -> None:
    for name in _RULES:
        op.drop_constraint(name, "order_extra", type_="check")
    for name in ("deliver_until", "deliver_from", "deliver_on", "liftgate", "age_check", "cod_currency", "cod_minor"):
        op.drop_column("order_extra", name)
    op.drop_column("consignee", "address3")
    op.drop_column("consignee", "district")
