"""The label a carrier reads: service, routing, receiver, and bars a belt scanner finds in any pose."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from labels.content import WaybillLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_4X6_INCH, SIZE_100X150, Size
from labels.sheet import Sheet
from labels.templates.template import Template

_CAPTION_PT = 6.5


class _Layout(NamedTuple):
    carrier: Box
    service: Box
    parcel: Box
    sort: Box
    matrix: Box
    receiver: Box
    bars: Box
    weight: Box
    reference: Box
    printed: Box
    sender: Box
    returns: Box


@lru_cache(maxsize=16)
def _layout(size: Size) -> _Layout:
    head, routing, receiver, bars, facts, foot = printable_area(size).rows(16, 20, 37, 40, 11, 22)
    carrier, service, parcel = head.columns(27, 46, 23)
    sort, matrix = routing.columns(73, 23)
    weight, reference, printed = facts.columns(27, 46, 23)
    sender, returns = foot.columns(1, 1)
    return _Layout(
        carrier, service, parcel, sort, matrix, receiver, bars, weight, reference, printed, sender, returns
    )


def _constant_key(label: WaybillLabel) -> Hashable:
    return (label.captions, label.carrier_code, label.service_name)


def _draw_constant(sheet: Sheet, label: WaybillLabel) -> None:
    layout, captions, whole = _layout(sheet.size), label.captions, printable_area(sheet.size)
    sheet.frame(whole, 0.5)
    sheet.fill(layout.carrier)
    sheet.text(
        layout.carrier.inset(1.5, 1.5), label.carrier_code, 30, 7, align="center", bold=True, white=True
    )
    sheet.text(layout.service.inset(2, 1), label.service_name, 17, 8, lines=2, bold=True)
    for row in (layout.sort, layout.receiver, layout.bars, layout.weight, layout.sender):
        sheet.rule_above(row._replace(left=whole.left, width=whole.width), 0.4)
    for cell in (layout.parcel, layout.matrix, layout.reference, layout.printed, layout.returns):
        sheet.rule_before(cell)
    for cell, caption in (
        (layout.parcel, captions.parcel),
        (layout.weight, captions.weight),
        (layout.reference, captions.reference),
    ):
        sheet.text(_caption_strip(cell), caption, _CAPTION_PT, 5)
    for cell, caption in ((layout.sender, captions.ship_from), (layout.returns, captions.return_to)):
        sheet.text(_caption_strip(cell), caption, _CAPTION_PT, 5, bold=True)
    tag = layout.receiver.leftmost(9)
    sheet.fill(tag)
    sheet.text(tag.inset(0.8, 1.2), captions.ship_to, 15, 6, align="center", bold=True, white=True)


def _caption_strip(cell: Box) -> Box:
    return cell.inset(1.2, 0.9).upper(2.4)


def _value(cell: Box) -> Box:
    """A cell below its caption."""
    body = cell.inset(1.2, 0.8)
    return body.lower(body.height - 2.9)


def _address(cell: Box) -> Box:
    """Lines below a caption, a little apart from it."""
    body = cell.inset(1.2, 0.6)
    return body.lower(body.height - 3.7)


def _draw(sheet: Sheet, label: WaybillLabel) -> None:
    layout = _layout(sheet.size)
    sheet.text(_value(layout.parcel), f"{label.number}/{label.total}", 22, 9, align="center", bold=True)
    sheet.text(layout.sort.inset(2, 1.5), label.sort_code, 50, 14, align="center", bold=True)
    sheet.code(
        layout.matrix.inset(0.6, 0.6),
        "tracking_number",
        label.matrix,
        label.tracking_number,
        preferred_mm=0.875,
    )
    _receiver(sheet, layout.receiver, label)
    _tracking(sheet, layout.bars, label)
    sheet.text(_value(layout.weight), label.weight, 14, 7, bold=True)
    sheet.text(_value(layout.reference), label.order_reference, 13, 6)
    sheet.text(layout.printed.inset(1.2, 1), label.printed_at, 7, 5, lines=2, align="center")
    sheet.text(_address(layout.sender), label.sender_lines, 8, 5, lines=7, top=True)
    sheet.text(_address(layout.returns), label.return_lines, 8, 5, lines=7, top=True)


def _receiver(sheet: Sheet, cell: Box, label: WaybillLabel) -> None:
    body = cell.rightmost(cell.width - 9).inset(2.2, 1.6)
    first = body.upper(7)
    name, phone = first, first
    if label.consignee_phone:
        name, phone = first.leftmost(first.width * 0.6), first.rightmost(first.width * 0.37)
    sheet.text(name, label.consignee_name, 18, 8, lines=2, bold=True)
    sheet.text(phone, label.consignee_phone, 14, 6, align="right")
    sheet.text(body.lower(body.height - 8.6), label.consignee_lines, 15, 7.5, lines=7, top=True)


def _tracking(sheet: Sheet, cell: Box, label: WaybillLabel) -> None:
    """Bars as tall and as wide as the row allows: belts read them at speed and at a slant."""
    text_mm = 8.0
    sheet.code(
        Box(cell.left + 0.5, cell.top + 2.5, cell.width - 1, cell.height - text_mm - 3),
        "tracking_number",
        "code128",
        label.tracking_number,
        preferred_mm=0.5,
    )
    shown = label.tracking_text or grouped(label.tracking_number)
    sheet.text(cell.inset(2).lower(text_mm), shown, 19, 8, align="center", bold=True)


def grouped(number: str) -> str:
    """A number in groups of four from its end, so that a person can read it aloud."""
    first = len(number) % 4
    groups = [number[:first]] if first else []
    groups += [number[at : at + 4] for at in range(first, len(number), 4)]
    return " ".join(groups)


TEMPLATE = Template(
    "waybill", WaybillLabel, (SIZE_100X150, SIZE_4X6_INCH), _constant_key, _draw_constant, _draw
)
