"""Labels of places and tools: bins, zones, stations, totes, carts, put walls."""

from __future__ import annotations

from labels.builtin.cutting import (
    arrows,
    code,
    either,
    exact,
    filled,
    frame,
    or_matrix,
    rule_above,
    text,
    when,
)
from labels.builtin.kind import Kind
from labels.content import CartLabel, LocationLabel, PutWallSlotLabel, StationSign, ToteLabel, ZoneSign
from labels.geometry import Box, printable_area
from labels.media import (
    A4_LANDSCAPE,
    A5_LANDSCAPE,
    SIZE_60X40,
    SIZE_70X30,
    SIZE_100X30,
    SIZE_100X60,
    SIZE_100X150,
    Size,
)
from labels.vocabulary import Element


def _location(size: Size) -> list[Element]:
    """The code to be read from a cart, bars to be scanned from it, the check character to be read aloud."""
    area = printable_area(size)
    if size.height_mm < 35:
        return _location_beam(area)
    scale = min(size.width_mm / 100, size.height_mm / 60)
    head, code_row, bars, bars_text = area.rows(12, 36, 40, 9)
    side = area.height * 0.40
    block = Box(area.right - side, area.top + 0.3, side, head.height + code_row.height - 0.6)
    beside_arrow = code_row.leftmost(area.width - side - 1.5)
    large = 60 * scale + 6
    return [
        *arrows(block),
        either(
            "arrow",
            [*_heading(head.leftmost(beside_arrow.width), scale), *_code_and_check(beside_arrow, large)],
            [*_heading(head, scale), *_code_and_check(code_row, large)],
        ),
        code(
            bars.inset(0, 0.8),
            "code128",
            "{barcode}",
            preferred_mm=_module_mm(scale),
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars_text, "{barcode}", 10 * scale + 1.5, 5.5, align="center"),
    ]


def _module_mm(scale: float) -> float:
    """Wider bars on larger stock, which hangs further away; on the lowest the width still has room for three dots."""
    return max(0.375, 0.5 * scale + 0.05)


def _heading(head: Box, scale: float) -> list[Element]:
    zone, _, note = head.columns(46, 2, 52)
    largest = 13 * scale + 1
    line = rule_above(Box(head.left, head.bottom + 0.1, head.width, 0))
    return [
        either(
            "note",
            [
                text(zone.upper(zone.height * 0.86), "{zone}", largest, 5, lines=2, bold=True),
                text(note.upper(note.height * 0.86), "{note}", 11 * scale + 1, 5, lines=2, align="right"),
                line,
            ],
            [when("zone", text(head, "{zone}", largest, 5.5, bold=True), line)],
        )
    ]


def _code_and_check(row: Box, largest_pt: float) -> list[Element]:
    """A bin's code, beside its check character in a frame."""
    inner = row.inset(0, 1.2)
    side = min(inner.height, inner.width * 0.2)
    check = Box(inner.right - side, inner.top + (inner.height - side) / 2, side, side)
    return [
        either(
            "check",
            [
                text(
                    inner.leftmost(inner.width - side - 1.5),
                    "{code}",
                    largest_pt,
                    7,
                    lines=2,
                    align="center",
                    bold=True,
                ),
                frame(check, 0.4),
                _check(check, largest_pt),
            ],
            [text(inner, "{code}", largest_pt, 7, lines=2, align="center", bold=True)],
        )
    ]


def _check(box: Box, largest_pt: float) -> Element:
    """The check character in its frame, with room below it for the tail of a Q."""
    return text(box.inset(box.width * 0.14, box.height * 0.25), "{check}", largest_pt, 8, align="center", bold=True)


def _location_beam(area: Box) -> list[Element]:
    """For the beam of a rack: everything side by side."""
    left, right = area.leftmost(area.width * 0.46), area.rightmost(area.width * 0.53)
    side = area.height * 0.36
    block = Box(left.left, left.top, side, area.height)
    beside = left.rightmost(left.width - side - 1)
    bars, bars_text = right.rows(80, 18)
    return [
        *arrows(block),
        either("arrow", _beam_words(beside), _beam_words(left)),
        code(bars, "code128", "{barcode}", preferred_mm=0.375, fallbacks=or_matrix("{barcode}")),
        text(bars_text, "{barcode}", 10, 5.5, align="center"),
    ]


def _beam_words(box: Box) -> list[Element]:
    head, big = box.rows(32, 68)
    check = head.rightmost(head.height)
    zone = head.leftmost(head.width - head.height - 1)
    return [
        text(zone, "{zone}", 12, 5, lines=2, bold=True),
        when("check", frame(check, 0.3), _check(check, 30)),
        text(big.inset(0, 1), "{code}", 44, 7, lines=2, bold=True, align="center"),
    ]


def _zone(size: Size) -> list[Element]:
    area = printable_area(size)
    scale = min(area.width / 281, area.height / 194)
    title, code_row, foot = area.rows(18, 60, 22)
    upright = size.height_mm > size.width_mm
    if upright:
        beside, arrow_box = code_row.rows(52, 48)
    else:
        beside, arrow_box = code_row.columns(66, 34)
    side = min(arrow_box.height, arrow_box.width) * 0.86
    block = Box(
        arrow_box.left + (arrow_box.width - side) / 2, arrow_box.top + (arrow_box.height - side) / 2, side, side
    )
    note, _, bars = foot.columns(44, 2, 54)
    large = max(90, 400 * scale)
    with_bars: list[Element] = [
        code(
            bars.inset(0, 1).upper(bars.height * 0.68),
            "code128",
            "{barcode}",
            preferred_mm=max(0.5, 1.5 * scale),
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars.lower(bars.height * 0.22), "{barcode}", 24 * scale + 6, 6, align="center"),
        text(note.inset(1, 1), "{note}", 30 * scale + 8, 7, lines=4),
    ]
    return [
        when(
            "name",
            filled(title),
            text(title.inset(3, 4), "{name}", 90 * scale + 8, 10, lines=2, bold=True, white=True, align="center"),
        ),
        *arrows(block),
        either(
            "arrow",
            [text(beside.inset(2, beside.height * 0.09), "{code}", large, 20, lines=2, bold=True, align="center")],
            [text(code_row.inset(2, code_row.height * 0.09), "{code}", large, 20, lines=2, bold=True, align="center")],
        ),
        rule_above(foot, 0.5),
        either("barcode", with_bars, [text(foot.inset(1, 1.5), "{note}", 36 * scale + 8, 10, lines=3, align="center")]),
    ]  # fmt: skip


def _station(size: Size) -> list[Element]:
    area = printable_area(size)
    scale = min(area.width / 281, area.height / 194)
    title, name, bars, bars_text, note = area.rows(34, 14, 34, 7, 11)
    return [
        filled(title),
        text(
            title.inset(3, title.height * 0.14),
            "{code}",
            240 * scale + 12,
            14,
            lines=2,
            bold=True,
            white=True,
            align="center",
        ),
        text(name.inset(1, 2.5), "{name}", 52 * scale + 6, 8, lines=2, bold=True, align="center"),
        code(
            bars.inset(0, 1),
            "code128",
            "{barcode}",
            preferred_mm=max(0.5, 1.2 * scale),
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars_text.inset(0, 0.4), "{barcode}", 24 * scale + 6, 8, align="center"),
        rule_above(note, 0.4),
        text(note.inset(1, 2), "{note}", 28 * scale + 6, 7, lines=2, align="center"),
    ]


def _container(size: Size, fact: str | None) -> list[Element]:
    """A tote or a cart: bars for the side, a matrix that is read from any direction."""
    area = printable_area(size)
    scale = min(size.width_mm / 100, size.height_mm / 60)
    low = size.height_mm < 35
    head, bars, bars_text = area.rows(40, 46, 12)
    side = head.height if low else min(head.height * 1.15, area.width * 0.3)
    matrix = Box(area.right - side, area.top, side, min(side, head.height))
    words = head.leftmost(area.width - side - 2)
    facts = [each for each in (fact, "note") if each]
    code_row = words.upper(words.height * 0.62)
    rest = words.lower(words.height * 0.34)
    cells = rest.columns(*[1] * len(facts))
    return [
        text(code_row, "{code}", 60 * scale + 6, 7, lines=2, bold=True),
        *[
            text(exact(cell).inset(0.3), f"{{{name}}}", 14 * scale + 1, 5.5)
            for cell, name in zip(cells, facts, strict=True)
        ],
        code(matrix, "datamatrix", "{barcode}", preferred_mm=1.0 * scale + 0.2),
        code(
            bars.inset(0, 0.6),
            "code128",
            "{barcode}",
            preferred_mm=_module_mm(scale),
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars_text, "{barcode}", 10 * scale + 1.5, 5.5, align="center"),
    ]


def _tote(size: Size) -> list[Element]:
    return _container(size, None)


def _cart(size: Size) -> list[Element]:
    return _container(size, "slots")


def _put_wall(size: Size) -> list[Element]:
    area = printable_area(size)
    scale = min(size.width_mm / 100, size.height_mm / 60)
    head, bars, bars_text = area.rows(44, 42, 12)
    wall, slot = head.columns(30, 70)
    side = min(head.height - 0.6, head.width * 0.28)
    block = Box(head.right - side, head.top + (head.height - side) / 2, side, side)
    slot_beside = Box(slot.left, slot.top, block.left - slot.left - 1, slot.height)
    large = 72 * scale + 8
    return [
        when(
            "wall",
            filled(wall.inset(0, 0.3)),
            text(
                wall.inset(1.2, wall.height * 0.16),
                "{wall}",
                36 * scale + 4,
                5.5,
                lines=2,
                bold=True,
                white=True,
                align="center",
            ),
        ),
        *arrows(block),
        either(
            "arrow",
            [text(slot_beside.inset(0.5, 1), "{slot}", large, 10, bold=True, align="center")],
            [text(slot.inset(0.5, 1), "{slot}", large, 12, bold=True, align="center")],
        ),
        code(
            bars.inset(0, 0.8),
            "code128",
            "{barcode}",
            preferred_mm=_module_mm(scale),
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars_text, "{barcode}", 10 * scale + 1.5, 5.5, align="center"),
    ]


_SIGNS = (A4_LANDSCAPE, A5_LANDSCAPE, SIZE_100X150)

KINDS = (
    Kind("location", LocationLabel, (SIZE_100X60, SIZE_60X40, SIZE_100X30), _location, layouts=("a4-8", "a4-14")),
    Kind("zone", ZoneSign, _SIGNS, _zone),
    Kind("station", StationSign, _SIGNS, _station),
    Kind("tote", ToteLabel, (SIZE_100X60, SIZE_60X40, SIZE_100X30), _tote),
    Kind("cart", CartLabel, (SIZE_100X60, SIZE_60X40), _cart),
    Kind("put-wall", PutWallSlotLabel, (SIZE_60X40, SIZE_100X60, SIZE_70X30), _put_wall),
)
