"""Labels of parcels: waybills, with and without a customs form, and returns."""

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
from labels.content import BagLabel, CustomsWaybillLabel, ReturnLabel, WaybillLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_4X6_INCH, SIZE_76X130, SIZE_100X100, SIZE_100X150, SIZE_100X180, Size
from labels.vocabulary import Element, Rows


def _waybill(size: Size) -> list[Element]:
    """Service, routing, receiver, and bars a belt scanner finds in any pose."""
    whole = printable_area(size)
    narrow = size.width_mm < 80  # there the addresses at the foot need more lines
    return [frame(whole, 0.5), *_waybill_rows(whole, (15, 19, 37, 39, 11, 25) if narrow else (16, 20, 37, 40, 11, 22))]


def _waybill_rows(whole: Box, shares: tuple[float, ...]) -> list[Element]:
    head, routing, receiver, bars, facts, foot = whole.rows(*shares)
    carrier, service, parcel = head.columns(27, 46, 23)
    sort, matrix = routing.columns(73, 23)
    weight, reference, printed = facts.columns(27, 46, 23)
    sender, returns = foot.columns(1, 1)
    scale = whole.width / 96
    return [
        filled(carrier),
        text(carrier.inset(1.5, 1.5), "{carrier_code}", 30 * scale, 5, align="center", bold=True, white=True),
        _service(service.inset(1.6, 1.4), 17 * scale, 7),
        *[rule_above(row, 0.4) for row in (routing, receiver, bars, facts, foot)],
        *[rule_before(cell) for cell in (parcel, matrix, reference, printed, returns)],
        caption(parcel, "{captions.parcel}"),
        caption(weight, "{captions.weight}"),
        caption(reference, "{captions.reference}"),
        caption(sender, "{captions.ship_from}", bold=True),
        caption(returns, "{captions.return_to}", bold=True),
        *_receiver(receiver, scale),
        text(value_of(parcel), "{number}/{total}", 22 * scale, 6, align="center", bold=True),
        text(sort.inset(2, 1.5), "{sort_code}", 50, 12, lines=2, align="center", bold=True),
        code(matrix.inset(0.6, 0.6), "{matrix}", "{tracking_number}", preferred_mm=0.875),
        # As tall and as wide as the row allows: belts read bars at speed and at a slant.
        code(
            Box(bars.left + 0.6, bars.top + 2.5, bars.width - 1.2, bars.height - 11), "code128", "{tracking_number}",
            preferred_mm=0.5,
        ),
        text(bars.inset(2, 0.2).lower(7.8), "{tracking_shown}", 19, 8, align="center", bold=True),
        text(value_of(weight), "{weight}", 14, 5, lines=2, bold=True),
        text(value_of(reference), "{order_reference}", 13, 5, lines=2),
        text(printed.inset(1.2, 1), "{printed_at}", 7, 5, lines=2, align="center"),
        text(lines_of(sender), "{sender_lines}", 8, 5, lines=8, top=True),
        text(lines_of(returns), "{return_lines}", 8, 5, lines=8, top=True),
    ]  # fmt: skip


def _service(cell: Box, largest_pt: float, smallest_pt: float) -> Element:
    """The service; where the driver does more, that stands below it."""
    name, remarks = cell.upper(cell.height * 0.44), cell.lower(cell.height * 0.52)
    return either(
        "remarks",
        [
            text(name, "{service_name}", largest_pt * 0.8, 5, lines=2, bold=True),
            text(remarks, "{remarks}", largest_pt * 0.6, 4.5, lines=3, bold=True),
        ],
        [text(cell, "{service_name}", largest_pt, smallest_pt, lines=2, bold=True)],
    )


def _receiver(cell: Box, scale: float) -> list[Element]:
    tag_mm = 9 * scale
    tag = cell.leftmost(tag_mm)
    inner = cell.rightmost(cell.width - tag_mm).inset(2.2, 1.6)
    first = inner.upper(min(7.0, inner.height * 0.3))
    return [
        filled(tag),
        text(tag.inset(0.8, 1.2), "{captions.ship_to}", 15, 6, lines=2, align="center", bold=True, white=True),
        either(
            "consignee_phone",
            [
                text(first.leftmost(first.width * 0.6), "{consignee_name}", 18 * scale + 1, 5, lines=3, bold=True),
                # A telephone number in one line as long as that leaves it legible.
                text(first.rightmost(first.width * 0.37), "{consignee_phone}", 13 * scale, 5, lines=2, align="right"),
            ],
            [text(first, "{consignee_name}", 18 * scale + 1, 5, lines=3, bold=True)],
        ),
        text(
            inner.lower(inner.height - first.height - 1.6), "{consignee_lines}", 14 * scale + 1, 7 if cell.height > 26 else 6,
            lines=7, top=True,
        ),
    ]  # fmt: skip


def _customs_waybill(size: Size) -> list[Element]:
    """A waybill whose lower half is the contents of a CN 22 or CN 23."""
    whole = printable_area(size)
    upper_mm = whole.height * (0.52 if size.height_mm < 170 else 0.5)
    upper, lower = whole.upper(upper_mm), whole.lower(whole.height - upper_mm)
    return [
        frame(whole, 0.5),
        *_parcel_rows(upper),
        *_customs_form(lower, 8 if size.height_mm > 170 else 5),
    ]


def _parcel_rows(whole: Box) -> list[Element]:
    """The waybill, without a cell for returns: sender and receiver stand side by side above the bars."""
    head, addresses, bars, facts = whole.rows(13, 27, 29, 10)
    carrier, service, sort, matrix = head.columns(17, 32, 30, 17)
    sender, receiver = addresses.columns(36, 60)
    weight, reference, parcel = facts.columns(24, 52, 20)
    return [
        filled(carrier),
        text(carrier.inset(1, 1.2), "{carrier_code}", 20, 5, align="center", bold=True, white=True),
        _service(service.inset(1.4, 1), 12, 6.5),
        text(sort.inset(1, 1), "{sort_code}", 20, 7, lines=2, align="center", bold=True),
        code(matrix.inset(0.6, 0.6), "{matrix}", "{tracking_number}", preferred_mm=0.625),
        *[rule_above(row, 0.4) for row in (addresses, bars, facts)],
        *[rule_before(cell) for cell in (sort, matrix, receiver, reference, parcel)],
        caption(sender, "{captions.ship_from}", bold=True),
        text(lines_of(sender), "{sender_lines}", 7.5, 4.8, lines=7, top=True),
        *_receiver(receiver, 0.7),
        code(
            Box(bars.left + 0.6, bars.top + 1.8, bars.width - 1.2, bars.height - 8.3), "code128", "{tracking_number}",
            preferred_mm=0.5,
        ),
        text(bars.inset(2, 0.5).lower(5.6), "{tracking_shown}", 14, 7.5, align="center", bold=True),
        caption(weight, "{captions.weight}", largest_pt=6),
        caption(reference, "{captions.reference}", largest_pt=6),
        caption(parcel, "{captions.parcel}", largest_pt=6),
        text(value_of(weight, 6), "{weight}", 11, 5, bold=True),
        text(value_of(reference, 6), "{order_reference}", 11, 5, lines=2),
        text(value_of(parcel, 6), "{number}/{total}", 11, 6, bold=True, align="center"),
    ]  # fmt: skip


_CATEGORIES = ("gift", "documents", "sample", "goods", "returned", "other")
# Shares of the columns of a customs form: description, quantity, weight, value, tariff, origin.
_FORM_COLUMNS = (34, 8, 13, 15, 16, 10)


def _customs_form(whole: Box, most_lines: int) -> list[Element]:
    row_mm = 4.4 if most_lines > 5 else 4.0
    head, kinds, names, lines, totals, references, words = whole.rows(
        7, 5, 4, row_mm * most_lines, 5.6, 6.4, max(9.0, whole.height - 28 - row_mm * most_lines)
    )
    row_mm = lines.height / most_lines
    form, title, opened = head.columns(22, 44, 30)
    return [
        rule_above(head, 0.5),
        filled(form),
        text(form.inset(1, 1), "{form}", 17, 8, bold=True, white=True, align="center"),
        text(title.inset(1.5, 1), "{customs_captions.title}", 11, 6, bold=True),
        text(opened.inset(1.2, 1), "{customs_captions.opened}", 7.5, 4.8, lines=2, align="right"),
        rule_above(kinds),
        *_categories(kinds),
        rule_above(names),
        *_form_headings(names),
        *_form_lines(lines, row_mm),
        *_form_foot(totals, references, words),
    ]


def _categories(row: Box) -> list[Element]:
    """Boxes to tick, one of them ticked."""
    found: list[Element] = []
    for cell, name in zip(row.leftmost(row.width - 0.6).columns(13, 20, 15, 22, 24, 13), _CATEGORIES, strict=True):
        side = 2.4
        tick = Box(cell.left + 1, cell.top + (cell.height - side) / 2, side, side)
        found += [
            frame(tick, 0.25),
            when("category", filled(tick.inset(0.5, 0.5)), values=(name,)),
            text(
                Box(tick.right + 0.6, cell.top + 0.6, cell.right - tick.right - 0.8, cell.height - 1.2),
                f"{{customs_captions.{name}}}", 7, 4.5,
            ),
        ]  # fmt: skip
    return found


_FORM_FIELDS = ("description", "quantity", "weight", "value", "hs_code", "origin")


def _form_headings(row: Box) -> list[Element]:
    return [
        text(
            cell.inset(1.2 if place == 0 else 0.8, 0.6), f"{{customs_captions.{name}}}", 6, 4.5,
            align="left" if place == 0 else "center",
        )
        for place, (cell, name) in enumerate(zip(row.columns(*_FORM_COLUMNS), _FORM_FIELDS, strict=True))
    ]  # fmt: skip


def _form_lines(box: Box, row_mm: float) -> list[Element]:
    inner = Box(0, 0, box.width, row_mm)
    cells = inner.columns(*_FORM_COLUMNS)
    values: list[Element] = [rule_above(Box(0, 0, box.width, 0), 0.15)]
    for place, (cell, name) in enumerate(zip(cells, _FORM_FIELDS, strict=True)):
        values.append(
            text(
                cell.inset(1.2 if place == 0 else 0.8, 0.6), f"{{{name}}}", 8, 4.5, lines=2 if place == 0 and row_mm > 4.2 else 1,
                align="left" if place == 0 else "center",
            )
        )  # fmt: skip
    between: list[Element] = [rule_before(cell, 0.15) for cell in box.columns(*_FORM_COLUMNS)[1:]]
    return [Rows("lines", exact(box), round(row_mm - 0.006, 2), tuple(values)), *between]


def _form_foot(totals: Box, references: Box, words: Box) -> list[Element]:
    # Each total stands below its column; what all goods cost may reach on below the tariff numbers, which have no sum.
    label, weight, value = totals.columns(42, 13, 41)
    sender, importer = references.columns(1, 1)
    text_box, signed = words.columns(60, 36)
    return [
        rule_above(totals, 0.4),
        *[rule_before(cell, 0.15) for cell in (weight, value)],
        text(label.inset(1.2, 0.8), "{customs_captions.total}", 9, 5, bold=True, align="right"),
        text(weight.inset(0.8, 0.8), "{total_weight}", 9, 5, bold=True, align="center"),
        text(value.inset(1.2, 0.8), "{total_value}", 9, 5, bold=True),
        rule_above(references),
        rule_before(importer),
        text(sender.inset(1.2, 0.7).upper(2.0), "{customs_captions.sender_reference}", 5.5, 4.5),
        text(sender.inset(1.2, 0.5).lower(references.height - 3.6), "{sender_reference}", 8, 5),
        text(importer.inset(1.2, 0.7).upper(2.0), "{customs_captions.importer_reference}", 5.5, 4.5),
        text(importer.inset(1.2, 0.5).lower(references.height - 3.6), "{importer_reference}", 8, 5),
        rule_above(words),
        rule_before(signed),
        text(text_box.inset(1.2, 0.8), "{customs_captions.declaration}", 5.5, 3.6, lines=7, top=True),
        text(signed.inset(1.2, 0.7).upper(2.0), "{customs_captions.signature}", 5.5, 4.5),
        text(signed.inset(1.2, 0.8).lower(words.height - 4), "{signed}", 9, 5, lines=2),
    ]


def _return(size: Size) -> list[Element]:
    whole = printable_area(size)
    tall = size.height_mm > 120
    title, receiver, bars, facts, carrier_bars, foot = whole.rows(
        *((13, 37, 34, 15, 34, 13) if tall else (9, 22, 22, 11, 20, 14))
    )
    number_mm = 8.0 if tall else 5.4
    order, reason = facts.columns(1, 1)
    sender, note = foot.columns(62, 38)
    scale = 1.0 if tall else 0.75
    tag = receiver.leftmost(9)
    inner = receiver.rightmost(receiver.width - 9).inset(2.2, 2.2)
    carrier_row = Box(
        carrier_bars.left + 0.6, carrier_bars.top + 1.6, carrier_bars.width - 1.2, carrier_bars.height - 7.6
    )
    return [
        frame(whole, 0.5),
        filled(title),
        text(title.inset(2, 1.2), "{captions.title}", 30 * scale, 8, align="center", bold=True, white=True),
        *[rule_above(row, 0.4) for row in (bars, facts, carrier_bars, foot)],
        rule_before(reason),
        rule_before(note),
        filled(tag.lower(tag.height - 0.4)),
        text(tag.inset(0.8, 1.6), "{captions.ship_to}", 15, 6, lines=2, align="center", bold=True, white=True),
        text(inner, "{to_lines}", 16 * scale, 6.5, lines=7, top=True),
        code(
            Box(bars.left + 0.6, bars.top + 2, bars.width - 1.2, bars.height - number_mm - 2.8), "code128",
            "{return_number}", preferred_mm=0.5, fallbacks=or_matrix("{return_number}"),
        ),
        text(
            bars.inset(2, 0.3).lower(number_mm - 0.4), "{captions.return_number} {return_number}", 16 * scale, 6,
            align="center", bold=True,
        ),
        caption(order, "{captions.order}"),
        caption(reason, "{captions.reason}"),
        text(value_of(order), "{order_reference}", 12, 5, lines=2),
        text(value_of(reason), "{reason}", 12, 6, lines=2),
        either(
            "tracking_number",
            [
                code(carrier_row, "code128", "{tracking_number}", preferred_mm=0.5, fallbacks=or_matrix("{tracking_number}")),
                text(
                    carrier_bars.inset(2, 0.3).lower(5), "{carrier}  {tracking_number}", 13, 7, align="center", bold=True,
                ),
            ],
            [text(carrier_bars.inset(6, 3), "{captions.instruction}", 14 * scale, 7, lines=4, align="center")],
        ),
        caption(sender, "{captions.ship_from}"),
        text(lines_of(sender), "{from_lines}", 7.5, 4.5, lines=5, top=True),
        text(note.inset(1.2, 1), "{printed_at}", 7.5, 5, align="right"),
    ]  # fmt: skip


def _bag(size: Size) -> list[Element]:
    """Whose it is from afar, what it holds from near, and bars that a forklift's scanner reads."""
    whole = printable_area(size)
    head, carrier, facts, bars, foot = whole.rows(13, 21, 16, 42, 8)
    title, service = head.columns(34, 66)
    parcels, weight = facts.columns(42, 58)
    warehouse, printed = foot.columns(62, 38)
    number_mm = min(9.0, bars.height * 0.2)
    scale = min(whole.width / 96, whole.height / 146)
    return [
        frame(whole, 0.5),
        filled(title),
        text(title.inset(1.5, 1.5), "{title}", 24 * scale, 7, align="center", bold=True, white=True),
        caption(service, "{captions.service}"),
        text(value_of(service), "{service}", 26 * scale, 7, bold=True),
        *[rule_above(row, 0.4) for row in (carrier, facts, bars, foot)],
        *[rule_before(cell) for cell in (weight, printed)],
        caption(carrier, "{captions.carrier}"),
        text(value_of(carrier), "{carrier}", 60 * scale, 10, align="center", bold=True),
        caption(parcels, "{captions.parcels}"),
        text(value_of(parcels), "{parcels}", 34 * scale, 8, align="center", bold=True),
        caption(weight, "{captions.weight}"),
        text(value_of(weight), "{weight}", 34 * scale, 8, align="center", bold=True),
        code(
            Box(bars.left + 0.6, bars.top + 2.2, bars.width - 1.2, bars.height - number_mm - 3), "{symbology}",
            "{barcode}", preferred_mm=0.5, fallbacks=or_matrix("{barcode}"),
        ),
        text(bars.inset(2, 0.3).lower(number_mm), "{number}", 18 * scale, 7, align="center", bold=True),
        caption(warehouse, "{captions.warehouse}"),
        text(value_of(warehouse), "{warehouse}", 10, 5),
        text(printed.inset(1.2, 1), "{printed_at}", 7, 5, align="right"),
    ]  # fmt: skip


KINDS = (
    Kind("waybill", WaybillLabel, (SIZE_100X150, SIZE_100X180, SIZE_76X130, SIZE_4X6_INCH), _waybill),
    Kind("waybill-customs", CustomsWaybillLabel, (SIZE_100X150, SIZE_100X180, SIZE_4X6_INCH), _customs_waybill),
    Kind("bag", BagLabel, (SIZE_100X150, SIZE_4X6_INCH, SIZE_100X100), _bag),
    Kind("return", ReturnLabel, (SIZE_100X150, SIZE_4X6_INCH, SIZE_100X100), _return),
)
