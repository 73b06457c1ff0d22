"""Cards that people carry or scan, and the two labels that test a scanner and a printer."""

from __future__ import annotations

from labels.builtin.cutting import code, filled, frame, or_matrix, rule_above, text, when
from labels.builtin.kind import Kind
from labels.content import BadgeLabel, CommandCard, PrinterTestLabel, SelfTestCard
from labels.geometry import Box, printable_area
from labels.media import (
    A4,
    A6_LANDSCAPE,
    SIZE_4X6_INCH,
    SIZE_50X30,
    SIZE_60X40,
    SIZE_70X30,
    SIZE_70X50,
    SIZE_76X130,
    SIZE_100X60,
    SIZE_100X100,
    SIZE_100X150,
    SIZE_100X180,
    SIZE_CARD,
    Size,
)
from labels.vocabulary import Element, Line


def _command(size: Size) -> list[Element]:
    area = printable_area(size)
    scale = min(size.width_mm / 100, size.height_mm / 60)
    head, explanation, bars, bars_text = area.rows(36, 11, 42, 9)
    return [
        filled(head),
        text(head.inset(2, 2), "{command}", 64 * scale + 6, 14, bold=True, white=True, align="center"),
        text(explanation.inset(0.5, 0.7), "{explanation}", 12 * scale + 1, 5.5, align="center", lines=2),
        code(
            bars.inset(0, 0.8),
            "code128",
            "{barcode}",
            preferred_mm=0.5 * scale + 0.05,
            fallbacks=or_matrix("{barcode}"),
        ),
        text(bars_text, "{barcode}", 9 * scale + 1.5, 5.5, align="center"),
    ]


def _badge(size: Size) -> list[Element]:
    """The token in a matrix: 128 bits in bars are wider than a card."""
    area = printable_area(size)
    head, body = area.rows(18, 82)
    side = min(body.height - 3, area.width * 0.42)
    matrix = Box(area.right - side, body.top + 1.5, side, side)
    words = Box(area.left, body.top + 2, area.width - side - 2, body.height - 2)
    name, role, number, valid = words.rows(38, 22, 16, 14)
    scale = size.height_mm / 54
    return [
        when("site", filled(head), text(head.inset(2, 1.6), "{site}", 17 * scale, 7, bold=True, white=True)),
        text(name.inset(0, 0.8), "{name}", 24 * scale, 7, lines=3, bold=True),
        text(role.inset(0, 0.8), "{role}", 14 * scale, 7, lines=2),
        text(number.inset(0, 0.6), "{number}", 11 * scale, 6),
        text(valid.inset(0, 0.6), "{valid_until}", 9 * scale, 5.5),
        code(matrix, "datamatrix", "{barcode}", preferred_mm=1.0),
    ]


def _self_test(size: Size) -> list[Element]:
    area = printable_area(size)
    scale = min(size.width_mm / 148, size.height_mm / 105)
    if size.height_mm < 80:
        title, instruction, bars, bars_text = area.rows(16, 26, 44, 10)
        return [
            *_self_test_head(title, instruction, max(scale, 0.6)),
            code(bars, "code128", "{barcode}"),
            text(bars_text, "{barcode}", 9, 6, align="center"),
        ]
    title, instruction, linear, bars, bars_text, second, squares = area.rows(13, 19, 6, 24, 6, 6, 26)
    left, right = squares.columns(1, 1)
    return [
        *_self_test_head(title, instruction, scale),
        text(linear.inset(0, 0.8), "{captions.linear}", 11, 7, bold=True),
        code(bars, "code128", "{barcode}", preferred_mm=0.375),
        text(bars_text.inset(0, 0.3), "{barcode}", 10, 6, align="center"),
        rule_above(second, 0.3),
        text(second.inset(0, 1), "{captions.matrix}", 11, 7, bold=True),
        code(left, "qr", "{barcode}", preferred_mm=0.875),
        code(right, "datamatrix", "{barcode}", preferred_mm=0.875),
    ]


def _self_test_head(title: Box, instruction: Box, scale: float) -> list[Element]:
    name, station = title.columns(70, 30)
    return [
        filled(title),
        text(name.inset(2, 1.5), "{captions.title}", 26 * scale, 9, bold=True, white=True),
        text(station.inset(2, 1.5), "{station}", 20 * scale, 5, lines=2, bold=True, white=True, align="right"),
        text(instruction.inset(0.5, 1), "{captions.instruction}", 13 * scale, 6.5, lines=4),
    ]


_FRAME_MM = 1.0
_FAR_END_MM = 33.0
# Modules of 2, 3 and 4 dots at 203 dpi.
_MODULES_MM = (0.25, 0.375, 0.5)


def _printer_test(size: Size) -> list[Element]:
    """A frame 1 mm from the edges, a ruler, and a code of each module width that has room."""
    page = Box(0, 0, size.width_mm, size.height_mm)
    inner = page.inset(2.6, 2.2)
    low = inner.height < 40
    ruler_mm = 50.0 if inner.width >= 51 else 40.0
    words = inner.upper(min(16.0, inner.height * 0.26))
    ruler = Box(page.left + (page.width - ruler_mm) / 2, words.bottom + 0.8, ruler_mm, 5.2)
    codes = Box(inner.left, ruler.bottom + 0.8, inner.width, inner.bottom - ruler.bottom - 0.8)
    return [
        frame(page.inset(_FRAME_MM, _FRAME_MM), 0.25),
        *_printer_words(words, low),
        *_ruler(ruler),
        *_test_codes(codes),
        # The far end of a long label prints differently where the paper slips or the head cools.
        *(_test_codes(codes.lower(_FAR_END_MM)) if codes.height > 2 * _FAR_END_MM else []),
    ]


def _printer_words(box: Box, low: bool) -> list[Element]:
    if low:
        name, details = box.rows(55, 45)
        return [
            text(name.inset(0, 0.3), "{captions.title} {printer}", 11, 5, bold=True),
            text(details.inset(0, 0.3), "{media} {details} {printed_at}", 8, 4.5),
        ]
    title, facts, instruction = box.rows(34, 24, 42)
    return [
        text(title.inset(0, 0.4), "{captions.title}  {printer}", 14, 6, bold=True),
        text(facts.inset(0, 0.4), "{media}  {details}  {printed_at}", 9, 5),
        text(instruction.inset(0, 0.3), "{captions.instruction}", 7.5, 4.5, lines=4),
    ]


def _ruler(box: Box) -> list[Element]:
    """Marks each millimetre, longer at five and ten, whose left edges are the measure."""
    found: list[Element] = []
    for millimetre in range(round(box.width) + 1):
        length = 3.0 if millimetre % 10 == 0 else 2.2 if millimetre % 5 == 0 else 1.4
        x = round(box.left + millimetre, 3)
        found.append(Line((x, round(box.top, 2)), (x, round(box.top + length, 2)), 0.125))
        if millimetre % 10 == 0 and millimetre:
            centre = Box(x - 3, box.top + 3.3, 6, 1.9)
            found.append(text(centre, str(millimetre), 6, 5, align="center"))
    return found


def _test_codes(box: Box) -> list[Element]:
    """Bars at 0.25, 0.375 and 0.5 mm, then QR and DataMatrix, as far as there is room."""
    contents = [f"X{round(module * 1000):03d}" for module in _MODULES_MM]
    tall = 6.2 if box.height < 24 else 8.5
    bars = [
        ("code128", content, module, (11 * (len(content) + 1) + 35 + 20) * module + 1.5, tall)
        for module, content in zip(_MODULES_MM, contents, strict=True)
    ]
    matrix = ("datamatrix", "DM 0.5", 0.5, 11.0, 10.5)
    square = ("qr", "QR 0.5", 0.5, 15.5, 15.5)
    if box.height < 24:
        return _flow(box, [bars[0], bars[1], ("datamatrix", "DM", 0.375, 8.5, tall)])
    return _flow(box, [bars[0], matrix, bars[1], square, bars[2]])


def _flow(box: Box, codes: list[tuple[str, str, float, float, float]]) -> list[Element]:
    """Codes from left to right and then below, each with its text; what has no room is left out."""
    found: list[Element] = []
    left, top, tallest = box.left, box.top, 0.0
    for symbology, content, module, width, height in codes:
        wraps = left + width > box.right + 0.01
        at, down = (box.left, top + tallest) if wraps else (left, top)
        if width > box.width or down + height + 2.4 > box.bottom + 0.01:
            continue  # a narrower one may still have room in this line
        left, top, tallest = at, down, 0.0 if wraps else tallest
        found += [
            code(Box(left, top, width, height), symbology, content, preferred_mm=module),
            text(Box(left, top + height, width, 2.0), content, 5.5, 4.5, align="center"),
        ]
        left, tallest = left + width + 0.6, max(tallest, height + 2.6)
    return found


_MEDIA = (
    SIZE_100X150, SIZE_100X180, SIZE_76X130, SIZE_4X6_INCH, SIZE_100X100, SIZE_100X60, SIZE_70X50, SIZE_70X30,
    SIZE_60X40, SIZE_50X30, A4,
)  # fmt: skip

KINDS = (
    Kind("command", CommandCard, (SIZE_CARD, SIZE_100X60, SIZE_60X40), _command, layouts=("a4-10-cards",)),
    Kind("badge", BadgeLabel, (SIZE_CARD, SIZE_100X60), _badge),
    Kind("self-test", SelfTestCard, (SIZE_100X60, A6_LANDSCAPE), _self_test),
    Kind("printer-test", PrinterTestLabel, _MEDIA, _printer_test, margin_mm=_FRAME_MM),
)
