"""Conversions by recipe (bills of materials, the documents that ask for a conversion, the recipe of each posting), and
value-added services: the catalogue, what sellers ask for, and the proofs of what was done.

New tables, so that a release that does not know them is not disturbed. What was converted before (goods relabelled at the
dock, one product into another, one to one) gets the recipe it followed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APPEND_ONLY = ("posting_recipe", "posting_recipe_leg")
PERMISSIONS = {
    "services.read": "stock.read",
    "services.write": "orders.write",
    "services.manage": "stock.adjust",
}  # who may read the stock, ask for orders, adjust


def upgrade() -> None:
    _kits()
    _conversions()
    _recipes_of_postings()
    _services()
    for new, known in PERMISSIONS.items():
        op.execute(
            f"UPDATE role SET permissions = array_append(permissions, '{new}')"
            f" WHERE '{known}' = ANY(permissions) AND NOT '{new}' = ANY(permissions)"
        )


def _of_owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["owner_id", "product_id"], ["product.owner_id", "product.id"], name=f"fk_{table}_owner_id"
    )


def _kits() -> None:
    op.create_table(
        "kit_recipe",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        _of_owner("kit_recipe"),
    )
    current = sa.text("ended_at IS NULL")
    op.create_index("uq_kit_recipe_current", "kit_recipe", ["product_id"], unique=True, postgresql_where=current)
    op.create_index("ix_kit_recipe_owner", "kit_recipe", ["owner_id"], postgresql_where=current)
    op.create_table(
        "kit_part",
        sa.Column("recipe_id", sa.Uuid, sa.ForeignKey("kit_recipe.id", name="fk_kit_part_recipe_id"), primary_key=True),
        sa.Column("product_id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("units", sa.Integer, nullable=False),
        _of_owner("kit_part"),
        sa.CheckConstraint("units > 0", name=op.f("ck_kit_part_units_positive")),
    )


def _reference(table: str, name: str, to: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"{to}.id", name=f"fk_{table}_{name}"), nullable=nullable)


def _conversions() -> None:
    op.create_table(
        "conversion",
        sa.Column("id", sa.Uuid, primary_key=True),
        _reference("conversion", "warehouse_id", "warehouse", nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        _reference("conversion", "recipe_id", "kit_recipe"),
        sa.Column("product_id", sa.Uuid, nullable=False),
        _reference("conversion", "to_product_id", "product"),
        _reference("conversion", "to_owner_id", "seller"),
        sa.Column("condition", sa.String(12), nullable=False),
        sa.Column("to_condition", sa.String(12), nullable=False),
        _reference("conversion", "lot_id", "lot"),
        _reference("conversion", "location_id", "location"),
        _reference("conversion", "handling_unit_id", "handling_unit"),
        sa.Column("to_batch", sa.String(40)),
        sa.Column("to_expires_on", sa.Date),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("subject_kind", sa.String(24)),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.Uuid),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        _of_owner("conversion"),
        sa.CheckConstraint("done >= 0 AND done <= quantity AND quantity > 0", name=op.f("ck_conversion_done_within")),
        sa.CheckConstraint("(kind = 'owner') = (to_owner_id IS NOT NULL)", name=op.f("ck_conversion_owner_changes")),
        sa.CheckConstraint(
            "(kind IN ('kit', 'unkit')) = (recipe_id IS NOT NULL)", name=op.f("ck_conversion_kit_by_recipe")
        ),
        sa.CheckConstraint(
            "state <> 'offered' OR kind = 'owner'", name=op.f("ck_conversion_offered_to_somebody")
        ),
    )  # fmt: skip
    op.create_index("ix_conversion_owner", "conversion", ["owner_id", "id"])
    op.create_index(
        "ix_conversion_taker", "conversion", ["to_owner_id", "id"], postgresql_where=sa.text("to_owner_id IS NOT NULL")
    )
    op.create_index(
        "ix_conversion_open", "conversion", ["warehouse_id"],
        postgresql_where=sa.text("state IN ('offered', 'open', 'short')"),
    )  # fmt: skip
    op.create_table(
        "conversion_part",
        sa.Column("id", sa.Uuid, primary_key=True),
        _reference("conversion_part", "conversion_id", "conversion", nullable=False),
        sa.Column("is_yield", sa.Boolean, nullable=False),
        _reference("conversion_part", "product_id", "product", nullable=False),
        sa.Column("units", sa.Integer, nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_conversion_part_units_positive")),
    )
    op.create_index("ix_conversion_part_conversion", "conversion_part", ["conversion_id"])


def _recipes_of_postings() -> None:
    op.create_table(
        "posting_recipe",
        sa.Column(
            "posting_id", sa.Uuid, sa.ForeignKey("stock_posting.id", name="fk_posting_recipe_posting_id"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("batches", sa.Integer, nullable=False),
        sa.CheckConstraint("batches > 0", name=op.f("ck_posting_recipe_batches_positive")),
    )  # fmt: skip
    op.create_table(
        "posting_recipe_leg",
        sa.Column(
            "posting_id", sa.Uuid, sa.ForeignKey("posting_recipe.posting_id", name="fk_posting_recipe_leg_posting_id"),
            primary_key=True,
        ),
        sa.Column("is_yield", sa.Boolean, primary_key=True),
        sa.Column(
            "product_id", sa.Uuid, sa.ForeignKey("product.id", name="fk_posting_recipe_leg_product_id"),
            primary_key=True,
        ),
        sa.Column("units", sa.Integer, nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_posting_recipe_leg_units_positive")),
    )  # fmt: skip
    op.execute(
        "INSERT INTO posting_recipe (posting_id, kind, batches) SELECT p.id, 'relabel', sum(m.quantity)"
        " FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id AND m.to_party = 'conversion'"
        " WHERE p.reason = 'convert' GROUP BY p.id"
    )
    op.execute(
        "INSERT INTO posting_recipe_leg (posting_id, is_yield, product_id, units) SELECT DISTINCT r.posting_id,"
        " m.to_party IS NULL, m.product_id, 1 FROM posting_recipe r JOIN stock_move m ON m.posting_id = r.posting_id"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _services() -> None:
    op.create_table(
        "added_service",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("name_zh", sa.String(80), nullable=False),
        sa.Column("about_en", sa.String(400), nullable=False),
        sa.Column("about_zh", sa.String(400), nullable=False),
        sa.Column("work", sa.String(10), nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("effect", sa.String(10), nullable=False),
        sa.Column("proofs", postgresql.ARRAY(sa.String(8)), nullable=False),
        sa.Column("asks_first", sa.Boolean, nullable=False),
        sa.Column("for_differences", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("code", name="uq_added_service_code"),
        sa.CheckConstraint("NOT for_differences OR effect = 'none'", name=op.f("ck_added_service_differences_convert")),
    )
    op.create_index(
        "uq_added_service_for_differences", "added_service", ["for_differences"], unique=True,
        postgresql_where=sa.text("for_differences AND is_active"),
    )  # fmt: skip
    op.create_table(
        "service_request",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String(40), nullable=False),
        _reference("service_request", "warehouse_id", "warehouse", nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        _reference("service_request", "service_id", "added_service", nullable=False),
        sa.Column("product_id", sa.Uuid),
        _reference("service_request", "to_product_id", "product"),
        _reference("service_request", "location_id", "location"),
        _reference("service_request", "handling_unit_id", "handling_unit"),
        _reference("service_request", "conversion_id", "conversion"),
        sa.Column("subject_kind", sa.String(24)),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("note", sa.String(400), nullable=False),
        sa.Column("answer", sa.String(400), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("worker_id", sa.Uuid),
        sa.Column("begun_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["owner_id"], ["seller.id"], name="fk_service_request_owner_id"),
        sa.UniqueConstraint("number", name="uq_service_request_number"),
        sa.CheckConstraint("quantity > 0 AND done >= 0 AND done <= quantity",
                           name=op.f("ck_service_request_done_within")),
        sa.CheckConstraint("product_id IS NOT NULL OR handling_unit_id IS NOT NULL OR subject_id IS NOT NULL",
                           name=op.f("ck_service_request_about_something")),
        sa.CheckConstraint("state <> 'working' OR worker_id IS NOT NULL",
                           name=op.f("ck_service_request_somebody_works")),
    )  # fmt: skip
    op.create_index("ix_service_request_owner", "service_request", ["owner_id", "id"])
    op.create_index(
        "ix_service_request_open", "service_request", ["warehouse_id", "id"],
        postgresql_where=sa.text("state IN ('requested', 'accepted', 'working')"),
    )  # fmt: skip
    op.create_index(
        "ix_service_request_subject", "service_request", ["subject_kind", "subject_id"],
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "service_proof",
        sa.Column("id", sa.Uuid, primary_key=True),
        _reference("service_proof", "request_id", "service_request", nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        _reference("service_proof", "file_id", "stored_file"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("value", sa.Integer),
        sa.Column("added_by", sa.Uuid, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'photo') = (file_id IS NOT NULL)", name=op.f("ck_service_proof_photo_is_kept")),
        sa.CheckConstraint("(kind = 'photo') = (value IS NULL)", name=op.f("ck_service_proof_value_or_photo")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_service_proof_value_not_negative")),
    )
    op.create_index("ix_service_proof_request", "service_proof", ["request_id", "id"])


def downgrade() -> None:
    for permission in PERMISSIONS:
        op.execute(f"UPDATE role SET permissions = array_remove(permissions, '{permission}')")
    for table in ("service_proof", "service_request", "added_service"):
        op.drop_table(table)
    for table in ("posting_recipe_leg", "posting_recipe", "conversion_part", "conversion", "kit_part", "kit_recipe"):
        op.drop_table(table)
