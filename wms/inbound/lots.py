"""Batches, days and serial numbers as a paper announces them: what cannot be, and what came otherwise.

An announced lot fits goods that came where nothing that both of them say differs: of goods whose product is under no such
control nothing is read, and a paper may say a batch without its days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from wms.core.refusals import FieldError

MAX_LOTS = 50  # of one line
MAX_SERIAL = 40
_READ = ("batch", "made_on", "expires_on")


@dataclass(frozen=True)
class LotDraft:
    """So many units of a line as the paper says them. With none of the rest it says only that they are of some other lot."""

    quantity: int
    batch: str | None = None
    made_on: date | None = None
    expires_on: date | None = None
    serial_numbers: Sequence[str] = ()

    @property
    def says_something(self) -> bool:
        return bool(self.batch or self.made_on or self.expires_on or self.serial_numbers)


class Line(Protocol):
    """A line of a carton as announced."""

    @property
    def sku(self) -> str: ...

    @property
    def quantity(self) -> int: ...

    @property
    def lots(self) -> Sequence[LotDraft]: ...


class Lot(NamedTuple):
    """A lot of one line, announced or come, with its units."""

    batch: str | None
    made_on: date | None
    expires_on: date | None
    units: int


def date_faults(made_on: date | None, expires_on: date | None, today: date) -> list[FieldError]:
    """Days that no goods have. `today`: by the warehouse's calendar."""
    faults = [
        FieldError(f"/{name}", "date_insane", {})
        for name, day in (("made_on", made_on), ("expires_on", expires_on))
        if day is not None and not 2000 <= day.year <= 2999
    ]
    if made_on is not None and made_on > today:
        faults.append(FieldError("/made_on", "made_in_future", {}))
    if made_on is not None and expires_on is not None and expires_on <= made_on:
        faults.append(FieldError("/expires_on", "expiry_before_made", {"made_on": made_on.isoformat()}))
    return faults


def lot_faults(lines: Iterable[tuple[str, Line]], today: date) -> list[FieldError]:
    """What is wrong with the lots of these lines, each with its place (`/cartons/0/lines/2`). A serial number is in one
    place: it may be announced once of a product.
    """
    faults: list[FieldError] = []
    numbers: set[tuple[str, str]] = set()
    for here, line in lines:
        units = sum(lot.quantity for lot in line.lots)
        if line.lots and units != line.quantity:
            faults.append(FieldError(f"{here}/lots", "lots_add_up", {"units": units, "wanted": line.quantity}))
        if len(line.lots) > MAX_LOTS:
            faults.append(FieldError(f"{here}/lots", "too_many", {"min": 1, "max": MAX_LOTS}))
        seen: set[tuple[Any, ...]] = set()
        for place, lot in enumerate(line.lots):
            said = tuple(getattr(lot, name) for name in _READ)
            faults += _faults_of(lot, f"{here}/lots/{place}", today)
            if said in seen:
                faults.append(FieldError(f"{here}/lots/{place}/batch", "duplicate", {}))
            seen.add(said)
            named = {(line.sku, number) for number in lot.serial_numbers}
            if len(named) < len(lot.serial_numbers) or named & numbers:
                faults.append(FieldError(f"{here}/lots/{place}/serial_numbers", "duplicate", {}))
            numbers |= named
    return faults


def _faults_of(lot: LotDraft, here: str, today: date) -> Iterator[FieldError]:
    if lot.quantity < 1:
        yield FieldError(f"{here}/quantity", "too_small", {"min": 1})
    for fault in date_faults(lot.made_on, lot.expires_on, today):
        yield FieldError(f"{here}{fault.pointer}", fault.code, fault.params)
    given = len(lot.serial_numbers)
    if given and given != lot.quantity:
        yield FieldError(f"{here}/serial_numbers", "serials_add_up", {"given": given, "wanted": lot.quantity})


def fits(announced: Lot, batch: str | None, made_on: date | None, expires_on: date | None) -> bool:
    """Whether goods of which this was read may be of the announced lot."""
    came = (batch, made_on, expires_on)
    return all(one is None or other is None or one == other for one, other in zip(announced[:3], came, strict=True))


def others(announced: Sequence[Lot], came: Sequence[Lot]) -> list[int]:
    """Of each lot that came, how many units are more than was announced of lots that it may be."""
    found = []
    for lot in came:
        expected = sum(each.units for each in announced if fits(each, *lot[:3]))
        found.append(max(0, lot.units - expected))
    return found


def units_of_others(announced: Sequence[Lot], came: Sequence[Lot], over: int) -> int:
    """Units of other lots than announced, less those that are too many anyway (`over`) and told as that."""
    if not any(any(lot[:3]) for lot in announced):
        return 0
    return max(0, sum(others(announced, came)) - over)


def numbers_of_others(announced: Collection[str], came: Collection[str], over: int) -> int:
    """Units that bear another serial number than announced, less those that are too many anyway."""
    return max(0, len(set(came) - set(announced)) - over) if announced else 0


def remaining(announced: Sequence[Lot], came: Sequence[Lot], wanted: int) -> list[int]:
    """What is still to come of each announced lot, `wanted` units in all. What came is taken off the lots that it may be, in
    their order.
    """
    left = [lot.units for lot in announced]
    for lot in came:
        units = lot.units
        for place, each in enumerate(announced):
            taken = min(units, left[place]) if fits(each, *lot[:3]) else 0
            left[place] -= taken
            units -= taken
    for place in range(len(left)):
        left[place] = min(left[place], wanted)
        wanted -= left[place]
    return left


def lots_of(rows: Iterable[Sequence[Any]] | None) -> list[Lot]:
    """Lots as a statement sends them: (batch, made on, expires on, units), days as text."""
    return [Lot(batch, _day(made_on), _day(expires_on), int(units)) for batch, made_on, expires_on, units in rows or ()]


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def label(lot: Mapping[str, Any] | Lot) -> str:
    """A lot as a screen says it: "B7 · 2028-01-31"; of one that has no expiry, the day it was made."""
    told = lot._asdict() if isinstance(lot, Lot) else lot
    days = [told["expires_on"] or told["made_on"]]
    return " · ".join(str(part) for part in (told["batch"], *days) if part)


def merged(lots: Iterable[LotDraft]) -> list[LotDraft]:
    """Lots of the same batch and days as one, with all their numbers; none at all where nothing is said of any."""
    found: dict[tuple[Any, ...], list[LotDraft]] = {}
    for lot in lots:
        found.setdefault(tuple(getattr(lot, name) for name in _READ), []).append(lot)
    if not any(lot.says_something for each in found.values() for lot in each):
        return []
    sums = Counter({said: sum(lot.quantity for lot in each) for said, each in found.items()})
    return [
        LotDraft(sums[said], said[0], said[1], said[2], tuple(number for lot in each for number in lot.serial_numbers))
        for said, each in found.items()
    ]
