"""Which boxes an order goes into, and how: its products and the warehouse's packaging in, a plan out. Pure.

A plan is plain data, as it is kept with the packer's task:

    {"boxes": [{"id", "code", "name", "kind", "inner_mm", "empty_g", "units",
                "goods": [[line, x, y, z, w, d, h, across, deep, high]]}]}
    {"why": {"code": "no_size" | "fits_none" | "no_packaging" | "too_many", "sku"}}

each with `choices`: [{"barcode", "code", "name"}] of everything that the packer may take instead;
the bench adds `inserts`, the names of what goes in besides, and `wishes`, how the seller wants it packed, `door`, what
the driver does there, `slip` where a packing slip goes in. A product that ships in its own carton has a box of kind `own`
for each unit, without `id`.

`goods` in mm from the corner, each a block of equal units; `line` counts from 1 as the bench lists the products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wms.planning.budget import Budget
from wms.planning.cartons import Aim, FitsNoCarton, pack
from wms.planning.packing import Carton, Content, Kind

UM_PER_MM: Final = 1_000
MG_PER_G: Final = 1_000
MOST_UNITS: Final = 500  # beyond, nobody builds from a picture
OWN: Final = "own"
CEILING_MS: Final = 200  # a packer waits for it
Block = tuple[int, ...]


@dataclass(frozen=True)
class Goods:
    """Units of one product that are still to be packed. Size in mm as it stands; the measured one where there is one."""

    sku: str
    quantity: int
    size_mm: tuple[int, int, int]
    weight_g: int
    upright: bool = False
    fragile: bool = False
    hazard: str | None = None
    own: bool = False  # ships in its own carton: every unit is a parcel

    @property
    def has_size(self) -> bool:
        """A cube of one millimetre is how a form says nothing."""
        return min(self.size_mm) > 0 and self.size_mm != (1, 1, 1)


@dataclass(frozen=True)
class Box:
    id: str
    code: str
    barcode: str
    name: str
    kind: str
    inner_mm: tuple[int, int, int]
    empty_g: int
    max_g: int
    cost: int
    dangerous: bool


def plan(goods: Sequence[Goods], boxes: Sequence[Box], aim: Aim = Aim.FEWEST) -> dict[str, Any]:
    """The fewest boxes, then the cheapest, then the least void, or (`Aim.CHEAPEST`) the cheapest first; or why there is no
    plan. What ships in its own carton comes first, in no box of ours.
    """
    choices = [{"barcode": each.barcode, "code": each.code, "name": each.name} for each in boxes]
    return {**_plan(goods, boxes, aim), "choices": choices}


def _plan(goods: Sequence[Goods], boxes: Sequence[Box], aim: Aim) -> dict[str, Any]:
    wanted = [(line, each) for line, each in enumerate(goods, start=1) if each.quantity]
    unmeasured = next((each.sku for _, each in wanted if not each.has_size), None)
    if unmeasured is not None:
        return _why("no_size", unmeasured)
    if sum(each.quantity for _, each in wanted) > MOST_UNITS:
        return _why("too_many")
    own = [_in_its_own(line, each) for line, each in wanted if each.own for _ in range(each.quantity)]
    wanted = [(line, each) for line, each in wanted if not each.own]
    if not wanted and own:
        return {"boxes": own}
    if not boxes:
        return _why("no_packaging")
    kinds = [_kind(each) for _, each in wanted]
    cartons = [_carton(each) for each in boxes]
    budget = Budget(ceiling_ms=CEILING_MS)
    try:
        contents = pack(kinds, [each.quantity for _, each in wanted], cartons, aim, budget)
    except FitsNoCarton as fault:
        return _why("fits_none", wanted[fault.kind][1].sku)
    lines = [line for line, _ in wanted]
    return {"boxes": own + [_written(content, boxes[content.carton], lines) for content in contents]}


def _in_its_own(line: int, goods: Goods) -> dict[str, Any]:
    return {
        "id": None, "code": "", "name": "", "kind": OWN, "inner_mm": list(goods.size_mm), "empty_g": 0, "units": 1,
        "goods": [[line, 0, 0, 0, *goods.size_mm, 1, 1, 1]],
    }  # fmt: skip


def _why(code: str, sku: str | None = None) -> dict[str, Any]:
    return {"why": {"code": code, "sku": sku}}


def _kind(goods: Goods) -> Kind:
    length, width, height = (side * UM_PER_MM for side in goods.size_mm)
    return Kind((length, width, height), goods.weight_g * MG_PER_G, goods.upright, goods.fragile, goods.hazard)


def _carton(box: Box) -> Carton:
    length, width, height = (side * UM_PER_MM for side in box.inner_mm)
    return Carton((length, width, height), box.empty_g * MG_PER_G, box.max_g * MG_PER_G, box.cost, box.dangerous)


def _written(content: Content, box: Box, lines: Sequence[int]) -> dict[str, Any]:
    blocks = [
        (lines[placed.kind], *(part // UM_PER_MM for part in (*placed.corner, *placed.size)), *placed.repeat)
        for placed in content.placed
    ]
    return {
        "id": box.id, "code": box.code, "name": box.name, "kind": box.kind, "inner_mm": list(box.inner_mm), "empty_g": box.empty_g,
        "units": sum(content.counts.values()), "goods": [list(each) for each in merged(blocks)],
    }  # fmt: skip


def merged(blocks: Sequence[Block]) -> list[Block]:
    """The same with equal units that stand in a row, then rows in a layer, then layers, taken together."""
    found = list(blocks)
    for axis in range(3):
        groups: dict[tuple[int, ...], list[Block]] = {}
        for block in found:
            others = tuple(block[1 + other] for other in range(3) if other != axis)
            groups.setdefault((block[0], *others, *block[4:7], *block[7:10]), []).append(block)
        found = [joined for group in groups.values() for joined in _joined(group, axis)]
    return sorted(found, key=lambda block: (block[3], block[2], block[1]))


def _joined(group: list[Block], axis: int) -> list[Block]:
    """Blocks that differ in one coordinate only; those that touch become one."""
    found: list[list[int]] = []
    for block in sorted(group, key=lambda block: block[1 + axis]):
        if found and found[-1][1 + axis] + found[-1][7 + axis] * block[4 + axis] == block[1 + axis]:
            found[-1][7 + axis] += block[7 + axis]
        else:
            found.append(list(block))
    return [tuple(each) for each in found]


def read_goods(rows: Sequence[Mapping[str, Any]]) -> list[Goods]:
    """Products as a packing statement tells them."""
    return [
        Goods(
            row["sku"], row["quantity"], tuple(row["size_mm"]), row["weight_g"],
            upright="liquid" in row["cargo"], fragile="fragile" in row["cargo"], hazard=row["hazard"],
            own="own_carton" in row["cargo"],
        )
        for row in rows
    ]  # fmt: skip


def read_boxes(rows: Sequence[Mapping[str, Any]]) -> list[Box]:
    return [
        Box(
            row["id"], row["code"], row["barcode"], row["name"], row["kind"], tuple(row["inner_mm"]),
            row["empty_g"], row["max_g"], row["cost"], row["dangerous"],
        )
        for row in rows
    ]  # fmt: skip
