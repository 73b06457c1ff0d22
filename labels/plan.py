"""A template compiled for one printer: functions that draw its elements, the shared ones apart.

What depends on nothing but shared fields is drawn once a bundle, as a Form XObject; the rest on every
page. An element stays with the pages when an earlier one of theirs lies under it: order is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from labels.content.rules import EntriesRule, Label, shared_fields
from labels.errors import LabelRefused
from labels.fields import field_names, field_rule
from labels.geometry import Box, Offset, overlap
from labels.media import POINTS_PER_MM, Resolution
from labels.placement import DotBox
from labels.sheet import Sheet, text_slot
from labels.typeface import ELLIPSIS
from labels.values import compiled, fields_in, plain
from labels.vocabulary import Code, Condition, Element, Image, Line, Rectangle, Rows, Template, Text, children

# What a function of an element returns is of no use to anyone.
Draw = Callable[[Sheet, Any], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """`shared_key` gives what the shared elements depend on."""

    shared_key: Callable[[Label], Hashable]
    shared: tuple[Draw, ...]
    varying: tuple[Draw, ...]


def compile_template(template: Template, content: type[Label], resolution: Resolution) -> Plan:
    """The plan of a template for contents of this class.

    Raises LabelRefused: unknown_field, not_a_list_field, unknown_image; an operator's template may name
    anything, and must not fail in the middle of a bundle.
    """
    for element in template.elements:
        _require_fields(element, content, in_rows=False)
    makes = _Compiler(resolution, dict(template.images))
    shareable = shared_fields(content)
    shared: list[Draw] = []
    varying: list[Draw] = []
    below: list[Box] = []
    names: set[str] = set()
    for element in template.elements:
        used = used_fields(element)
        boxes = covered(element)
        if used <= shareable and not any(overlap(box, lower) for box in boxes for lower in below):
            shared.append(makes.draw(element))
            names |= used
        else:
            varying.append(makes.draw(element))
            below += boxes
    # attrgetter gives a bare value for one name, and wants at least one.
    key = attrgetter(*sorted(names)) if names else _no_key
    return Plan(key, tuple(shared), tuple(varying))


def _require_fields(element: Element, content: type[Any], *, in_rows: bool) -> None:
    """Refuse what names a field that the content does not have, or lists what is no list."""
    for name in named_fields(element):
        if field_rule(content, name, in_rows=in_rows) is None:
            raise LabelRefused("unknown_field", {"field": name, "offered": ", ".join(field_names(content))})
    inner = content
    if isinstance(element, Rows):
        rule = field_rule(content, element.field)
        if not isinstance(rule, EntriesRule):
            raise LabelRefused("not_a_list_field", {"field": element.field})
        inner = rule.entry
    for _, child in children(element):
        _require_fields(child, inner, in_rows=in_rows or isinstance(element, Rows))


def _no_key(_label: Label) -> None:
    return None


def named_fields(element: Element) -> tuple[str, ...]:
    """The fields that an element itself names, not those of the elements inside it."""
    if isinstance(element, Text):
        return fields_in(element.value)
    if isinstance(element, Code):
        values = [element.symbology, element.value, *[each.value for each in element.fallbacks]]
        return tuple(name for value in values for name in fields_in(value))
    if isinstance(element, Rows | Condition):
        return (element.field,)
    return ()


def used_fields(element: Element) -> frozenset[str]:
    """The content's fields that an element depends on, by their first names."""
    used = frozenset(name.split(".")[0] for name in named_fields(element))
    if isinstance(element, Condition):
        return used.union(*[used_fields(child) for _, child in children(element)])
    return used


def covered(element: Element) -> list[Box]:
    """The boxes an element may put ink into."""
    if isinstance(element, Condition):
        return [box for _, child in children(element) for box in covered(child)]
    if isinstance(element, Line):
        return [line_box(element)]
    return [element.box]


def line_box(line: Line) -> Box:
    """The rectangle of a line, with its arrow head."""
    (x1, y1), (x2, y2) = line.start, line.end
    breadth = max(line.thickness_mm, line.head_mm * HEAD_BREADTH)
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    if x1 == x2:
        return Box(left - breadth / 2, top, breadth, bottom - top)
    return Box(left, top - breadth / 2, right - left, breadth)


# An arrow head is a little broader than long.
HEAD_BREADTH = 1.2


class Entry:
    """An entry of a list with its place, for values inside rows."""

    __slots__ = ("_entry", "row")

    def __init__(self, entry: Any, row: int) -> None:
        self._entry = entry
        self.row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)


_CORNER = Offset(0, 0)


class _Compiler:
    """Makes drawing functions; `origin` is where boxes are measured from, `path` stands before field names."""

    def __init__(
        self, resolution: Resolution, images: dict[str, bytes], origin: Offset = _CORNER, path: str = ""
    ) -> None:
        self._resolution = resolution
        self._images = images
        self._origin = origin
        self._path = path

    def draw(self, element: Element) -> Draw:
        if isinstance(element, Text):
            return self._text(element)
        if isinstance(element, Code):
            return self._code(element)
        if isinstance(element, Line):
            return self._line(element)
        if isinstance(element, Rectangle):
            return self._rectangle(element)
        if isinstance(element, Image):
            return self._image(element)
        if isinstance(element, Condition):
            return self._condition(element)
        return self._rows(element)

    def _text(self, text: Text) -> Draw:
        slot = text_slot(
            text.box.moved(self._origin), text.largest_pt, text.smallest_pt, lines=text.lines, align=text.align,
            top=text.top, bold=text.bold, white=text.white,
        )  # fmt: skip
        shown = compiled(text.value)
        if text.overflow == "cut":
            return lambda sheet, content: sheet.write(slot, shown(content))
        field = self._field(text.value)

        def draw(sheet: Sheet, content: Any) -> None:
            given = shown(content)
            if sheet.write(slot, given):
                raise LabelRefused("text_does_not_fit", {"field": field, "content": plain(given)})

        return draw

    def _field(self, value: str) -> str:
        names = fields_in(value)
        return self._path + (names[0] if names else "code")

    def _code(self, code: Code) -> Draw:
        box = DotBox.inside(code.box.moved(self._origin), self._resolution)
        field, value, preferred_mm = self._field(code.value), compiled(code.value), code.preferred_mm
        symbology = compiled(code.symbology)
        others = [(each.symbology, compiled(each.value)) for each in code.fallbacks]

        def draw(sheet: Sheet, content: Any) -> None:
            fallbacks = [(name, plain(short(content))) for name, short in others] if others else ()
            sheet.code(box, field, plain(symbology(content)), plain(value(content)), preferred_mm, fallbacks)

        return draw

    def _line(self, line: Line) -> Draw:
        thickness, white = line.thickness_mm, line.white
        (x1, y1), (x2, y2) = line.start, line.end
        x1, x2, y1, y2 = (
            x1 + self._origin.right,
            x2 + self._origin.right,
            y1 + self._origin.down,
            y2 + self._origin.down,
        )
        length = abs(x2 - x1) + abs(y2 - y1)
        head = min(line.head_mm, length)
        # The stem goes a little into the head: no white hair between them.
        stem_share = (length - head * 0.9) / length if head else 1.0
        stem = Line((x1, y1), (x1 + (x2 - x1) * stem_share, y1 + (y2 - y1) * stem_share), thickness)
        stem_box = line_box(stem)
        if not head:
            return lambda sheet, _content: sheet.rule(stem_box, white=white)
        points = _arrow_head(x1, y1, x2, y2, head)

        def draw(sheet: Sheet, _content: Any) -> None:
            sheet.fill(stem_box, white=white)
            sheet.polygon(points, white=white)

        return draw

    def _rectangle(self, rectangle: Rectangle) -> Draw:
        box, white, thickness = rectangle.box.moved(self._origin), rectangle.white, rectangle.thickness_mm
        if rectangle.filled:
            return lambda sheet, _content: sheet.fill(box, white=white)
        return lambda sheet, _content: sheet.frame(box, thickness, white=white)

    def _image(self, image: Image) -> Draw:
        box = DotBox.inside(image.box.moved(self._origin), self._resolution)
        data, name = self._images.get(image.image), image.image
        if data is None:
            raise LabelRefused("unknown_image", {"image": name})
        return lambda sheet, _content: sheet.image(box, data)

    def _condition(self, condition: Condition) -> Draw:
        met = condition_met(condition)
        then = [self.draw(each) for each in condition.elements]
        otherwise = [self.draw(each) for each in condition.otherwise]

        def draw(sheet: Sheet, content: Any) -> None:
            for part in then if met(content) else otherwise:
                part(sheet, content)

        return draw

    def _rows(self, rows: Rows) -> Draw:
        entries, capacity = attrgetter(rows.field), rows.capacity
        # Made once: a slot is known by its identity for as long as the document lives.
        more = self._more(rows, capacity - 1)
        cells: list[Sequence[Draw]] = []

        def cell(place: int) -> Sequence[Draw]:
            while len(cells) <= place:
                cells.append(self._cell(rows, len(cells)))
            return cells[place]

        def draw(sheet: Sheet, content: Any) -> None:
            listed = entries(content)
            shown = listed
            if len(listed) > capacity:
                if rows.overflow == "refuse":
                    raise LabelRefused("too_many_entries", {"field": self._path + rows.field, "limit": capacity})
                shown = listed[: capacity - 1]
                more(sheet, None)
            # The list of a paper goes on from page to page, and so do its numbers.
            before = capacity * (getattr(content, "page", 1) - 1) if rows.overflow == "refuse" else 0
            for place, entry in enumerate(shown):
                given = Entry(entry, before + place + 1)
                for part in cell(place):
                    part(sheet, given)

        return draw

    def _cell(self, rows: Rows, place: int) -> Sequence[Draw]:
        box = rows.cell(place).moved(self._origin)
        inner = _Compiler(
            self._resolution, self._images, Offset(box.left, box.top), f"{self._path}{rows.field}[{place}]."
        )
        return [inner.draw(each) for each in rows.elements]

    def _more(self, rows: Rows, place: int) -> Draw:
        box = rows.cell(place)
        size = max(3.0, box.height * POINTS_PER_MM * 0.6)
        return self._text(Text(box, ELLIPSIS, size, size))


def _arrow_head(x1: float, y1: float, x2: float, y2: float, head: float) -> tuple[tuple[float, float], ...]:
    """The three corners of the head of an arrow that ends in (x2, y2)."""
    half = head * HEAD_BREADTH / 2
    if x1 == x2:
        base = y2 - head if y2 > y1 else y2 + head
        return ((x2 - half, base), (x2 + half, base), (x2, y2))
    base = x2 - head if x2 > x1 else x2 + head
    return ((base, y2 - half), (base, y2 + half), (x2, y2))


def condition_met(condition: Condition) -> Callable[[Any], bool]:
    """The function that says whether a content meets a condition."""
    get, values, more_than = attrgetter(condition.field), frozenset(condition.values), condition.more_than
    if values:
        return lambda content: get(content) in values

    def met(content: Any) -> bool:
        value = get(content)
        if isinstance(value, tuple):
            return len(value) > more_than
        if isinstance(value, str):
            return bool(value.strip())
        return bool(value)

    return met
