"""Which orders of the book go another way: fetched at the counter, sent to Amazon, moved to the other warehouse, or stopped
by their seller when they stand at the gate. Drawn from a fixed seed; of each at least one, where the book has any that fit.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

SEED: Final = 20_250_611
PICK_UP, FBA, TRANSFER, STOPPED = "pick_up", "fba", "transfer", "stopped"
# Of a thousand orders.
SHARES: Final = {PICK_UP: 30, FBA: 30, TRANSFER: 30, STOPPED: 15}
OTHER_HOUSE: Final = "DE2"
MOST_UNITS: Final = 500  # of such an order: half of a carton at most is counted by hand once more


def ways(candidates: Sequence[str], orders: int) -> dict[str, str]:
    """Invoice → how it goes, of the orders that may go another way than most. `orders`: how many there are in all."""
    dice = random.Random(SEED)  # noqa: S311 - a story to be told again, not a secret
    drawn = iter(dice.sample(sorted(candidates), len(candidates)))
    return {
        invoice: way
        for way, permille in SHARES.items()
        for invoice, _ in zip(drawn, range(max(1, orders * permille // 1_000)), strict=False)
    }


def shaped(way: str | None, body: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The order as its seller sends it when it goes that way; `number` makes Amazon's shipment its own."""
    if way == PICK_UP:
        return {key: value for key, value in body.items() if key != "service"} | {"kind": PICK_UP}
    if way == TRANSFER:
        return {key: value for key, value in body.items() if key != "consignee"} | {
            "kind": TRANSFER, "to_warehouse": OTHER_HOUSE,
        }  # fmt: skip
    if way == FBA:
        first, *others = body["lines"]
        lines = [first | {"fnsku": f"X{number:09}"}, *others]
        return {**body, "kind": FBA, "lines": lines, "fba": {"shipment_id": f"FBA{number:07}", "centre": "BHX4"}}
    return dict(body)


def fitting(orders: Iterable[tuple[str, Sequence[tuple[str, int]]]], kept_out: frozenset[str]) -> list[str]:
    """Invoices of orders of several products and not too many units, none of them `kept_out`; of each its SKUs and units."""
    return [
        invoice for invoice, lines in orders
        if len(lines) > 1 and sum(units for _, units in lines) <= MOST_UNITS and kept_out.isdisjoint(sku for sku, _ in lines)
    ]  # fmt: skip
