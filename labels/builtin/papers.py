"""Papers on A4: packing slip, pick list, manifest, gate pass. Black on white, rules thin, no ink wasted."""

from __future__ import annotations

from labels.builtin.cutting import code, either, filled, frame, or_matrix, rule_above, table, text, when
from labels.builtin.kind import Kind
from labels.content import GatePass, Manifest, PackingSlip, PickList
from labels.geometry import Box, printable_area
from labels.media import A4, A5, SIZE_100X150, Size
from labels.vocabulary import Element


def _head(whole: Box, number: str, *, large: float = 24) -> list[Element]:
    """The title on the left, the paper's number as bars on the right."""
    title, barcode = whole.upper(20).columns(48, 52)
    return [
        text(title.upper(9), "{captions.title}", large, 10, bold=True),
        text(title.lower(9).upper(6.5), number, 14, 7),
        code(barcode.upper(14), "code128", "{barcode}", preferred_mm=0.375, fallbacks=or_matrix("{barcode}")),
        text(barcode.lower(5.4), "{barcode}", 10, 6, align="center"),
    ]


def _fact(cell: Box, caption: str, value: str, largest_pt: float = 11) -> list[Element]:
    return [
        text(cell.upper(2.8), caption, 7, 5),
        text(
            Box(cell.left, cell.top + 3.6, cell.width - 2, cell.height - 4.6), value, largest_pt, 6, lines=2, bold=True
        ),
    ]


def _facts(box: Box, pairs: list[tuple[str, str]], columns: int) -> list[Element]:
    """Captions with their values, in a grid."""
    rows = box.rows(*[1] * -(-len(pairs) // columns))
    cells = [cell for row in rows for cell in row.columns(*[1] * columns)]
    found: list[Element] = []
    for cell, (caption, value) in zip(cells, pairs, strict=False):
        found += _fact(cell, f"{{captions.{caption}}}", f"{{{value}}}")
    return found


def _headings(
    box: Box, shares: tuple[float, ...], names: tuple[str, ...], centred: tuple[str, ...] = ()
) -> list[Element]:
    return [
        filled(box),
        *[
            text(
                cell.inset(0.8, 1), f"{{captions.{name}}}", 8.5, 5, lines=2, bold=True, white=True,
                align="center" if name in centred else "left",
            )
            for cell, name in zip(box.columns(*shares), names, strict=True)
        ],
    ]  # fmt: skip


def _page_number(whole: Box) -> Element:
    return text(whole.lower(4).rightmost(50), "{captions.page} {page}/{pages}", 8, 6, align="right")


_PACKING_SHARES = (26, 58, 16)


def _packing_slip(size: Size) -> list[Element]:
    whole = printable_area(size)
    narrow = size.width_mm < 120
    top_mm = 18.0 if narrow else 58.0
    row_mm = 8.0 if narrow else 11.0
    body = Box(whole.left, whole.top + top_mm, whole.width, whole.height - top_mm - (22 if narrow else 30))
    heading = body.upper(5.0 if narrow else 6.5)
    lines = body.lower(body.height - heading.height)
    sku, name, quantity = Box(0, 0, lines.width, row_mm).columns(*_PACKING_SHARES)
    first, second = name.inset(1, 0.9).rows(1, 1)
    largest = 8 if narrow else 11
    cells: list[Element] = [
        text(sku.inset(1, 1), "{sku}", largest, 4.5 if narrow else 5, lines=3 if narrow else 2, bold=True),
        either(
            "second_name",
            [
                text(first.inset(0, 0.2), "{name}", largest, 4.5),
                text(second.inset(0, 0.2), "{second_name}", largest, 4.5),
            ],
            [text(name.inset(1, 1), "{name}", largest, 4.5, lines=2)],
        ),
        text(quantity.inset(1, 1), "{quantity}", largest + 3, 6, bold=True, align="center"),
    ]
    foot = Box(whole.left, body.bottom, whole.width, 8.0)
    label, total = foot.columns(84, 16)
    notes = Box(whole.left, foot.bottom + 1, whole.width, whole.bottom - foot.bottom - 5.5)
    return [
        *(_packing_head_narrow(whole.upper(top_mm)) if narrow else _packing_head(whole.upper(top_mm))),
        *_headings(heading, _PACKING_SHARES, ("sku", "description", "quantity"), ("quantity",)),
        table(lines, "lines", row_mm, cells),
        rule_above(foot, 0.4),
        when(
            "total_at_the_end",
            text(label.inset(2, 1.5), "{captions.total}", 12, 7, bold=True, align="right"),
            text(total.inset(1, 1.5), "{total_at_the_end}", 14, 7, bold=True, align="center"),
        ),
        text(notes, "{note_lines}", 8 if narrow else 10, 5, lines=4, top=True),
        _page_number(whole),
    ]


def _packing_head(box: Box) -> list[Element]:
    facts = Box(box.left, box.top + 23, box.width, box.height - 26)
    left, right = facts.columns(1, 1)
    return [
        *_head(box, "{seller_name}"),
        rule_above(facts, 0.3),
        *_facts(left.inset(0, 1.5), [("order", "order_number"), ("date", "date")], 1),
        text(right.inset(0, 1.5).upper(3), "{captions.ship_to}", 7, 5),
        text(right.inset(0, 1.5).lower(right.height - 7), "{ship_to_lines}", 10, 6, lines=6, top=True),
    ]


def _packing_head_narrow(box: Box) -> list[Element]:
    title, barcode = box.columns(44, 56)
    words = title.inset(0, 0.5)
    return [
        text(words.upper(4.6), "{captions.title}", 12, 6, bold=True),
        text(Box(words.left, words.top + 5.4, words.width, 3.4), "{order_number}", 9, 5.5, bold=True),
        text(Box(words.left, words.top + 9.4, words.width, 3), "{seller_name}", 8, 5),
        text(Box(words.left, words.top + 13, words.width, 2.8), "{date}", 7.5, 5),
        code(barcode.upper(12), "code128", "{barcode}", preferred_mm=0.375, fallbacks=or_matrix("{barcode}")),
        text(Box(barcode.left, barcode.top + 12.4, barcode.width, 3.6), "{barcode}", 8, 5, align="center"),
    ]


_PICK_SHARES = (20, 45, 17, 8, 8, 8)
_PICK_NAMES = ("location", "article", "lot", "quantity", "slot", "done")


def _pick_list(size: Size) -> list[Element]:
    whole = printable_area(size)
    facts = Box(whole.left, whole.top + 22, whole.width, 11)
    heading = Box(whole.left, whole.top + 34, whole.width, 6.5)
    row_mm = 10.0
    lines = Box(whole.left, heading.bottom, whole.width, whole.bottom - heading.bottom - 6)
    location, article, lot, quantity, slot, done = Box(0, 0, lines.width, row_mm).columns(*_PICK_SHARES)
    sku, name = article.inset(1, 1).rows(52, 48)
    cells: list[Element] = [
        text(location.inset(0.5, 1.5), "{location}", 15, 7, bold=True),
        text(sku.inset(0, 0.2), "{sku}", 10, 5, bold=True),
        text(name.inset(0, 0.2), "{name}", 8.5, 5),
        text(lot.inset(1, 1.5), "{lot}", 9, 5, lines=2),
        text(quantity.inset(0.5, 1.5), "{quantity}", 18, 8, bold=True, align="center"),
        text(slot.inset(0.5, 2), "{slot}", 15, 5, lines=2, align="center"),
        frame(Box(done.left + (done.width - 5) / 2, 2.5, 5, 5), 0.3),
    ]
    pairs = [("wave", "wave"), ("cart", "cart"), ("zone", "zone"), ("picker", "picker"), ("printed", "printed_at")]
    return [
        *_head(whole, "{number}"),
        *_facts(facts, pairs, 5),
        *_headings(heading, _PICK_SHARES, _PICK_NAMES, ("quantity", "slot", "done")),
        table(lines, "lines", row_mm, cells),
        _page_number(whole),
    ]


_MANIFEST_SHARES = (6, 29, 23, 15, 9, 12, 6)
_MANIFEST_NAMES = ("row", "tracking", "order", "destination", "weight", "cod", "pieces")
_MANIFEST_FIELDS = ("row", "tracking_number", "order", "destination", "weight", "cod", "pieces")


def _manifest(size: Size) -> list[Element]:
    whole = printable_area(size)
    facts = Box(whole.left, whole.top + 22, whole.width, 21)
    heading = Box(whole.left, whole.top + 44, whole.width, 6)
    foot_mm = 44.0
    row_mm = 6.0
    lines = Box(whole.left, heading.bottom, whole.width, whole.bottom - heading.bottom - foot_mm)
    cells: list[Element] = [
        text(
            cell.inset(0.8, 1.1), f"{{{name}}}", 9.5, 5, bold=name in ("tracking_number", "cod"),
            align="left" if place in (1, 2, 3) else "right" if name in ("weight", "cod") else "center",
        )
        for place, (cell, name) in enumerate(
            zip(Box(0, 0, lines.width, row_mm).columns(*_MANIFEST_SHARES), _MANIFEST_FIELDS, strict=True)
        )
    ]  # fmt: skip
    pairs = [
        ("carrier", "carrier"), ("service", "service"), ("warehouse", "warehouse"),
        ("date", "date"), ("vehicle", "vehicle"), ("driver", "driver"),
    ]  # fmt: skip
    totals = Box(whole.left, lines.bottom + 0.5, whole.width, 6.5)
    money = Box(whole.left, totals.bottom, whole.width, 5.5)
    return [
        *_head(whole, "{number}"),
        *_facts(facts, pairs, 3),
        *_headings(heading, _MANIFEST_SHARES, _MANIFEST_NAMES, ("row", "weight", "cod", "pieces")),
        table(lines, "lines", row_mm, cells),
        rule_above(totals, 0.4),
        text(totals.leftmost(90).inset(1, 0.7), "{captions.parcels}: {parcels}", 13, 7, bold=True),
        text(
            totals.rightmost(90).inset(1, 0.7),
            "{captions.total_weight}: {total_weight}",
            13,
            7,
            bold=True,
            align="right",
        ),
        when(
            "total_cod",
            text(money.inset(1, 0.2), "{captions.total_cod}: {total_cod}", 13, 7, bold=True, align="right"),
        ),
        *_signatures(
            Box(whole.left, money.bottom + 0.7, whole.width, 24.8), ("handed_over", "received"), "{captions.signature}"
        ),
        _page_number(whole),
    ]


def _signatures(box: Box, names: tuple[str, str], below: str) -> list[Element]:
    """Two boxes to sign in."""
    left, _, right = box.columns(48, 4, 48)
    found: list[Element] = []
    for cell, name in zip((left, right), names, strict=True):
        line = Box(cell.left + 4, cell.bottom - 6.5, cell.width - 8, 0)
        found += [
            frame(cell, 0.4),
            text(cell.inset(2, 1.5).upper(4), f"{{captions.{name}}}", 9, 6, bold=True),
            rule_above(line, 0.2),
            text(Box(line.left, line.top + 1, line.width, 3.4), below, 7, 5),
        ]
    return found


_GATE_SHARES = (8, 38, 22, 12, 16, 18)
_GATE_NAMES = ("row", "document", "kind", "parcels", "weight", "note")


def _gate_pass(size: Size) -> list[Element]:
    whole = printable_area(size)
    scale = size.width_mm / 210
    facts = Box(whole.left, whole.top + 23, whole.width, 46 * scale + 8)
    heading = Box(whole.left, facts.bottom + 1, whole.width, 7)
    foot_mm = 62.0 * scale + 6
    lines = Box(whole.left, heading.bottom, whole.width, whole.bottom - heading.bottom - foot_mm)
    row_mm = 8.0
    cells: list[Element] = [
        text(
            cell.inset(0.8, 1.2), f"{{{name}}}", 10, 5, lines=2, bold=name == "document",
            align="left" if name in ("document", "kind", "note") else "center",
        )
        for cell, name in zip(Box(0, 0, lines.width, row_mm).columns(*_GATE_SHARES), _GATE_NAMES, strict=True)
    ]  # fmt: skip
    pairs = [
        ("number", "number"), ("direction", "direction"), ("customs", "customs"),
        ("zone", "zone"), ("book", "book"), ("company", "company"),
        ("vehicle", "vehicle"), ("vehicle_weight", "vehicle_weight"), ("driver", "driver"),
        ("container", "container"), ("seal", "seal"), ("valid", "valid_until"),
    ]  # fmt: skip
    totals = Box(whole.left, lines.bottom + 0.5, whole.width, 8)
    stamps = Box(whole.left, totals.bottom + 1, whole.width, whole.bottom - totals.bottom - 6)
    left, _, right = stamps.columns(48, 4, 48)
    stamp_boxes: list[Element] = []
    for cell, name in ((left, "customs_stamp"), (right, "gate_stamp")):
        stamp_boxes += [frame(cell, 0.4), text(cell.inset(2, 1.5).upper(4), f"{{captions.{name}}}", 9, 6, bold=True)]
    return [
        *_head(whole, "{number}"),
        frame(Box(facts.left, facts.top - 1, facts.width, facts.height + 1), 0.4),
        *_facts(facts.inset(2, 0.6), pairs, 3),
        *_headings(heading, _GATE_SHARES, _GATE_NAMES, ("row", "parcels", "weight")),
        table(lines, "lines", row_mm, cells),
        rule_above(totals, 0.4),
        when(
            "parcels",
            text(
                totals.inset(1, 1.5), "{captions.total}:  {parcels}  ·  {total_weight}", 13, 7, bold=True, align="right"
            ),
        ),
        *stamp_boxes,
        _page_number(whole),
    ]


KINDS = (
    Kind("packing-slip", PackingSlip, (A4, SIZE_100X150), _packing_slip),
    Kind("pick-list", PickList, (A4,), _pick_list),
    Kind("manifest", Manifest, (A4,), _manifest),
    Kind("gate-pass", GatePass, (A4, A5), _gate_pass),
)
