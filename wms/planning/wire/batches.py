"""`batch`: orders onto carts."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from wms.planning import batch
from wms.planning.batch import Area, LayoutArea, MatrixArea, Order, OrderTooLarge
from wms.planning.improve import TooManyStops
from wms.planning.route import NoWay
from wms.planning.totes import UNLIMITED, Cart, Line, Size
from wms.planning.wire.fields import Field, InputError, check_unique, metres, read_budget
from wms.planning.wire.places import Mapped, Measured, read_area

MAX_ORDERS: Final = 5_000
MAX_LINES: Final = 100_000
MAX_PLACES: Final = 20_000
MAX_UNITS: Final = 1_000_000
MAX_TOTES: Final = 1_000
MAX_AMOUNT: Final = 1e9
TOO_MANY_PLACES: Final = "too many places for a layout whose walks have to be searched (one-way, or over 3 blocks)"
PARTS: Final = 10**6  # of a unit of volume or weight that are told apart


def plan(problem: Field) -> dict[str, Any]:
    """The plan of a batch problem. Raises `InputError`."""
    area = read_area(problem.get("layout"))
    cart = _read_cart(problem.get("cart", {}))
    fields = list(problem.get("orders").items(MAX_ORDERS))
    names = [field.get("id").name() for field in fields]
    check_unique([field.get("id") for field in fields], "order")
    lines = _read_lines(fields)
    stops = [[area.stop(line.get("stop")) for line in order] for order in lines]
    known = sorted({stop for order in stops for stop in order})
    if len(known) > MAX_PLACES:
        raise problem.get("orders").wrong("too_many", f"at most {MAX_PLACES} different stops")
    bits = {stop: bit for bit, stop in enumerate(known)}
    orders = [
        Order(tuple(_read_line(line, bits[stop]) for line, stop in zip(fields_, stops_, strict=True)))
        for fields_, stops_ in zip(lines, stops, strict=True)
    ]
    try:
        found = batch.plan(_area(area, known), orders, cart, read_budget(problem))
    except OrderTooLarge as fault:
        raise _too_large(fields[fault.order], lines[fault.order], fault.line) from None
    except NoWay:
        message = "leave no walk from a depot through the stops of an order to a depot"
        raise InputError("/layout/one_way_aisles", "reachable", message) from None
    except TooManyStops:
        raise InputError("/orders", "too_many", TOO_MANY_PLACES) from None
    return _written(found, names, lines, stops, known)


def _read_lines(fields: list[Field]) -> list[list[Field]]:
    left = MAX_LINES
    lines = []
    for field in fields:
        found = list(field.get("lines").items(MAX_LINES, 1))
        left -= len(found)
        if left < 0:
            raise field.get("lines").wrong("too_many", f"all orders together may have {MAX_LINES} lines")
        lines.append(found)
    return lines


def _area(area: Mapped | Measured, known: list[Any]) -> Area:
    if isinstance(area, Measured):
        return MatrixArea(area.matrix, known, area.trips)
    return LayoutArea(area.layout, known)


def _read_cart(field: Field) -> Cart:
    def limit(name: str, parts: int) -> int:
        if not field.has(name):
            return UNLIMITED
        return _amount(field.get(name).positive(MAX_AMOUNT), parts, ROUND_FLOOR)

    tote = Size(
        field.get("tote_units").whole(1, MAX_UNITS) if field.has("tote_units") else UNLIMITED,
        limit("tote_volume", PARTS),
        limit("tote_weight", PARTS),
    )
    totes = field.get("totes").whole(1, MAX_TOTES) if field.has("totes") else None
    return Cart(totes, tote, field.get("split_orders_over_totes", False).truth())


def _amount(value: float, parts: int, rounding: str) -> int:
    return int((Decimal(repr(value)) * parts).to_integral_value(rounding))


def _read_line(field: Field, place: int) -> Line:
    def amount(name: str) -> int:
        return _amount(field.get(name, 0).number(0, MAX_AMOUNT), PARTS, ROUND_CEILING)

    return Line(place, field.get("units", 1).whole(1, MAX_UNITS), Size(1, amount("volume"), amount("weight")))


def _too_large(order: Field, lines: list[Field], line: int | None) -> InputError:
    if line is not None:
        return lines[line].wrong("fits_tote", "one unit is larger or heavier than a tote")
    return order.wrong("fits_tote", "does not fit into one tote, and may not be split over several")


def _written(
    found: batch.Plan, names: list[str | int], lines: list[list[Field]], stops: list[list[Any]], known: list[Any]
) -> dict[str, Any]:
    as_written = {
        stop: field.get("stop").value
        for fields, order in zip(lines, stops, strict=True)
        for field, stop in zip(fields, order, strict=True)
    }
    return {
        "batches": [
            {
                "orders": [names[order] for order in each.orders],
                "totes": _totes(each, names, lines),
                "sequence": [as_written[known[place]] for place in each.route.sequence],
                "length_m": metres(each.route.length),
            }
            for each in found.batches
        ],
        "total_m": metres(found.total),
        "lower_bound_m": metres(found.lower_bound),
        "as_they_came_m": metres(found.as_they_came),
    }


def _totes(each: batch.Batch, names: list[str | int], lines: list[list[Field]]) -> list[dict[str, Any]]:
    return [
        {
            "order": names[load.order],
            "lines": [
                {"stop": lines[load.order][portion.line].get("stop").value, "units": portion.units}
                for portion in load.tote
            ],
        }
        for load in each.loads
    ]
