"""The label a carrier reads: service, routing, receiver, and bars a belt scanner finds in any pose."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from labels.content import WaybillLabel
from labels.geometry import Box, printable_area
from labels.media import SIZE_4X6_INCH, SIZE_100X150, Size
from labels.sheet import Sheet, TextSlot, text_slot
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
    return _Layout(carrier, service, parcel, sort, matrix, receiver, bars, weight, reference, printed, sender, returns)


def _constant_key(label: WaybillLabel) -> Hashable:
    return (label.captions, label.carrier_code, label.service_name)


def _draw_constant(sheet: Sheet, label: WaybillLabel) -> None:
    layout, captions, whole = _layout(sheet.size), label.captions, printable_area(sheet.size)
    sheet.frame(whole, 0.5)
    sheet.fill(layout.carrier)
    sheet.text(layout.carrier.inset(1.5, 1.5), label.carrier_code, 30, 7, align="center", bold=True, white=True)
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
    # Descenders hang below the box that the letters are centred in.
    return Box(cell.left + 1.2, cell.top + 3.5, cell.width - 2.4, cell.height - 4.7)


def _address(cell: Box) -> Box:
    """Lines below a caption, a little apart from it."""
    body = cell.inset(1.2, 0.6)
    return body.lower(body.height - 3.7)


class _Slots(NamedTuple):
    """Where the texts and symbols that differ from page to page go."""

    parcel: TextSlot
    sort: TextSlot
    matrix: Box
    name: TextSlot
    name_alone: TextSlot
    phone: TextSlot
    address: TextSlot
    bars: Box
    bars_text: TextSlot
    weight: TextSlot
    reference: TextSlot
    printed: TextSlot
    sender: TextSlot
    returns: TextSlot


@lru_cache(maxsize=16)
def _slots(size: Size) -> _Slots:
    layout = _layout(size)
    receiver = layout.receiver.rightmost(layout.receiver.width - 9).inset(2.2, 1.6)
    first = receiver.upper(7)
    bars, bars_text_mm = layout.bars, 8.0
    return _Slots(
        parcel=text_slot(_value(layout.parcel), 22, 9, align="center", bold=True),
        sort=text_slot(layout.sort.inset(2, 1.5), 50, 14, align="center", bold=True),
        matrix=layout.matrix.inset(0.6, 0.6),
        name=text_slot(first.leftmost(first.width * 0.6), 18, 8, lines=2, bold=True),
        name_alone=text_slot(first, 18, 8, lines=2, bold=True),
        phone=text_slot(first.rightmost(first.width * 0.37), 14, 6, align="right"),
        address=text_slot(receiver.lower(receiver.height - 8.6), 15, 7.5, lines=7, top=True),
        # As tall and as wide as the row allows: belts read bars at speed and at a slant.
        bars=Box(bars.left + 0.5, bars.top + 2.5, bars.width - 1, bars.height - bars_text_mm - 3),
        bars_text=text_slot(bars.inset(2).lower(bars_text_mm), 19, 8, align="center", bold=True),
        weight=text_slot(_value(layout.weight), 14, 7, bold=True),
        reference=text_slot(_value(layout.reference), 13, 6),
        printed=text_slot(layout.printed.inset(1.2, 1), 7, 5, lines=2, align="center"),
        sender=text_slot(_address(layout.sender), 8, 5, lines=7, top=True),
        returns=text_slot(_address(layout.returns), 8, 5, lines=7, top=True),
    )


def _draw(sheet: Sheet, label: WaybillLabel) -> None:
    slots, number = _slots(sheet.size), label.tracking_number
    sheet.write(slots.parcel, f"{label.number}/{label.total}")
    sheet.write(slots.sort, label.sort_code)
    sheet.code(slots.matrix, "tracking_number", label.matrix, number, preferred_mm=0.875)
    sheet.write(slots.name if label.consignee_phone else slots.name_alone, label.consignee_name)
    sheet.write(slots.phone, label.consignee_phone)
    sheet.write(slots.address, label.consignee_lines)
    sheet.code(slots.bars, "tracking_number", "code128", number, preferred_mm=0.5)
    sheet.write(slots.bars_text, label.tracking_text or grouped(number))
    sheet.write(slots.weight, label.weight)
    sheet.write(slots.reference, label.order_reference)
    sheet.write(slots.printed, label.printed_at)
    sheet.write(slots.sender, label.sender_lines)
    sheet.write(slots.returns, label.return_lines)


def grouped(number: str) -> str:
    """A number in groups of four from its end, so that a person can read it aloud."""
    first = len(number) % 4
    groups = [number[:first]] if first else []
    groups += [number[at : at + 4] for at in range(first, len(number), 4)]
    return " ".join(groups)


TEMPLATE = Template("waybill", WaybillLabel, (SIZE_100X150, SIZE_4X6_INCH), _constant_key, _draw_constant, _draw)
