"""What the demo prints besides counts: metres, cartons, and parcels a person-hour by stated times.

The times are assumptions, not measurements: those of a walk are what a new warehouse plans with (*Waves → Carts and
rates*), the others are here. Change them and the figure follows; metres and cartons do not depend on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wms.demo.crew import Tally
from wms.outbound.carts import Settings
from wms.planning.budget import Budget
from wms.planning.cartons import Aim, FitsNoCarton, pack
from wms.planning.packing import Carton, Content, Kind

RATES: Final = Settings()
SECONDS_PER_SORTED: Final = 5  # an item scanned and put into its slot, however many of it
SECONDS_PER_PARCEL: Final = 40  # tote opened, box taken, filled, weighed, labelled, label scanned
SECONDS_PER_CHECK: Final = 2  # an item scanned at the bench
SECONDS_PER_SINGLE: Final = 15  # fast lane: item scanned, bagged, labelled, label scanned
SECONDS_PER_LOADED: Final = 4  # a parcel scanned onto the load
MOST_UNITS: Final = 500  # as the bench: nobody builds more than so much from a picture
CEILING_MS: Final = 200
MM3_PER_L: Final = 1_000_000


def person_seconds(tally: Tally, metres: float, singles: int) -> dict[str, float]:
    """What the outbound hands need by the stated times, by kind of work."""
    picking = (
        len(tally.walks) * RATES.seconds_per_walk + sum(map(len, tally.walks)) * RATES.seconds_per_stop
        + tally.did["picked_units"] * RATES.seconds_per_unit + metres / RATES.metres_per_minute * 60
    )  # fmt: skip
    return {
        "picking": picking,
        "sorting": tally.did["sorted"] * SECONDS_PER_SORTED,
        "packing": (tally.parcels - singles) * SECONDS_PER_PARCEL + tally.did["check_scans"] * SECONDS_PER_CHECK,
        "fast_lane": singles * SECONDS_PER_SINGLE,
        "hand_over": tally.parcels * SECONDS_PER_LOADED,
    }


def an_hour(parcels: int, seconds: Mapping[str, float]) -> float:
    """Parcels a person-hour."""
    total = sum(seconds.values())
    return round(parcels * 3_600 / total, 1) if total else 0.0


@dataclass(frozen=True)
class Size:
    """A box of the house: outside in mm, and itself as the planner knows it."""

    code: str
    outer_mm: tuple[int, int, int]
    carton: Carton

    @property
    def litres(self) -> float:
        length, width, height = self.outer_mm
        return length * width * height / MM3_PER_L


def sizes_of(packaging: Iterable[Mapping[str, Any]]) -> list[Size]:
    """The boxes that the public API lists."""
    found = []
    for row in packaging:
        inner = tuple(row[f"inner_{side}_mm"] * 1_000 for side in ("length", "width", "height"))
        outer = tuple(row[f"outer_{side}_mm"] for side in ("length", "width", "height"))
        carton = Carton(inner, row["empty_g"] * 1_000, row["max_g"] * 1_000, row["cost_minor"], True)
        found.append(Size(row["code"], outer, carton))
    return found


Order = Sequence[tuple[int, int, int]]  # of each line: units, side in mm, weight in g


def cartons(orders: Iterable[Order], sizes: Sequence[Size]) -> dict[str, Any]:
    """Cartons and their litres when the planner may choose, beside the one size that would do best for all these orders.
    Best by what the planner aims at: the fewest cartons, then the fewest litres.
    Orders of over 500 pieces are packed without a plan and left out of both.
    """
    wanted = [order for order in orders if sum(units for units, _, _ in order) <= MOST_UNITS]
    chosen = [box for order in wanted for box in _packed(order, sizes)]
    alone: dict[str, list[Size]] = {}
    for size in sizes:
        try:
            alone[size.code] = [box for order in wanted for box in _packed(order, [size])]
        except FitsNoCarton:
            continue  # something fits none of this size
    best = min(alone, key=lambda code: (len(alone[code]), _litres(alone[code]), code), default=None)
    same = alone[best] if best is not None else []
    return {
        "cartons": len(chosen), "cartons_one_size": len(same), "one_size": best,
        "carton_litres": _litres(chosen), "carton_litres_one_size": _litres(same),
        "cartons_by_size": dict(sorted(Counter(box.code for box in chosen).items())),
    }  # fmt: skip


def _packed(order: Order, sizes: Sequence[Size]) -> list[Size]:
    kinds = [Kind((side * 1_000,) * 3, weight * 1_000) for _, side, weight in order]
    counts = [units for units, _, _ in order]
    contents: Sequence[Content] = pack(
        kinds, counts, [size.carton for size in sizes], Aim.FEWEST, Budget(ceiling_ms=CEILING_MS)
    )
    return [sizes[content.carton] for content in contents]


def _litres(boxes: Iterable[Size]) -> float:
    return round(sum(box.litres for box in boxes), 1)
