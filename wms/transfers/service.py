"""The two ends of a transfer are tied: its inbound is booked when it left, and settled when that inbound is closed.

Every step is a job after the commit it follows from, and safe to run twice.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.inbound.lots import LotDraft, merged
from wms.inbound.models import Booking
from wms.inbound.rules import CartonDraft, LineDraft
from wms.inbound.service import transferred
from wms.inbound.service.transferred import Sent
from wms.outbound.kinds import transfers
from wms.outbound.models import Order
from wms.outbound.rules import TRANSFER
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.transfers import rules
from wms.transfers.events import TransferBooked, TransferSettled
from wms.transfers.models import TransferLine
from wms.transfers.queries import lines_of, received_units


def book_inbound(order_id: uuid.UUID) -> bool:
    """The receiving warehouse is told what left, parcel by parcel; False where it was taken back or is known already."""
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or order.kind != TRANSFER or order.state != OrderState.SHIPPED.value:
        return False
    target = transfers.goes_to(order.id)
    if target is None:
        return False
    rows = transfers.sent(order.id)
    units: dict[uuid.UUID, int] = defaultdict(int)
    for row in rows:
        units[row.product_id] += row.quantity
    known = transferred.booking_of(order.id)
    if known is not None:
        _sent_again(order.id, units)
        settle(known.id)
        return False
    booking = transferred.book(
        Sent(order.id, order.number, order.owner_id, target.warehouse_id, list(units), _cartons(rows))
    )
    session().add_all([TransferLine(order_id=order.id, product_id=key, sent=sent) for key, sent in units.items()])
    session().flush()
    transfers.unsell_numbers(order.id)
    record(
        TransferBooked(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, booking_id=booking.id,
            units=sum(units.values()),
        )
    )  # fmt: skip
    return True


def _sent_again(order_id: uuid.UUID, units: Mapping[uuid.UUID, int]) -> None:
    """It left once more for a booking that could not be withdrawn (`take_back`): what left now is what was sent."""
    lines = lines_of(order_id)
    for line in lines:
        line.sent = units.get(line.product_id, 0)
    fresh = units.keys() - {line.product_id for line in lines}
    session().add_all([TransferLine(order_id=order_id, product_id=key, sent=units[key]) for key in sorted(fresh)])
    session().flush()


def _cartons(rows: Sequence[Any]) -> list[CartonDraft]:
    """Each parcel as a carton that bears its waybill; `rows` as of `transfers.sent`, parcel by parcel."""
    skus = {key: facts.sku for key, facts in products_by_ids({row.product_id for row in rows}).items()}
    parcels: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        parcels[row.parcel_id].append(row)
    return [
        CartonDraft(
            number, _lines(lots, skus), lots[0].tracking_number, lots[0].weight_g, lots[0].length_mm, lots[0].width_mm,
            lots[0].height_mm,
        )
        for number, lots in enumerate(parcels.values(), 1)
    ]  # fmt: skip


def _lines(rows: Sequence[Any], skus: Mapping[uuid.UUID, str]) -> list[LineDraft]:
    """A line for each product of a parcel, announced with the lots and numbers that were sent."""
    lots: dict[uuid.UUID, list[LotDraft]] = defaultdict(list)
    for row in rows:
        numbers = list(dict.fromkeys(number for told in row.numbers if told for number in told.split("\n")))
        lots[row.product_id].append(LotDraft(row.quantity, row.batch, row.made_on, row.expires_on, numbers))
    return [LineDraft(skus[key], sum(lot.quantity for lot in own), merged(own)) for key, own in lots.items()]


def take_back(order_id: uuid.UUID) -> bool:
    """It came off its load: nothing is on its way. Where the other side has received some of it all the same, that is
    found there; False then.
    """
    if transferred.withdraw(order_id):
        session().execute(delete(TransferLine).where(TransferLine.order_id == order_id))
        return True
    for line in lines_of(order_id):
        line.sent, line.lost, line.found, line.settled_at = 0, 0, 0, None
    session().flush()
    return False


def settle(booking_id: uuid.UUID) -> bool:
    """Write what was lost and what was found, now that the booking of a transfer is closed; False for other bookings, and
    where it is open again: a carton that was given up has turned up.
    """
    booking = lock_one(Rank.DOCUMENT, Booking, booking_id)
    if booking is None or booking.transfer_order_id is None or booking.closed_at is None:
        return False
    order = session().get_one(Order, booking.transfer_order_id)
    lines = {line.product_id: line for line in lines_of(order.id)}
    received = received_units(booking.id)
    differing = rules.settled({key: line.sent for key, line in lines.items()}, received)
    for key, differs in differing.items():
        line = lines.get(key) or TransferLine(order_id=order.id, product_id=key, sent=0)
        line.lost, line.found, line.settled_at = differs.lost, differs.found, clock.now()
        session().add(line)
    session().flush()
    record(
        TransferSettled(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, booking_id=booking.id,
            received=sum(received.values()), lost=sum(each.lost for each in differing.values()),
            found=sum(each.found for each in differing.values()),
        )
    )  # fmt: skip
    return True
