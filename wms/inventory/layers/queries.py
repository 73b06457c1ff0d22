"""Age of the stock as its owner sees it, from the layers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from wms.core import clock
from wms.inventory.layers.rules import TIERS, age_in_days, tier_of
from wms.inventory.queries import MAX_PAGE, PAGE, Scope, product_in_scope
from wms.platform.statements import Statement


@dataclass
class AgeLine:
    """A product in a warehouse: units by tier of age. `waiting` are not put away yet and have no age; all together are on
    hand. `oldest` is the age of the oldest in days, None when nothing was put away.
    """

    product_id: uuid.UUID
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    warehouse_code: str
    sku: str
    name_en: str
    name_zh: str
    on_hand: int
    tiers: list[int] = field(default_factory=lambda: [0] * len(TIERS))
    oldest: int | None = None

    @property
    def aged(self) -> int:
        return sum(self.tiers)

    @property
    def waiting(self) -> int:
        return self.on_hand - self.aged


@dataclass(frozen=True)
class LayerLine:
    """One layer behind a figure: when it was put away, with which document, how many of it are left."""

    warehouse_id: uuid.UUID
    opened_on: date
    age: int
    tier: int
    quantity: int
    remaining: int
    subject_kind: str
    subject_id: uuid.UUID | None
    item_number: str | None


AgeKey = tuple[str, uuid.UUID, uuid.UUID]  # SKU, product, warehouse


# `rules.tier_of` for an open layer `x`: added up where they lie, hundreds of layers are a row for each tier. A test asks
# both for every day.
_AGE = "(CAST(:now AS timestamptz) AT TIME ZONE page.time_zone)::date - x.opened_on + 1"
_TIER = (
    "CASE "
    + " ".join(f"WHEN {_AGE} <= {last} THEN {number}" for number, (_, last) in enumerate(TIERS) if last is not None)
    + f" ELSE {len(TIERS) - 1} END"
)


def _lines(conditions: tuple[str, ...]) -> Statement:
    return Statement(
        "WITH page AS MATERIALIZED (SELECT p.sku, p.id AS product_id, w.id AS warehouse_id, p.owner_id, p.name_en,"
        " p.name_zh, w.code AS warehouse_code, w.time_zone FROM product p CROSS JOIN warehouse w"
        f" WHERE {''.join(f'{each} AND ' for each in conditions)}"
        " (SELECT true FROM balance b WHERE b.owner_id = p.owner_id AND b.warehouse_id = w.id AND b.product_id = p.id"
        " AND b.is_there LIMIT 1) ORDER BY p.sku, p.id, w.id LIMIT :limit)"
        " SELECT page.*, h.on_hand, y.tier, y.opened_on, y.remaining FROM page"
        " CROSS JOIN LATERAL (SELECT sum(b.on_hand) AS on_hand FROM balance b WHERE b.owner_id = page.owner_id"
        "  AND b.warehouse_id = page.warehouse_id AND b.product_id = page.product_id AND b.is_there) h"
        f" LEFT JOIN LATERAL (SELECT {_TIER} AS tier, min(x.opened_on) AS opened_on, sum(x.remaining) AS remaining"
        "  FROM stock_layer x"
        "  WHERE x.owner_id = page.owner_id AND x.product_id = page.product_id AND x.warehouse_id = page.warehouse_id"
        "  AND x.remaining > 0 GROUP BY 1) y ON true"
        " ORDER BY page.sku, page.product_id, page.warehouse_id"
    )


_CONDITIONS = {
    "sellers": "p.owner_id = ANY(CAST(:sellers AS uuid[]))",
    "warehouses": "w.id = ANY(CAST(:warehouses AS uuid[]))",
    "warehouse": "w.code = :warehouse",
    "sku": "p.sku = :sku",
    "products": "p.id = ANY(CAST(:products AS uuid[]))",
    "after_sku": "p.sku >= :after_sku AND (p.sku, p.id, w.id) >"
    " (:after_sku, CAST(:after_product AS uuid), CAST(:after_warehouse AS uuid))",
}
_STATEMENTS: dict[tuple[str, ...], Statement] = {}


def age_lines(
    scope: Scope,
    *,
    warehouse: str | None = None,
    sku: str | None = None,
    products: Collection[uuid.UUID] | None = None,
    after: AgeKey | None = None,
    limit: int = PAGE,
) -> tuple[list[AgeLine], AgeKey | None]:
    """A page of products by warehouse with their age, and where the next page begins. One statement. `products`: of these only."""
    parameters = scope.parameters() | {
        "products": None if products is None else list(products),
        "warehouse": warehouse, "sku": sku, "after_sku": after[0] if after else None,
        "after_product": after[1] if after else None, "after_warehouse": after[2] if after else None, "limit": limit + 1,
        "now": clock.now(),
    }  # fmt: skip
    conditions = tuple(said for name, said in _CONDITIONS.items() if parameters[name] is not None)
    statement = _STATEMENTS.setdefault(conditions, _lines(conditions))
    found: dict[AgeKey, AgeLine] = {}
    for row in statement.all(parameters):
        key = (row.sku, row.product_id, row.warehouse_id)
        line = found.get(key) or found.setdefault(
            key,
            AgeLine(row.product_id, row.owner_id, row.warehouse_id, row.warehouse_code, row.sku, row.name_en, row.name_zh,
                    int(row.on_hand)),
        )  # fmt: skip
        if row.tier is not None:
            line.tiers[row.tier] = int(row.remaining)
            age = age_in_days(row.opened_on, clock.today(row.time_zone))
            line.oldest = age if line.oldest is None else max(line.oldest, age)
    lines = list(found.values())[:limit]
    last = lines[-1] if len(found) > limit else None
    return lines, None if last is None else (last.sku, last.product_id, last.warehouse_id)


_LAYERS = Statement(
    "SELECT x.warehouse_id, x.opened_on, x.quantity, x.remaining, x.subject_kind, x.subject_id, w.time_zone,"
    " i.item_number FROM stock_layer x JOIN warehouse w ON w.id = x.warehouse_id"
    " LEFT JOIN book_item i ON i.id = x.book_item_id WHERE x.owner_id = :owner AND x.product_id = :product"
    " AND x.remaining > 0 AND (CAST(:warehouses AS uuid[]) IS NULL OR x.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:only_warehouse AS uuid) IS NULL OR x.warehouse_id = :only_warehouse)"
    " ORDER BY x.opened_on, x.move_id LIMIT :limit"
)


def layers_of(
    scope: Scope, product_id: uuid.UUID, *, warehouse_id: uuid.UUID | None = None, limit: int = MAX_PAGE
) -> Sequence[LayerLine]:
    """The layers behind a product's age, oldest first. 404 outside the reader's scope."""
    parameters = scope.parameters() | {
        "owner": product_in_scope(scope, product_id), "product": product_id, "only_warehouse": warehouse_id,
        "limit": limit,
    }  # fmt: skip
    found = []
    for row in _LAYERS.all(parameters):
        age = age_in_days(row.opened_on, clock.today(row.time_zone))
        found.append(
            LayerLine(row.warehouse_id, row.opened_on, age, tier_of(age), row.quantity, row.remaining, row.subject_kind,
                      row.subject_id, row.item_number)
        )  # fmt: skip
    return found
