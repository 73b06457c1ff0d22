"""Rows of a packing list become cartons as the API takes them: one entry for cartons that are equal, its lines in their order.

Rows of the same carton, or the same range of cartons, are one: further ones repeat what the first says of the carton, or leave it
empty (merged cells come so). What is wrong is told at its line and column; the rules of the API judge the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from wms.core.refusals import invalid
from wms.inbound.lots import date_faults
from wms.inbound.packing import values
from wms.inbound.packing.columns import BY_NAME, CARTONS, QUANTITIES, UNITS, column_of, factor_of
from wms.inbound.rules import MAX_CARTONS
from wms.platform.columns import Finding, Heading, placed
from wms.platform.sheets import Row

LETTERHEAD = 30  # rows in which the heading is looked for
_SIDES = ("length_cm", "width_cm", "height_cm")
_SCALED = {"length_mm": "length_cm", "width_mm": "width_cm", "height_mm": "height_cm", "weight_g": "gross_weight_kg"}
_DAYS = {"/made_on": "production_date", "/expires_on": "expiry_date"}
_OF_LOTS = {
    "batch": "batch", "made_on": "production_date", "expires_on": "expiry_date", "serial_numbers": "serial_numbers",
}  # fmt: skip


class Lots:
    """What the rows of one line say of its lots, each as the API takes it, with the row that said it first. By batch and days."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, ...], dict[str, Any]] = {}
        self.rows: list[int] = []

    def takes(self, said: tuple[str, ...], lot: Mapping[str, Any]) -> bool:
        """Whether another row of the product goes on with this line: another batch, or further serial numbers of one."""
        known = self.bodies.get(said)
        return known is None or ("serial_numbers" in known and "serial_numbers" in lot)

    def add(self, said: tuple[str, ...], lot: dict[str, Any], row: int) -> None:
        known = self.bodies.get(said)
        if known is None:
            self.bodies[said] = lot
            self.rows.append(row)
            return
        known["serial_numbers"] += lot["serial_numbers"]
        known["quantity"] += lot["quantity"]

    @property
    def told(self) -> dict[str, Any]:
        """As a part of the line; nothing where no row said anything."""
        lots = list(self.bodies.values())
        return {"lots": lots} if any(lot.keys() - {"quantity"} for lot in lots) else {}


@dataclass
class Group:
    """Equal cartons. `rows`: the row of each of its lines; `said`: where a row said something of the carton itself."""

    number: int | None  # of the first; None: it cannot be read
    count: int
    row: int
    about: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lots: list[Lots] = field(default_factory=list)  # of each of its lines
    places: dict[str, int] = field(default_factory=dict)  # by SKU: its first line
    said: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PackingList:
    """`groups` in the order of their numbers. `skipped`: lines under the heading that are no goods (sums, remarks)."""

    groups: list[Group]
    heading: Heading
    findings: list[Finding]
    skipped: list[int]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The cartons as the API takes them; those whose numbers cannot be read follow the others."""
        found: list[dict[str, Any]] = []
        following = 1
        for group in self.groups:
            number = following if group.number is None else group.number
            following = number + group.count
            lines = [{**line, **lots.told} for line, lots in zip(group.lines, group.lots, strict=True)]
            found.append({"number": number, "count": group.count, **group.about, "lines": lines})
        return found

    def found(self, pointer: str, code: str, params: Mapping[str, Any]) -> Finding:
        """A refusal at a field of the bodies (`/cartons/3/lines/0/sku`), where it stands in the file."""
        parts = pointer.strip("/").split("/")
        place = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else self._beyond()
        group = self.groups[place]
        last = parts[-1]
        if len(parts) > 6 and parts[5].isdigit():
            row = group.lots[int(parts[3])].rows[int(parts[5])]
            return Finding(row, _OF_LOTS.get(parts[6]) or self._one_of(QUANTITIES), code, params)
        if len(parts) > 4 and parts[3].isdigit():
            name = "sku" if last == "sku" else self._one_of(QUANTITIES)
            return Finding(group.rows[int(parts[3])], name, code, params)
        if last in _SCALED:
            own = _SCALED[last] if _SCALED[last] in self.heading.places else "carton_size_cm"
            factor = factor_of(own, self.heading.headings[own])
            scaled = {key: f"{float(value) / factor:.4g}" for key, value in params.items()}
            return Finding(group.said.get(last, group.row), own, code, scaled)
        name = {"pallet": "pallet", "reference_box_no": "box_no", "lines": "sku"}.get(last) or self._one_of(CARTONS)
        return Finding(group.said.get(last, group.row), name, code, params)

    def _one_of(self, names: Sequence[str]) -> str:
        return next((name for name in names if name in self.heading.places), "")

    def _beyond(self) -> int:
        """The first group that a booking has no place for."""
        number = 0
        for place, group in enumerate(self.groups):
            number += group.count
            if number > MAX_CARTONS:
                return place
        return 0


def read_packing_list(rows: Sequence[Row], today: date) -> PackingList:
    """The cartons of a sheet. `today`: by the warehouse's calendar. Refuses at `/file` `table_lacks`, `sheet_column_twice`,
    `table_empty`: else it is no packing list.
    """
    at = _heading_at(rows)
    cells = rows[at].cells
    heading = placed(rows[at], lambda text: column_of(text, cells), ("sku",))
    for names in (QUANTITIES, CARTONS):
        if not any(name in heading.places for name in names):
            raise invalid("/file", "table_lacks", column=names[0])
    reader = _Reader(_with_meaning(heading), today)
    for row in rows[at + 1 :]:
        reader.read(row)
    if not reader.groups:
        raise invalid("/file", "table_empty")
    return reader.done()


def _heading_at(rows: Sequence[Row]) -> int:
    """Below the letterhead: the row that names most columns."""
    named = [len({column_of(text, row.cells) for text in row.cells} - {None}) for row in rows[:LETTERHEAD]]
    return named.index(max(named))


def _with_meaning(heading: Heading) -> Heading:
    """A plain "quantity" beside another one is the one that is missing of the two."""
    places = dict(heading.places)
    others = [name for name in ("quantity_per_carton", "total_quantity") if name in places]
    if "quantity" not in places or not others:
        return heading
    place, text = places.pop("quantity"), heading.headings["quantity"]
    if len(others) == 2:
        return Heading(places, heading.headings, [*heading.unread, text])
    missing = "total_quantity" if others == ["quantity_per_carton"] else "quantity_per_carton"
    return Heading({**places, missing: place}, {**heading.headings, missing: text}, heading.unread)


class _Reader:
    """Goes through the rows; knows the carton that the row before was about."""

    def __init__(self, heading: Heading, today: date) -> None:
        self.heading, self.today = heading, today
        self.groups: dict[Any, Group] = {}
        self.findings: list[Finding] = []
        self.skipped: list[int] = []
        self.last: Group | None = None
        self.summed = self.unclear = False
        self.following = 1  # the number of a carton that has none

    def done(self) -> PackingList:
        numbered = [(each.number, each) for each in self.groups.values() if each.number is not None]
        numbered.sort(key=lambda each: each[0])
        readable = [group for _number, group in numbered]
        widest, beyond = None, 0
        for number, group in numbered:
            if widest is not None and number < beyond:
                params = {"number": number, "line": widest.row}
                self.findings.append(Finding(group.row, "carton_no", "packing_overlap", params))
            if number + group.count > beyond:
                widest, beyond = group, number + group.count
        unreadable = [each for each in self.groups.values() if each.number is None]
        return PackingList([*readable, *unreadable], self.heading, self.findings, self.skipped)

    def read(self, row: Row) -> None:
        cells = self.heading.cells(row)
        if self._is_aside(row, cells):
            self.skipped.append(row.line)
            return
        self.findings += self.heading.shortened(row)
        group = self._group(cells, row.line)
        self.last = group
        self._about(group, cells, row.line)
        self._line(group, cells, row.line)

    def _is_aside(self, row: Row, cells: Mapping[str, str]) -> bool:
        """A row of sums, or what stands below the goods."""
        goods = cells["sku"] and not values.is_total(cells["sku"])
        counted = any(cells.get(name) for name in QUANTITIES)
        if not goods and any(values.is_total(text) for text in row.cells):
            self.summed = True
            return True
        if (cells["sku"] and (counted or not self.summed)) or values.cartons_in(cells.get("carton_no", "")) is not None:
            return False
        return self.summed or not counted

    def _tell(self, at: int, column: str, code: str, /, **params: Any) -> None:
        self.findings.append(Finding(at, column, code, params))

    def _group(self, cells: Mapping[str, str], line: int) -> Group:
        """The cartons of a row: by their numbers, else by the seller's own number of the box, else as many as it says."""
        told, box = cells.get("carton_no", ""), cells.get("box_no", "")
        many = self._many(cells.get("cartons", ""), line)
        if told:
            found = values.cartons_in(told)
            if found is None:
                code = "packing_became_date" if values.became_date(told) else "packing_carton"
                self._tell(line, "carton_no", code)
                return self.groups.setdefault(("unread", told), Group(None, 1, line))
            first, last = found
            return self._agreed(self.groups.setdefault(found, Group(first, last - first + 1, line)), many, line)
        if box and "carton_no" not in self.heading.places:
            return self._agreed(self._following(("box", box), 1, line), many, line)
        if many is not None and not {"carton_no", "box_no"} & self.heading.places.keys():
            return self._following(("row", line), many, line)
        if self.last is None:
            column = next(name for name in CARTONS if name in self.heading.places)
            self._tell(line, column, "required")
            return self.groups.setdefault(("row", line), Group(None, 1, line))
        return self._agreed(self.last, many, line)

    def _following(self, key: tuple[str, Any], count: int, line: int) -> Group:
        if key not in self.groups:
            self.groups[key] = Group(self.following, count, line)
            self.following += count
        return self.groups[key]

    def _agreed(self, group: Group, many: int | None, line: int) -> Group:
        if many is not None and many != group.count:
            self._tell(line, "cartons", "packing_cartons_differ", cartons=group.count)
        return group

    def _many(self, text: str, line: int) -> int | None:
        found = values.whole(text) if text else None
        if text and found is None:
            self._tell(line, "cartons", "type", wanted="integer")
        elif found == 0:
            self._tell(line, "cartons", "too_small", min=1)
        return max(1, found or 1) if text else None

    def _about(self, group: Group, cells: Mapping[str, str], line: int) -> None:
        """What a row says of its cartons themselves: the first says it, further ones agree."""
        for name, text in cells.items():
            if not text or (BY_NAME[name].form not in UNITS and name not in {"pallet", "box_no"}):
                continue
            said = self._said(name, text, group)
            if isinstance(said, Finding):
                self.findings.append(Finding(line, name, said.code, said.params))
                continue
            for key, value in said.items():
                if group.about.setdefault(key, value) != value:
                    self._tell(line, name, "packing_rows_differ", line=group.said[key])
                    break
                group.said.setdefault(key, line)

    def _said(self, name: str, text: str, group: Group) -> dict[str, Any] | Finding:
        """Fields of the API with their values; else why it cannot be read."""
        if name == "box_no":
            return {"reference_box_no": text} if group.count == 1 else Finding(0, name, "packing_box_of_one")
        if name == "pallet":
            pallet = values.pallet_in(text)
            return Finding(0, name, "type", {"wanted": "integer"}) if pallet is None else {"pallet": pallet}
        form, factor = BY_NAME[name].form, factor_of(name, self.heading.headings[name])
        if form == "sizes":
            sides = values.three_sides(text, factor)
            if sides is None:
                return Finding(0, name, "packing_sides")
            return {f"{side.removesuffix('_cm')}_mm": value for side, value in zip(_SIDES, sides, strict=True)}
        found = values.measure(text, factor, form)
        return (
            Finding(0, name, "type", {"wanted": "number"})
            if found is None
            else {BY_NAME[name].pointer.strip("/"): found}
        )

    def _line(self, group: Group, cells: Mapping[str, str], line: int) -> None:
        """One product of a carton. In several batches, or unit by unit with their numbers, it stands in several rows, and is
        one line.
        """
        sku, quantity = cells["sku"], self._quantity(group, cells, line)
        said, lot = self._lot(group, cells, line)
        known = group.places.get(sku) if sku else None
        if known is not None and group.lots[known].takes(said, lot):
            before = group.lines[known].get("quantity")
            if isinstance(quantity, int) and isinstance(before, int):
                group.lines[known]["quantity"] = before + quantity
                group.lots[known].add(said, {"quantity": quantity, **lot}, line)
                return
        group.places.setdefault(sku, len(group.lines))
        told = {"sku": sku, "quantity": quantity}
        group.lines.append({name: value for name, value in told.items() if value not in ("", None)})
        group.rows.append(line)
        group.lots.append(Lots())
        if isinstance(quantity, int):
            group.lots[-1].add(said, {"quantity": quantity, **lot}, line)

    def _lot(self, group: Group, cells: Mapping[str, str], line: int) -> tuple[tuple[str, ...], dict[str, Any]]:
        """The batch and days of a row, and all that it says of its lot, as the API takes it."""
        made_on, expires_on = self._days(cells, line)
        said = (cells.get("batch", ""), made_on, expires_on)
        lot: dict[str, Any] = {
            name: value for name, value in zip(("batch", "made_on", "expires_on"), said, strict=True) if value
        }
        numbers = values.numbers_in(cells.get("serial_numbers", ""))
        if numbers and group.count > 1:
            self._tell(line, "serial_numbers", "packing_numbers_of_one")
        elif numbers:
            lot["serial_numbers"] = numbers
        return said, lot

    def _quantity(self, group: Group, cells: Mapping[str, str], line: int) -> int | str | None:
        """Units in each carton; the text where it is none, for the schema to refuse."""
        each, total = (cells.get(name, "") for name in ("quantity_per_carton", "total_quantity"))
        plain = cells.get("quantity", "")
        if plain and group.count > 1 and not self.unclear:
            self.unclear = True
            self._tell(line, "quantity", "packing_quantity_unclear", cartons=group.count)
        text = each or plain or total
        found = values.whole(text)
        if found is None:
            return text or None
        if each and total and values.whole(total) != found * group.count:
            self._tell(
                line,
                "total_quantity",
                "packing_total_differs",
                each=found,
                cartons=group.count,
                total=found * group.count,
            )
        if each or plain:
            return found
        if found % group.count:
            self._tell(line, "total_quantity", "packing_not_divisible", cartons=group.count)
        return max(1, found // group.count) if found else 0

    def _days(self, cells: Mapping[str, str], line: int) -> tuple[str, str]:
        made_on, expires_on = (self._day(name, cells.get(name, ""), line) for name in _DAYS.values())
        for fault in date_faults(made_on, expires_on, self.today):
            self._tell(line, _DAYS[fault.pointer], fault.code, **fault.params)
        return str(made_on or ""), str(expires_on or "")

    def _day(self, name: str, text: str, line: int) -> date | None:
        day = values.day_in(text) if text else None
        if text and day is None:
            self._tell(line, name, "type", wanted="date")
        return day
