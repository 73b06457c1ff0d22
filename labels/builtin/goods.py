"""Labels of goods: units, cartons, cartons for a fulfilment centre, pallets."""

from __future__ import annotations

from labels.builtin.cutting import (
    caption,
    code,
    either,
    exact,
    filled,
    frame,
    lines_of,
    or_matrix,
    rule_above,
    rule_before,
    text,
    value_of,
    when,
)
from labels.builtin.kind import Kind
from labels.content import CartonLabel, FbaCartonLabel, PalletLabel, ProductLabel
from labels.geometry import Box, printable_area
from labels.media import (
    A5,
    SIZE_4X3_INCH,
    SIZE_4X6_INCH,
    SIZE_50X30,
    SIZE_60X40,
    SIZE_70X30,
    SIZE_70X50,
    SIZE_100X60,
    SIZE_100X100,
    SIZE_100X150,
    Size,
)
from labels.vocabulary import Element, Fallback, Rows


def _product(size: Size) -> list[Element]:
    """Bars first, then what a person checks against the screen."""
    area = printable_area(size)
    scale = size.height_mm / 40
    bars, bars_text, sku, name, dates, origins = area.rows(37, 9, 17, 16, 10.5, 10.5)
    # Bars may use the margins: their quiet zone is white anyway.
    whole_width = bars._replace(left=0, width=size.width_mm)
    small = 6.5 * scale
    lot, _, expiry = dates.upper(dates.height - 0.3).columns(49, 2, 49)
    origin, _, printed, _, owner = origins.lower(origins.height - 0.5).columns(35, 2, 31, 2, 30)
    importer_share = 0.57 if size.height_mm < 35 else 0.52  # the whole of it must stand there
    our_code = code(
        whole_width, "{symbology}", "{barcode}",
        fallbacks=(Fallback("code128", "{short_id}"), *or_matrix("{barcode}")),
    )  # fmt: skip
    return [
        # A till reads the retail code or nothing: only our own has something to fall back to.
        either("symbology", [our_code], [code(whole_width, "{symbology}", "{barcode}")], values=("code128",)),
        either(
            "short_id",
            [text(bars_text.inset(0, 0.4), "{barcode} · {short_id}", 9 * scale, 4.5, align="center")],
            [text(bars_text.inset(0, 0.4), "{barcode}", 9 * scale, 4.5, align="center")],
        ),
        text(sku.inset(0, max(0.3, sku.height * 0.1 - 0.1)), "{sku}", 11 * scale, 4.5, lines=2, bold=True),
        either(
            "importer_lines",
            [
                text(
                    name.inset(0, 0.3).leftmost(area.width * (0.97 - importer_share)),
                    "{name}",
                    7.5 * scale,
                    5,
                    lines=4,
                    top=True,
                ),
                text(
                    name.inset(0, 0.1).rightmost(area.width * importer_share),
                    "{importer_lines}",
                    6 * scale,
                    3.5,
                    lines=5,
                    top=True,
                ),
            ],
            [text(name.inset(0, 0.3), "{name}", 7.5 * scale, 5, lines=2, top=True)],
        ),
        text(lot, "{lot}", small, 4.5, lines=2),
        text(expiry, "{expiry}", small, 4.5, align="right"),
        *[when(name, rule_above(origins, 0.25)) for name in ("origin", "owner_code", "printed_at")],
        text(origin, "{origin}", small, 4.5),
        text(printed, "{printed_at}", small * 0.9, 4.5, lines=2, align="center"),
        text(owner, "{owner_code}", small, 4.5, lines=2, align="right", bold=True),
    ]


def _carton(size: Size) -> list[Element]:
    """Where it goes, which booking, which carton, what is inside (箱唛)."""
    if size.height_mm < 80:
        return _carton_low(size)
    whole, tall = printable_area(size), size.height_mm > 120
    shares = (30, 34, 17, 27, 26, 12) if tall else (19, 25, 12, 19, 15, 10)
    head, box_bars, middle, booking, contents, foot = whole.rows(*shares)
    destination, side = head.columns(70, 30)
    transport, seller = side.rows(1, 1)
    carton, reference = middle.columns(45, 55)
    weight, dimensions, origin = foot.columns(28, 38, 34)
    made_in, printed = origin.inset(1.2, 0.8).rows(55, 45)
    text_mm = 6.0 if tall else 4.6
    return [
        frame(whole, 0.5),
        filled(destination),
        text(destination.inset(3, 3), "{destination}", 72, 14, align="center", bold=True, white=True),
        *[rule_above(row) for row in (box_bars, middle, booking, contents, foot, seller)],
        *[rule_before(cell) for cell in (reference, dimensions, origin)],
        caption(transport, "{captions.transport}"),
        caption(seller, "{captions.seller}"),
        caption(carton, "{captions.carton}"),
        caption(reference, "{captions.reference}"),
        caption(booking.leftmost(24), "{captions.booking}"),
        caption(contents.leftmost(24), "{captions.contents}"),
        caption(weight, "{captions.weight}"),
        caption(dimensions, "{captions.dimensions}"),
        text(value_of(transport), "{transport}", 15, 6.5, lines=2),
        text(value_of(seller), "{seller_code}", 24, 6, lines=2, bold=True),
        *_bars(box_bars, "{box_barcode}", text_mm=7.0 if tall else 5.0),
        text(value_of(carton).inset(0, 0.4), "{number} / {total}", 34 if tall else 22, 10, bold=True, align="center"),
        text(value_of(reference), "{reference}", 14, 6.5, lines=2),
        text(
            Box(booking.left + 25, booking.top + 0.6, booking.width - 50, text_mm),
            "{booking_number}", 14, 7, align="center", bold=True,
        ),
        code(
            Box(booking.left + 0.6, booking.top + text_mm + 0.6, booking.width - 1.2, booking.height - text_mm - 2),
            "code128", "{booking_number}", fallbacks=or_matrix("{booking_number}"),
        ),
        *_contents(lines_of(contents), 4 if tall else 2),
        text(value_of(weight), "{gross_weight}", 13, 6, bold=True),
        text(value_of(dimensions), "{dimensions}", 13, 5, lines=2),
        text(made_in, "{origin}", 9.5, 5.5, bold=True),
        text(printed.upper(printed.height - 0.4), "{printed_at}", 7, 4.6, lines=2),
    ]  # fmt: skip


def _carton_low(size: Size) -> list[Element]:
    whole = printable_area(size)
    head, box_bars, facts, foot = whole.rows(22, 40, 15, 23)
    destination, counter = head.columns(62, 38)
    seller, booking, transport = facts.columns(24, 48, 28)
    contents, weight, origin = foot.columns(52, 24, 24)
    made_in, printed = origin.inset(1, 0.8).rows(55, 45)
    return [
        frame(whole, 0.4),
        filled(destination),
        text(destination.inset(2, 2), "{destination}", 40, 10, align="center", bold=True, white=True),
        text(counter.inset(1.5, 2), "{number} / {total}", 26, 9, bold=True, align="center"),
        *[rule_above(row) for row in (box_bars, facts, foot)],
        *[rule_before(cell) for cell in (booking, transport, weight, origin)],
        *_bars(box_bars, "{box_barcode}", text_mm=4.8),
        caption(seller, "{captions.seller}", largest_pt=6),
        caption(booking, "{captions.booking}", largest_pt=6),
        caption(transport, "{captions.transport}", largest_pt=6),
        caption(weight, "{captions.weight}", largest_pt=6),
        text(value_of(seller, 6), "{seller_code}", 13, 5, lines=2, bold=True),
        text(value_of(booking, 6), "{booking_number}", 12, 6),
        text(value_of(transport, 6), "{transport}", 10, 5.5),
        either(
            "contents",
            [
                either(
                    "mixed_text",
                    [text(contents.inset(1.2, 1.2), "{mixed_text}", 14, 6, bold=True, lines=2)],
                    [Rows("contents", exact(contents.inset(1.2, 1)), round(contents.inset(0, 1).height / 3 - 0.01, 2), (
                        text(Box(0, 0.1, contents.width - 16, contents.height / 3 - 1), "{sku}", 9, 4.5, lines=2),
                        text(
                            Box(contents.width - 15.4, 0.2, 13, contents.height / 3 - 1.3), "{quantity}", 9, 4.5,
                            align="right", bold=True,
                        ),
                    ), 1, "ellipsis")],
                )
            ],
            [Rows("contents", exact(contents.inset(1.2, 1)), round(contents.inset(0, 1).height, 2), (
                text(Box(0, 0, contents.width - 16, contents.height - 2), "{sku}", 11, 5, lines=2),
                text(Box(contents.width - 15.4, 0, 13, contents.height - 2), "{quantity}", 12, 6, align="right", bold=True),
            ))],
            more_than=1,
        ),
        text(value_of(weight, 6), "{gross_weight}", 10, 5, lines=2, bold=True),
        text(made_in, "{origin}", 8, 5, bold=True),
        text(printed.upper(printed.height - 0.4), "{printed_at}", 6.5, 4.6, lines=2),
    ]  # fmt: skip


def _bars(cell: Box, value: str, *, text_mm: float) -> list[Element]:
    """Bars across a row, ending 2 mm from the rules, with the content below them."""
    return [
        code(
            Box(cell.left + 0.6, cell.top + 2, cell.width - 1.2, cell.height - text_mm - 2.5),
            "code128", value, fallbacks=or_matrix(value),
        ),
        text(cell.inset(2, 0.3).lower(text_mm - 0.3), value, 15, 7, align="center", bold=True),
    ]  # fmt: skip


def _contents(box: Box, most_lines: int) -> list[Element]:
    """The list in two columns when one is not enough, the mixed text when two are not."""
    row_mm = round(box.height / most_lines, 2)
    # Two lines of the smallest size, and a gap to the next row.
    name_lines = 2 if row_mm >= 4.4 else 1

    def rows(columns: int) -> Rows:
        width = box.width / columns - (1.5 if columns > 1 else 0)
        cells: list[Element] = [
            text(Box(0, 0, width - 13, row_mm - 0.8), "{sku}", 10, 4.8, lines=name_lines),
            text(Box(width - 12, 0, 12, row_mm - 0.8), "{quantity}", 10, 6, align="right", bold=True),
        ]
        return Rows("contents", exact(box), row_mm - 0.001, tuple(cells), columns, "ellipsis")

    mixed = text(box, "{mixed_text}", 22, 9, bold=True, align="center")
    many = either("mixed_text", [mixed], [rows(2)])
    two = either("contents", [rows(2)], [rows(1)], more_than=most_lines)
    return [either("contents", [many], [two], more_than=2 * most_lines)]


def _fba(size: Size) -> list[Element]:
    whole = printable_area(size)
    tall = size.height_mm > 120
    head, addresses, box_bars, internal = whole.rows(*((10, 30, 38, 22) if tall else (11, 31, 38, 20)))
    title, counter = head.columns(62, 38)
    ship_from, ship_to = addresses.columns(1, 1)
    left, right = internal.columns(56, 44)
    facts = lines_of(left)
    scale = 1.0 if tall else 0.72
    return [
        frame(whole, 0.5),
        text(title.inset(2, 1.4), "FBA  {destination}", 26, 9, bold=True),
        text(counter.inset(2, 1.4), "{number} / {total}", 24, 9, bold=True, align="right"),
        *[rule_above(row, 0.4) for row in (addresses, box_bars, internal)],
        rule_before(ship_to),
        caption(ship_from, "{captions.ship_from}", bold=True),
        caption(ship_to, "{captions.ship_to}", bold=True),
        text(lines_of(ship_from).upper(6.4 * scale), "{seller_name}", 11 * scale, 5, lines=2, bold=True),
        text(_below(lines_of(ship_from), 7.4 * scale), "{ship_from_lines}", 10 * scale, 5, lines=6, top=True),
        text(lines_of(ship_to), "{ship_to_lines}", 10.5 * scale, 5.5, lines=8, top=True),
        code(
            Box(box_bars.left + 0.6, box_bars.top + 2.5, box_bars.width - 1.2, box_bars.height - 12 * scale - 3),
            "code128", "{box_id}", preferred_mm=0.5, fallbacks=or_matrix("{box_id}"),
        ),
        text(box_bars.inset(2, 0.6).lower(11 * scale), "{box_id}", 22 if tall else 18, 9, align="center", bold=True),
        rule_before(right),
        caption(left, "{captions.internal}", bold=True, largest_pt=7),
        text(facts.upper(facts.height * 0.5), "{shipment_name}", 11, 5, lines=2),
        when("created_at", text(facts.lower(facts.height * 0.36), "{captions.created} {created_at}", 8.5, 5)),
        text(right.inset(1.5, 1.2).upper(right.height * 0.56), "{contents}", 20, 7, lines=2, bold=True, align="center"),
        text(right.inset(1.5, 1).lower(right.height * 0.3), "{sku}", 10, 5, lines=2, align="center"),
    ]  # fmt: skip


def _below(box: Box, height: float) -> Box:
    return box.lower(box.height - height)


def _pallet(size: Size) -> list[Element]:
    """The logistic label of GS1: free text, texts of the data, bars."""
    whole = printable_area(size)
    head, facts, more, second, main = whole.rows(14, 12, 12, 25, 37)
    owner, destination = head.columns(52, 48)
    booking, cartons, weight = facts.columns(48, 20, 32)
    return [
        frame(whole, 0.5),
        *[rule_above(row, 0.4) for row in (facts, more, second, main)],
        *[rule_before(cell) for cell in (destination, cartons, weight)],
        when(
            "destination",
            filled(destination),
            text(destination.inset(2, 2), "{destination}", 40, 8, lines=2, bold=True, white=True, align="center"),
        ),
        caption(owner, "{captions.owner}"),
        caption(booking, "{captions.booking}"),
        caption(cartons, "{captions.cartons}"),
        caption(weight, "{captions.weight}"),
        caption(more, "{captions.contents}"),
        text(value_of(owner).inset(0, 0.9), "{owner}", 24, 8, lines=2, bold=True),
        text(value_of(booking), "{booking}", 14, 6, bold=True),
        text(value_of(cartons), "{cartons}", 16, 7, bold=True),
        text(value_of(weight), "{gross_weight}", 14, 6, bold=True),
        text(value_of(more), "{contents}", 12, 6, lines=2),
        either(
            "elements", _element_bars(second, "{elements}"),
            [when("sscc", when("barcode", *_own_bars(second)))],
        ),
        either("sscc", _sscc_bars(main), _own_bars(Box(main.left, main.top, main.width, main.height - 4))),
        text(Box(main.left + 2, main.bottom - 3.9, main.width - 4, 2.7), "{printed_at}", 7, 5, align="right"),
    ]  # fmt: skip


def _sscc_bars(cell: Box) -> list[Element]:
    return [
        code(
            Box(cell.left + 0.6, cell.top + 2, cell.width - 1.2, cell.height - 12.5), "gs1_128", "(00){sscc}",
            preferred_mm=0.5,
        ),
        text(
            Box(cell.left + 2, cell.bottom - 10, cell.width - 4, 5.4), "{captions.sscc} (00) {sscc}", 16, 8, align="center",
            bold=True,
        ),
    ]  # fmt: skip


def _element_bars(cell: Box, value: str) -> list[Element]:
    return [
        code(
            Box(cell.left + 0.6, cell.top + 1.8, cell.width - 1.2, cell.height - 8.3), "gs1_128", value,
            preferred_mm=0.5, fallbacks=(Fallback("gs1_datamatrix", value),),
        ),
        text(Box(cell.left + 2, cell.bottom - 6.2, cell.width - 4, 5), value, 13, 6, align="center"),
    ]  # fmt: skip


def _own_bars(cell: Box) -> list[Element]:
    return [
        code(
            Box(cell.left + 0.6, cell.top + 1.8, cell.width - 1.2, cell.height - 8.3), "code128", "{barcode}",
            preferred_mm=0.5, fallbacks=or_matrix("{barcode}"),
        ),
        text(Box(cell.left + 2, cell.bottom - 6.2, cell.width - 4, 5), "{barcode}", 13, 6, align="center"),
    ]  # fmt: skip


KINDS = (
    Kind(
        "product",
        ProductLabel,
        (SIZE_60X40, SIZE_50X30, SIZE_70X30, SIZE_70X50, SIZE_100X60),
        _product,
        layouts=("a4-21", "a4-24", "a4-27", "a4-40", "a4-44"),
    ),
    Kind("carton", CartonLabel, (SIZE_100X150, SIZE_100X100, SIZE_100X60, SIZE_4X6_INCH), _carton),
    Kind("fba-carton", FbaCartonLabel, (SIZE_100X150, SIZE_4X6_INCH, SIZE_4X3_INCH), _fba),
    Kind("pallet", PalletLabel, (SIZE_100X150, SIZE_4X6_INCH, A5), _pallet),
)
