"""What an order takes on a cart: the totes it fills, or the share of a cart that orders share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

UNLIMITED: Final = 1 << 62


class Size(NamedTuple):
    """Units, volume and weight; volume and weight in whatever small whole unit the caller counts them."""

    units: int
    volume: int
    weight: int

    def times(self, count: int) -> Size:
        return Size(self.units * count, self.volume * count, self.weight * count)

    def plus(self, other: Size) -> Size:
        return Size(self.units + other.units, self.volume + other.volume, self.weight + other.weight)

    def fits(self, limit: Size) -> bool:
        return self.units <= limit.units and self.volume <= limit.volume and self.weight <= limit.weight


NOTHING: Final = Size(0, 0, 0)


class Line(NamedTuple):
    """`units` of one product at the place with this bit, each of size `each`."""

    place: int
    units: int
    each: Size


@dataclass(frozen=True)
class Cart:
    """`totes` None: the cart is one box of size `tote` that orders share. `split`: an order may take several totes, and
    several carts when it is larger than one.
    """

    totes: int | None
    tote: Size
    split: bool


class Portion(NamedTuple):
    """So many units of a line, in one tote."""

    line: int
    units: int


Tote = list[Portion]


class TooLarge(Exception):
    """A unit larger than a tote (`line` is its index), or an order that may not be split (`line` None)."""

    def __init__(self, line: int | None) -> None:
        super().__init__("larger than a tote")
        self.line = line


def fill(lines: Sequence[Line], cart: Cart) -> list[Tote]:
    """The totes of one order. In walking order if that needs no more totes than the largest units first.

    Raises `TooLarge`.
    """
    for index, line in enumerate(lines):
        if not line.each.fits(cart.tote):
            raise TooLarge(index)
    whole = NOTHING
    for line in lines:
        whole = whole.plus(line.each.times(line.units))
    if whole.fits(cart.tote):
        return [[Portion(index, line.units) for index, line in enumerate(lines)]]
    if not cart.split:
        raise TooLarge(None)
    in_walking_order = sorted(range(len(lines)), key=lambda index: (lines[index].place, index))
    walked = _first_fit(lines, cart.tote, in_walking_order, only_last=True)
    if len(walked) <= _at_least(whole, cart.tote):
        return walked
    by_size = sorted(in_walking_order, key=lambda index: _share(lines[index].each, cart.tote), reverse=True)
    packed = _first_fit(lines, cart.tote, by_size, only_last=False)
    return packed if len(packed) < len(walked) else walked


def _at_least(whole: Size, tote: Size) -> int:
    return max(-(-amount // limit) if limit else 1 for amount, limit in zip(whole, tote, strict=True))


def _share(each: Size, tote: Size) -> float:
    return max(amount / limit if limit else 0.0 for amount, limit in zip(each, tote, strict=True))


def _first_fit(lines: Sequence[Line], limit: Size, order: Sequence[int], only_last: bool) -> list[Tote]:
    totes: list[Tote] = []
    loads: list[Size] = []
    for index in order:
        left, each = lines[index].units, lines[index].each
        for place in range(max(0, len(totes) - 1) if only_last else 0, len(totes)):
            if count := min(left, _room(loads[place], each, limit)):
                totes[place].append(Portion(index, count))
                loads[place] = loads[place].plus(each.times(count))
                left -= count
        while left:
            count = min(left, _room(NOTHING, each, limit))
            totes.append([Portion(index, count)])
            loads.append(each.times(count))
            left -= count
    return totes


def _room(load: Size, each: Size, limit: Size) -> int:
    """How many more of such units fit."""
    room = ((most - used) // one for used, one, most in zip(load, each, limit, strict=True) if one)
    return min(room, default=UNLIMITED)  # what takes no room always fits


def load_of(tote: Tote, lines: Sequence[Line]) -> Size:
    load = NOTHING
    for portion in tote:
        load = load.plus(lines[portion.line].each.times(portion.units))
    return load
