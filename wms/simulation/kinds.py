"""Orders of every kind: what a seller asks for besides a parcel to a buyer, and how it is asked for."""

from __future__ import annotations

import random
from typing import Any

from wms.simulation.stage import House

# How often of a hundred orders of an overseas warehouse.
KINDS = {
    "dropship": 40, "b2b": 9, "fba": 10, "pick_up": 11, "transfer": 11, "return_to_seller": 9, "destruction": 10,
}  # fmt: skip
OTHER_END = {"DE1": "DE2", "DE2": "DE1"}


def kind_of(house: House, dice: random.Random) -> str:
    if house.bonded:
        return "dropship"
    return dice.choices(list(KINDS), list(KINDS.values()))[0]


def shaped(kind: str, body: dict[str, Any], house: House, made: int, dice: random.Random) -> dict[str, Any]:
    """The order of a buyer as one of that kind."""
    shape = SHAPES.get(kind)
    body = {**body, "kind": kind, **(shape(house, made, body["lines"], dice) if shape else {})}
    if kind in ("dropship", "b2b") and not house.bonded and dice.random() < 0.12:
        body["fill"] = dice.choice(["partial", "fill_or_kill"])
    return {name: value for name, value in body.items() if name not in WITHOUT.get(kind, ())}


Lines = list[dict[str, Any]]


def _b2b(_house: House, _made: int, lines: Lines, dice: random.Random) -> dict[str, Any]:
    return {"lines": [{**line, "quantity": dice.choice([4, 6, 12])} for line in lines]}


def _fba(_house: House, made: int, lines: Lines, dice: random.Random) -> dict[str, Any]:
    """Most of its units get Amazon's label first."""
    wanted = [
        {name: value for name, value in line.items() if name != "batch"}
        | ({"fnsku": f"X{made:07}{number:02}"} if dice.random() < 0.7 else {})
        for number, line in enumerate(lines)
    ]
    shipment = {"shipment_id": f"FBA{made:07}", "reference_id": f"R{made:07}", "centre": "DTM2"}
    return {"fba": shipment, "lines": wanted}


def _transfer(house: House, _made: int, lines: Lines, dice: random.Random) -> dict[str, Any]:
    wanted = [{**line, "quantity": dice.choice([2, 4, 6])} for line in lines]
    return {"to_warehouse": OTHER_END[house.code], "lines": wanted}


SHAPES = {"b2b": _b2b, "fba": _fba, "transfer": _transfer}
WITHOUT = {"pick_up": ("service",), "transfer": ("consignee",), "destruction": ("consignee", "service")}
